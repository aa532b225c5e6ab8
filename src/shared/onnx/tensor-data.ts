/** The values of tensors, wherever they are stored, as bytes and as numbers. Little-endian hosts only, as everywhere in ONNX. */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { AppError } from '../errors'
import { readSpan } from './byte-source'
import { DATA_TYPES, dataTypeLabel, dataTypeName, type DataTypeName, rawByteLength } from './data-type'
import { leavesFolder, parseExternalEntries } from './external-location'
import type { Tensor, TensorData } from './records'
import { smallFloatTable } from './small-floats'

export type TensorNumbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** Product of the dimensions; 1 for a scalar. Throws `invalid-model` where a dimension is negative or the product is not a safe integer. */
export function elementCount(tensor: Pick<Tensor, 'name' | 'dims'>): number {
  let count = 1
  for (const dim of tensor.dims) {
    count *= dim
    if (dim < 0 || !Number.isSafeInteger(count)) throw badTensor(tensor, `has impossible dimensions [${tensor.dims.join(', ')}]`)
  }
  return count
}

/** Bytes the values take in raw form (for strings: the sum of their bytes), whatever form they are stored in. Reads no data. */
export function tensorSizeBytes(tensor: Tensor): number {
  if (tensor.data.kind === 'strings') return tensor.data.values.reduce((sum, value) => sum + value.length, 0)
  return rawByteLength(tensor.dataType, elementCount(tensor)) ?? storedBytes(tensor.data)
}

function storedBytes(data: TensorData): number {
  switch (data.kind) {
    case 'bytes':
      return data.bytes.length
    case 'raw':
      return data.span.length
    case 'external':
      return data.resolved?.length ?? 0
    case 'field':
      return data.chunks.reduce((sum, { span }) => sum + span.length, 0)
    case 'strings':
      return data.values.length
  }
}

/**
 * Raw little-endian values, row-major; elements of less than a byte are packed, low bits first. A view where the storage
 * allows it: do not write to it.
 *
 * Throws `invalid-model` where the data does not match dimensions and type, `not-supported` for strings,
 * `not-found` or `path-escapes-folder` where external data could not be had.
 */
export function tensorBytes(tensor: Tensor): Uint8Array {
  if (tensor.data.kind === 'strings') throw new AppError({ code: 'not-supported', message: `Tensor '${tensor.name}' holds texts, not numbers.` })
  const count = elementCount(tensor)
  const expected = rawByteLength(tensor.dataType, count)
  const bytes = tensor.data.kind === 'field' ? fieldBytes(tensor, tensor.data) : storedRaw(tensor, tensor.data)
  if (expected !== null && bytes.length !== expected) {
    throw badTensor(tensor, `holds ${bytes.length} bytes, but [${tensor.dims.join(', ')}] of ${dataTypeLabel(tensor.dataType)} takes ${expected}`)
  }
  return bytes
}

function storedRaw(tensor: Tensor, data: Exclude<TensorData, { kind: 'field' | 'strings' }>): Uint8Array {
  if (data.kind === 'bytes') return data.bytes
  if (data.kind === 'raw') return readSpan(data.span)
  if (data.resolved) return readSpan(data.resolved)
  const location = parseExternalEntries(data.entries)?.location
  if (location !== undefined && leavesFolder(location)) {
    throw new AppError({ code: 'path-escapes-folder', message: `Tensor '${tensor.name}' names a file outside the model's folder: '${location}'. It was not read.` })
  }
  throw new AppError({
    code: 'not-found',
    message: `The values of tensor '${tensor.name}' are missing: ${location === undefined ? 'the model does not say where they are' : `'${location}' was not found beside the model or is too short`}.`,
    hint: 'Put the data file beside the model and open it again.',
  })
}

type FieldData = Extract<TensorData, { kind: 'field' }>

