import type { SparseTensor, Tensor, TensorData } from '../records'
import { copyOr, encodeStringEntry } from './encode-value'
import { LOCATION_EXTERNAL, SPARSE_TENSOR, TENSOR, TYPED_DATA, type TypedDataField } from './fields'
import type { PieceWriter } from './piece-writer'

export function encodeTensor(writer: PieceWriter, field: number, tensor: Tensor): void {
  copyOr(writer, field, tensor, (inner) => {
    // ONNX's own definition has dims unpacked.
    for (const dim of tensor.dims) inner.int64(TENSOR.dims, dim)
    inner.int64(TENSOR.dataType, tensor.dataType)
    if (!isLateField(tensor.data)) encodeTypedData(inner, tensor.data)
    inner.nonEmptyString(TENSOR.name, tensor.name)
    if (tensor.data.kind === 'bytes') inner.bytes(TENSOR.rawData, tensor.data.bytes)
    if (tensor.data.kind === 'raw') inner.bytes(TENSOR.rawData, tensor.data.span)
    if (isLateField(tensor.data)) encodeTypedData(inner, tensor.data)
    inner.optionalString(TENSOR.docString, tensor.docString)
    if (tensor.data.kind === 'external') {
      for (const entry of tensor.data.entries) encodeStringEntry(inner, TENSOR.externalData, entry)
      inner.int64(TENSOR.dataLocation, LOCATION_EXTERNAL)
    }
    for (const entry of tensor.metadata ?? []) encodeStringEntry(inner, TENSOR.metadata, entry)
    for (const unknown of tensor.unknown ?? []) inner.raw(unknown)
  })
}

/** Whether the values' field number comes after the name's. */
function isLateField(data: TensorData): boolean {
  return data.kind === 'field' && TYPED_DATA[data.field as TypedDataField] > TENSOR.name
}

/** Chunks are written in the form, packed or not, in which they were read. */
function encodeTypedData(writer: PieceWriter, data: TensorData): void {
  if (data.kind === 'strings') for (const value of data.values) writer.bytes(TENSOR.stringData, value)
  if (data.kind !== 'field') return
  const field = TYPED_DATA[data.field as TypedDataField]
  for (const { span, packed } of data.chunks) {
    if (packed) writer.bytes(field, span)
    else writer.raw(span)
  }
}

export function encodeSparseTensor(writer: PieceWriter, field: number, sparse: SparseTensor): void {
  copyOr(writer, field, sparse, (inner) => {
    encodeTensor(inner, SPARSE_TENSOR.values, sparse.values)
    encodeTensor(inner, SPARSE_TENSOR.indices, sparse.indices)
    for (const dim of sparse.dims) inner.int64(SPARSE_TENSOR.dims, dim)
    for (const unknown of sparse.unknown ?? []) inner.raw(unknown)
  })
}
