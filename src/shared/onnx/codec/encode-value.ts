import type { Dim, StringEntry, ValueInfo, ValueType } from '../records'
import { DIM, ELEMENT_TYPE, MAP_TYPE, OPAQUE_TYPE, SHAPE_DIM, STRING_ENTRY, TENSOR_TYPE, TYPE, VALUE_INFO } from './fields'
import type { PieceWriter } from './piece-writer'
import { recallSpan } from './wire-spans'

/** Writes a record as the field `field`: the bytes it was read from, or, where it is new, what `fill` writes. */
export function copyOr(writer: PieceWriter, field: number, record: object, fill: (inner: PieceWriter) => void): void {
  const read = recallSpan(record)
  if (!read) {
    writer.message(field, fill)
  } else if (read.field === field) {
    writer.raw({ source: read.source, offset: read.offset, length: read.end - read.offset })
  } else {
    // Moved: an input that became an output, say. Its payload is as good there.
    writer.bytes(field, { source: read.source, offset: read.payloadOffset, length: read.end - read.payloadOffset })
  }
}

export function encodeStringEntry(writer: PieceWriter, field: number, entry: StringEntry): void {
  copyOr(writer, field, entry, (inner) => {
    inner.string(STRING_ENTRY.key, entry.key)
    inner.string(STRING_ENTRY.value, entry.value)
  })
}

export function encodeValueInfo(writer: PieceWriter, field: number, value: ValueInfo): void {
  copyOr(writer, field, value, (inner) => {
    inner.string(VALUE_INFO.name, value.name)
    if (value.type) encodeType(inner, VALUE_INFO.type, value.type)
    inner.optionalString(VALUE_INFO.docString, value.docString)
    for (const entry of value.metadata ?? []) encodeStringEntry(inner, VALUE_INFO.metadata, entry)
    for (const unknown of value.unknown ?? []) inner.raw(unknown)
  })
}

/** `null` is a TypeProto that names no type. */
export function encodeType(writer: PieceWriter, field: number, type: ValueType | null): void {
  if (type) copyOr(writer, field, type, (inner) => encodeTypeVariant(inner, type))
  else writer.message(field, () => {})
}

function encodeTypeVariant(writer: PieceWriter, type: ValueType): void {
  switch (type.kind) {
    case 'tensor':
    case 'sparse-tensor':
      writer.message(type.kind === 'tensor' ? TYPE.tensor : TYPE.sparseTensor, (inner) => {
        inner.int64(TENSOR_TYPE.elementType, type.dataType)
        const { shape } = type
        if (shape) inner.message(TENSOR_TYPE.shape, (dims) => shape.forEach((dim) => encodeDim(dims, dim)))
      })
      return
    case 'sequence':
    case 'optional':
      writer.message(type.kind === 'sequence' ? TYPE.sequence : TYPE.optional, (inner) => {
        if (type.element) encodeType(inner, ELEMENT_TYPE, type.element)
      })
      return
    case 'map':
      writer.message(TYPE.map, (inner) => {
        inner.int64(MAP_TYPE.keyType, type.keyType)
        if (type.value) encodeType(inner, MAP_TYPE.valueType, type.value)
      })
      return
    case 'opaque':
      writer.message(TYPE.opaque, (inner) => {
        inner.nonEmptyString(OPAQUE_TYPE.domain, type.domain)
        inner.nonEmptyString(OPAQUE_TYPE.name, type.name)
      })
  }
}

function encodeDim(writer: PieceWriter, dim: Dim): void {
  writer.message(SHAPE_DIM, (inner) => {
    if (typeof dim === 'number') inner.int64(DIM.value, dim)
    else if (dim !== null) inner.string(DIM.param, dim)
  })
}
