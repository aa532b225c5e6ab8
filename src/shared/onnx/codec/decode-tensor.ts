import { WireType } from '@bufbuild/protobuf/wire'
import type { Span } from '../byte-source'
import { dataTypeName, DATA_TYPES } from '../data-type'
import type { SparseTensor, StringEntry, Tensor, TensorData } from '../records'
import { decodeStringEntry, type UnknownList, withPresent } from './decode-value'
import type { FieldCursor } from './field-cursor'
import { LOCATION_EXTERNAL, SPARSE_TENSOR, TENSOR, TYPED_DATA, type TypedDataField } from './fields'
import { rememberSpan } from './wire-spans'

/** Longer raw data stays in the file. Shorter is mostly shapes and scalars, which everybody reads. */
const INLINE_BYTES = 1024

/** Finds the bytes of a tensor kept outside the model file; null where they cannot be had. */
export type ResolveExternal = (entries: readonly StringEntry[], tensor: Pick<Tensor, 'name' | 'dataType' | 'dims'>) => Span | null

interface Chunk {
  readonly span: Span
  readonly packed: boolean
}

const typedFieldNames = new Map<number, TypedDataField>((Object.keys(TYPED_DATA) as TypedDataField[]).map((name) => [TYPED_DATA[name], name]))

/** What TensorProto says about its values, before it is known which of it counts. */
interface FoundData {
  raw: TensorData | null
  strings: Uint8Array[]
  chunks: Map<TypedDataField, Chunk[]>
  external: StringEntry[]
  isExternal: boolean
}

export function decodeTensor(at: FieldCursor, resolveExternal: ResolveExternal): Tensor {
  const fields = at.child('TensorProto')
  const dims: bigint[] = []
  let metadata: StringEntry[] | undefined
  let unknown: UnknownList | undefined
  const found: FoundData = { raw: null, strings: [], chunks: new Map(), external: [], isExternal: false }
  let dataType = 0
  let name = ''
  let docString: string | undefined
  while (fields.next()) {
    switch (fields.field) {
      case TENSOR.dims:
        fields.int64s(dims)
        break
      case TENSOR.dataType:
        dataType = fields.int32()
        break
      case TENSOR.name:
        name = fields.string()
        break
      case TENSOR.docString:
        docString = fields.string()
        break
      case TENSOR.rawData:
        found.raw = rawData(fields)
        break
      case TENSOR.stringData:
        found.strings.push(fields.bytes())
        break
      case TENSOR.externalData:
        found.external.push(decodeStringEntry(fields))
        break
      case TENSOR.dataLocation:
        found.isExternal = fields.int32() === LOCATION_EXTERNAL
        break
      case TENSOR.metadata:
        (metadata ??= []).push(decodeStringEntry(fields))
        break
      default: {
        const typed = typedFieldNames.get(fields.field)
        if (typed) addChunk(found.chunks, typed, fields)
        else (unknown ??= []).push(fields.raw())
      }
    }
  }
  const shape = toDims(dims, at)
  const data = chooseData(found, { name, dataType, dims: shape }, resolveExternal)
  return rememberSpan(withPresent({ name, dataType, dims: shape, data }, { docString, metadata, unknown }), at.here())
}

function toDims(dims: readonly bigint[], at: FieldCursor): number[] {
  const unsafe = dims.find((dim) => dim > BigInt(Number.MAX_SAFE_INTEGER) || dim < BigInt(Number.MIN_SAFE_INTEGER))
  if (unsafe !== undefined) throw at.damage(`a tensor with a dimension of ${unsafe}`)
  return dims.map(Number)
}

function rawData(fields: FieldCursor): TensorData {
  const span = fields.payload()
  return span.length > INLINE_BYTES ? { kind: 'raw', span } : { kind: 'bytes', bytes: fields.bytes() }
}

function addChunk(chunks: Map<TypedDataField, Chunk[]>, name: TypedDataField, fields: FieldCursor): void {
  const list = chunks.get(name) ?? []
  chunks.set(name, list)
  const packed = fields.wireType === WireType.LengthDelimited
  const single = name === 'float_data' ? WireType.Bit32 : name === 'double_data' ? WireType.Bit64 : WireType.Varint
  if (!packed && fields.wireType !== single) throw fields.damage(`wire type ${fields.wireType} in ${name}`)
  const span = packed ? fields.payload() : fields.whole()
  const last = list.at(-1)
  // Unpacked values come one field each: a run of them is one chunk.
  if (!packed && last && !last.packed && last.span.offset + last.span.length === span.offset) {
    list[list.length - 1] = { packed, span: { ...last.span, length: last.span.length + span.length } }
  } else list.push({ packed, span })
}

/** `raw_data` comes before typed fields, the typed field that belongs to the data type before others, as in ONNX's own readers. */
function chooseData(found: FoundData, tensor: Pick<Tensor, 'name' | 'dataType' | 'dims'>, resolveExternal: ResolveExternal): TensorData {
  if (found.isExternal) return { kind: 'external', entries: found.external, resolved: resolveExternal(found.external, tensor) }
  const typeName = dataTypeName(tensor.dataType)
  if (found.strings.length > 0 || typeName === 'string') return { kind: 'strings', values: found.strings }
  if (found.raw) return found.raw
  const expected = typeName === null ? null : DATA_TYPES[typeName].field
  for (const [field, chunks] of found.chunks) if (field === expected || found.chunks.size === 1) return { kind: 'field', field, chunks }
  return { kind: 'bytes', bytes: new Uint8Array(0) }
}

export function decodeSparseTensor(at: FieldCursor, resolveExternal: ResolveExternal): SparseTensor {
  const fields = at.child('SparseTensorProto')
  const dims: bigint[] = []
  let unknown: UnknownList | undefined
  let values: Tensor | null = null
  let indices: Tensor | null = null
  while (fields.next()) {
    if (fields.field === SPARSE_TENSOR.values) values = decodeTensor(fields, resolveExternal)
    else if (fields.field === SPARSE_TENSOR.indices) indices = decodeTensor(fields, resolveExternal)
    else if (fields.field === SPARSE_TENSOR.dims) fields.int64s(dims)
    else (unknown ??= []).push(fields.raw())
  }
  if (!values || !indices) throw at.damage('a sparse tensor without values or indices')
  return rememberSpan(withPresent({ values, indices, dims: toDims(dims, at) }, { unknown }), at.here())
}