/** Decodes a typed field into the bytes that `raw_data` would hold. */
function fieldBytes(tensor: Tensor, data: FieldData): Uint8Array {
  const typeName = dataTypeName(tensor.dataType)
  if (typeName === null || DATA_TYPES[typeName].field !== data.field) throw badTensor(tensor, `is ${dataTypeLabel(tensor.dataType)}, but its values are in ${data.field}`)
  const isFixed = data.field === 'float_data' || data.field === 'double_data'
  const [only] = data.chunks
  if (isFixed && only?.packed && data.chunks.length === 1) return readSpan(only.span)
  const size = rawByteLength(tensor.dataType, elementCount(tensor)) ?? 0
  // Every value takes at least a byte in the file, so a wrong shape cannot ask for more memory than the file has values.
  const stored = data.chunks.reduce((sum, { span }) => sum + span.length, 0)
  const width = data.field === 'double_data' ? 8 : data.field === 'float_data' ? 4 : Math.max(1, DATA_TYPES[typeName].bits / 8)
  if (size > stored * width) throw badTensor(tensor, `holds fewer values than [${tensor.dims.join(', ')}] has`)
  const bytes = new Uint8Array(size)
  try {
    return bytes.subarray(0, decodeChunks(tensor, data, { into: bytes, width }))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError({ code: 'invalid-model', message: `The values of tensor '${tensor.name}' are damaged.` }, { cause: error })
  }
}

/** Returns how many bytes the values took. */
function decodeChunks(tensor: Tensor, data: FieldData, { into, width }: { into: Uint8Array; width: number }): number {
  const view = new DataView(into.buffer)
  let at = 0
  for (const { span, packed } of data.chunks) {
    const reader = new BinaryReader(readSpan(span))
    while (reader.pos < reader.len) {
      if (!packed) reader.uint32()
      if (at + width > into.length) throw badTensor(tensor, `holds more values than [${tensor.dims.join(', ')}] has`)
      writeValue(reader, view, at, { field: data.field, width })
      at += width
    }
  }
  return at
}

function writeValue(reader: BinaryReader, view: DataView, at: number, { field, width }: { field: string; width: number }): void {
  if (field === 'float_data') view.setUint32(at, reader.fixed32(), true)
  else if (field === 'double_data') view.setFloat64(at, reader.double(), true)
  else if (width === 8) view.setBigInt64(at, BigInt(reader.int64()), true)
  else if (width === 4) view.setInt32(at, reader.int32(), true)
  else if (width === 2) view.setInt16(at, reader.int32(), true)
  else view.setInt8(at, reader.int32())
}

/**
 * The values as numbers, row-major, in the narrowest array that holds them exactly: float16, bfloat16, float8, float4 as
 * Float32Array; bool, uint4 and uint2 as Uint8Array; int4 and int2 as Int8Array; (u)int64 as big integers; complex
 * numbers as pairs of real and imaginary part. May be a view: do not write to it.
 *
 * Throws as `tensorBytes` does, and `not-supported` for data types we do not know.
 */
export function tensorNumbers(tensor: Tensor): TensorNumbers {
  const bytes = tensorBytes(tensor)
  const name = dataTypeName(tensor.dataType)
  if (name === null) throw new AppError({ code: 'not-supported', message: `Tensor '${tensor.name}' has data type ${dataTypeLabel(tensor.dataType)}, which we cannot read.` })
  return numbersFromBytes(name, bytes, elementCount(tensor))
}

