/**
 * The header of NumPy's `.npy` format, versions 1 to 3 (numpy/lib/format.py), and the samples behind it.
 *
 * A reader of our own because npm's parse a whole buffer at once: calibration sets are larger than memory, and what is
 * needed here is the header alone, then one sample after the other, in either byte order.
 */
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { StreamReader } from './stream-reader'

export interface NpyHeader {
  /** TensorProto.DataType code. */
  readonly dataType: number
  readonly dims: readonly number[]
  /** Width of an element in the file; for strings the whole fixed-width field. */
  readonly itemBytes: number
  readonly bigEndian: boolean
  /** How a string element is stored: four-byte code points, or bytes. */
  readonly text: 'unicode' | 'bytes' | null
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
const MAX_HEADER_BYTES = 1 << 20

const TYPES: Readonly<Record<string, number>> = {
  f2: DATA_TYPES.float16.code,
  f4: DATA_TYPES.float32.code,
  f8: DATA_TYPES.float64.code,
  i1: DATA_TYPES.int8.code,
  i2: DATA_TYPES.int16.code,
  i4: DATA_TYPES.int32.code,
  i8: DATA_TYPES.int64.code,
  u1: DATA_TYPES.uint8.code,
  u2: DATA_TYPES.uint16.code,
  u4: DATA_TYPES.uint32.code,
  u8: DATA_TYPES.uint64.code,
  b1: DATA_TYPES.bool.code,
  c8: DATA_TYPES.complex64.code,
  c16: DATA_TYPES.complex128.code,
}

/** Throws AppError `invalid-data`, naming `label`, where this is no array that a model could be fed with. */
export async function readNpyHeader(reader: StreamReader, label: string): Promise<NpyHeader> {
  const start = await reader.read(8)
  if (MAGIC.some((byte, at) => start[at] !== byte)) throw invalid(label, 'is not a NumPy .npy array')
  const major = start[6] ?? 0
  if (major < 1 || major > 3) throw invalid(label, `has the unknown .npy version ${major}`)
  const lengthField = await reader.read(major === 1 ? 2 : 4)
  const view = new DataView(lengthField.buffer)
  const headerBytes = major === 1 ? view.getUint16(0, true) : view.getUint32(0, true)
  if (headerBytes > MAX_HEADER_BYTES) throw invalid(label, 'has a damaged .npy header')
  return parseHeader(new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(await reader.read(headerBytes)), label)
}

/** The header is a Python dictionary of exactly three keys. */
function parseHeader(text: string, label: string): NpyHeader {
  const described = /'descr': *(?:'([^']*)'|(\[))/.exec(text)
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1]
  const shape = /'shape': *\(([\d, L]*)\)/.exec(text)?.[1]
  if (!described || order === undefined || shape === undefined) throw invalid(label, 'has a damaged .npy header')
  if (described[2] !== undefined) throw invalid(label, 'holds records with named fields', 'Save each field as an array of its own.')
  const dims = shape.split(',').map((part) => part.trim().replace(/L$/, '')).filter((part) => part !== '').map(Number)
  if (!dims.every(Number.isSafeInteger) || !Number.isSafeInteger(dims.reduce((a, b) => a * b, 1))) throw invalid(label, 'has absurd dimensions')
  if (order === 'True' && dims.filter((dim) => dim > 1).length > 1) {
    throw invalid(label, 'is stored in Fortran (column-major) order, in which samples are not contiguous', 'Save it with numpy.save(file, numpy.ascontiguousarray(array)).')
  }
  return { dims, ...parseType(described[1] ?? '', label) }
}

function parseType(descriptor: string, label: string): Omit<NpyHeader, 'dims'> {
  const parts = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descriptor)
  const [, byteOrder, kind = '', width = ''] = parts ?? []
  const bigEndian = byteOrder === '>'
  if (kind === 'U') return { dataType: DATA_TYPES.string.code, itemBytes: 4 * Number(width), bigEndian, text: 'unicode' }
  if (kind === 'S') return { dataType: DATA_TYPES.string.code, itemBytes: Number(width), bigEndian, text: 'bytes' }
  if (kind === 'O') throw invalid(label, 'holds Python objects', 'Save numbers or fixed-width strings, not objects.')
  const dataType = TYPES[`${kind}${width}`]
  if (dataType === undefined) throw invalid(label, `has the element type '${descriptor}', which ONNX does not have`)
  return { dataType, itemBytes: Number(width), bigEndian, text: null }
}

/** Elements in little-endian order, in place. */
export function toLittleEndian(header: NpyHeader, bytes: Uint8Array): void {
  if (!header.bigEndian) return
  const isComplex = header.dataType === DATA_TYPES.complex64.code || header.dataType === DATA_TYPES.complex128.code
  const width = header.text === 'unicode' ? 4 : header.text === 'bytes' ? 1 : isComplex ? header.itemBytes / 2 : header.itemBytes
  if (width === 1) return
  for (let at = 0; at < bytes.byteLength; at += width) bytes.subarray(at, at + width).reverse()
}

const LAST_CODE_POINT = 0x10ffff

/** The strings of little-endian fixed-width fields; NumPy pads them with zeros. What is no code point becomes U+FFFD. */
export function npyStrings(header: NpyHeader, bytes: Uint8Array): string[] {
  const count = header.itemBytes === 0 ? 0 : bytes.byteLength / header.itemBytes
  return Array.from({ length: count }, (_, at) => {
    const field = bytes.subarray(at * header.itemBytes, (at + 1) * header.itemBytes)
    if (header.text === 'bytes') return new TextDecoder().decode(field).replace(/\0+$/, '')
    const view = new DataView(field.buffer, field.byteOffset, field.byteLength)
    let text = ''
    for (let offset = 0; offset < field.byteLength; offset += 4) {
      const point = view.getUint32(offset, true)
      text += point > LAST_CODE_POINT ? '\ufffd' : String.fromCodePoint(point)
    }
    return text.replace(/\0+$/, '')
  })
}

function invalid(label: string, what: string, hint?: string): AppError {
  return new AppError({ code: 'invalid-data', message: `${label} ${what}.`, ...(hint !== undefined && { hint }) })
}