/** The same for values that are in no tensor record. `bytes` must hold `count` values. */
export function numbersFromBytes(dataType: DataTypeName, bytes: Uint8Array, count: number): TensorNumbers {
  switch (dataType) {
    case 'float32':
    case 'complex64':
      return typed(Float32Array, bytes)
    case 'float64':
    case 'complex128':
      return typed(Float64Array, bytes)
    case 'uint8':
    case 'bool':
      return bytes
    case 'int8':
      return typed(Int8Array, bytes)
    case 'uint16':
      return typed(Uint16Array, bytes)
    case 'int16':
      return typed(Int16Array, bytes)
    case 'int32':
      return typed(Int32Array, bytes)
    case 'uint32':
      return typed(Uint32Array, bytes)
    case 'int64':
      return typed(BigInt64Array, bytes)
    case 'uint64':
      return typed(BigUint64Array, bytes)
    case 'float16':
    case 'bfloat16':
      return lookUp(typed(Uint16Array, bytes), smallFloatTable(dataType))
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
      return lookUp(bytes, smallFloatTable(dataType))
    case 'float4e2m1':
      return lookUp(unpackBits(bytes, count, 4), smallFloatTable(dataType))
    case 'uint4':
      return unpackBits(bytes, count, 4)
    case 'uint2':
      return unpackBits(bytes, count, 2)
    case 'int4':
      return Int8Array.from(unpackBits(bytes, count, 4), (code) => (code << 28) >> 28)
    case 'int2':
      return Int8Array.from(unpackBits(bytes, count, 2), (code) => (code << 30) >> 30)
    case 'string':
    case 'undefined':
      throw new AppError({ code: 'not-supported', message: `Values of type ${dataType} are not numbers.` })
  }
}

/**
 * The values for numeric work: Float32Array where float32 holds every value of the type exactly, Float64Array for
 * (u)int32, (u)int64 (rounded beyond 2^53) and float64. Throws as `tensorNumbers` does.
 */
export function tensorFloats(tensor: Tensor): Float32Array | Float64Array {
  const numbers = tensorNumbers(tensor)
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) return numbers
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) return Float64Array.from(numbers, Number)
  if (numbers instanceof Int32Array || numbers instanceof Uint32Array) return Float64Array.from(numbers)
  return Float32Array.from(numbers)
}

/** The values of a string tensor, read as UTF-8. Throws `not-supported` for other tensors. */
export function tensorStrings(tensor: Tensor): string[] {
  if (tensor.data.kind !== 'strings') throw new AppError({ code: 'not-supported', message: `Tensor '${tensor.name}' holds no texts.` })
  const utf8 = new TextDecoder()
  return tensor.data.values.map((value) => utf8.decode(value))
}

/** A tensor with its values in memory. `bytes` as `tensorBytes` gives them; kept, not copied. */
export function rawTensor(name: string, dataType: DataTypeName, dims: readonly number[], bytes: Uint8Array): Tensor {
  const tensor: Tensor = { name, dataType: DATA_TYPES[dataType].code, dims, data: { kind: 'bytes', bytes } }
  if (bytes.length !== rawByteLength(tensor.dataType, elementCount(tensor))) {
    throw new Error(`internal: ${bytes.length} bytes for '${name}', [${dims.join(', ')}] of ${dataType}`)
  }
  return tensor
}

/** The raw bytes of a typed array, without a copy. */
export function bytesOf(numbers: TensorNumbers): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

interface TypedArrayConstructor<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T
}

/** A view where the bytes are aligned, else a view of a copy. */
function typed<T>(Type: TypedArrayConstructor<T>, bytes: Uint8Array): T {
  // Not slice(): a Node Buffer's gives another view of the same memory.
  const aligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes)
  return new Type(aligned.buffer, aligned.byteOffset, aligned.byteLength / Type.BYTES_PER_ELEMENT)
}

function lookUp(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(codes.length)
  for (let at = 0; at < codes.length; at++) values[at] = table[codes[at] ?? 0] ?? NaN
  return values
}

function unpackBits(bytes: Uint8Array, count: number, bits: 2 | 4): Uint8Array {
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  const codes = new Uint8Array(count)
  for (let at = 0; at < count; at++) codes[at] = ((bytes[Math.floor(at / perByte)] ?? 0) >>> ((at % perByte) * bits)) & mask
  return codes
}

function badTensor(tensor: Pick<Tensor, 'name'>, what: string): AppError {
  return new AppError({ code: 'invalid-model', message: `Tensor '${tensor.name}' ${what}.` })
}
