/** Types of values, and the small messages that many others hold. */
import type { Dim, OpsetImport, QuantizationAnnotation, StringEntry, ValueInfo, ValueType } from '../records'
import type { Span } from '../byte-source'
import type { FieldCursor } from './field-cursor'
import { DIM, ELEMENT_TYPE, MAP_TYPE, OPAQUE_TYPE, OPSET_IMPORT, QUANTIZATION_ANNOTATION, SHAPE_DIM, STRING_ENTRY, TENSOR_TYPE, TYPE, VALUE_INFO } from './fields'
import { rememberSpan } from './wire-spans'

/** Fields nobody here knows, on their way into a record. */
export type UnknownList = (Uint8Array | Span)[]

/** Fields of a record that are there only where the file has them. */
type Present<O> = { -readonly [K in keyof O]?: Exclude<O[K], undefined> }

/**
 * Sets those of the optional fields that have a value. Spreading several objects into a literal would say the same, but V8
 * then gives every single object a hidden class of its own, which doubles memory and time of opening a model.
 */
export function withPresent<R extends object, O extends object>(record: R, optional: O): R & Present<O> {
  const made: R & Present<O> = record
  for (const key in optional) if (optional[key] !== undefined) Object.assign(made, { [key]: optional[key] })
  return made
}

export function decodeStringEntry(at: FieldCursor): StringEntry {
  const fields = at.child('StringStringEntryProto')
  let key = ''
  let value = ''
  while (fields.next()) {
    if (fields.field === STRING_ENTRY.key) key = fields.string()
    else if (fields.field === STRING_ENTRY.value) value = fields.string()
  }
  return rememberSpan({ key, value }, at.here())
}

export function decodeOpsetImport(at: FieldCursor): OpsetImport {
  const fields = at.child('OperatorSetIdProto')
  let unknown: UnknownList | undefined
  let domain = ''
  let version = 0
  while (fields.next()) {
    if (fields.field === OPSET_IMPORT.domain) domain = fields.string()
    else if (fields.field === OPSET_IMPORT.version) version = fields.int()
    else (unknown ??= []).push(fields.raw())
  }
  return rememberSpan(withPresent({ domain, version }, { unknown }), at.here())
}

export function decodeQuantizationAnnotation(at: FieldCursor): QuantizationAnnotation {
  const fields = at.child('TensorAnnotation')
  const parameters: StringEntry[] = []
  let unknown: UnknownList | undefined
  let tensorName = ''
  while (fields.next()) {
    if (fields.field === QUANTIZATION_ANNOTATION.tensorName) tensorName = fields.string()
    else if (fields.field === QUANTIZATION_ANNOTATION.parameters) parameters.push(decodeStringEntry(fields))
    else (unknown ??= []).push(fields.raw())
  }
  return rememberSpan(withPresent({ tensorName, parameters }, { unknown }), at.here())
}

export function decodeValueInfo(at: FieldCursor): ValueInfo {
  const fields = at.child('ValueInfoProto')
  let metadata: StringEntry[] | undefined
  let unknown: UnknownList | undefined
  let name = ''
  let type: ValueType | null = null
  let docString: string | undefined
  while (fields.next()) {
    switch (fields.field) {
      case VALUE_INFO.name:
        name = fields.string()
        break
      case VALUE_INFO.type:
        type = decodeType(fields)
        break
      case VALUE_INFO.docString:
        docString = fields.string()
        break
      case VALUE_INFO.metadata:
        (metadata ??= []).push(decodeStringEntry(fields))
        break
      default:
        (unknown ??= []).push(fields.raw())
    }
  }
  return rememberSpan(withPresent({ name, type }, { docString, metadata, unknown }), at.here())
}

/** Null where the message names no type. Denotations are not interpreted; they live on in the type's span. */
export function decodeType(at: FieldCursor): ValueType | null {
  const fields = at.child('TypeProto')
  let type: ValueType | null = null
  while (fields.next()) type = decodeTypeVariant(fields) ?? type
  return type && rememberSpan(type, at.here())
}

function decodeTypeVariant(fields: FieldCursor): ValueType | null {
  switch (fields.field) {
    case TYPE.tensor:
      return decodeTensorType(fields, 'tensor')
    case TYPE.sparseTensor:
      return decodeTensorType(fields, 'sparse-tensor')
    case TYPE.sequence:
      return decodeElementType(fields, 'sequence')
    case TYPE.optional:
      return decodeElementType(fields, 'optional')
    case TYPE.map:
      return decodeMapType(fields)
    case TYPE.opaque:
      return decodeOpaqueType(fields)
    default:
      return null
  }
}

function decodeTensorType(at: FieldCursor, kind: 'tensor' | 'sparse-tensor'): ValueType {
  const fields = at.child('TypeProto.Tensor')
  let dataType = 0
  let shape: Dim[] | undefined
  while (fields.next()) {
    if (fields.field === TENSOR_TYPE.elementType) dataType = fields.int32()
    else if (fields.field === TENSOR_TYPE.shape) shape = decodeShape(fields)
  }
  return { kind, dataType, ...(shape && { shape }) }
}

function decodeElementType(at: FieldCursor, kind: 'sequence' | 'optional'): ValueType {
  const fields = at.child('TypeProto.Sequence')
  let element: ValueType | null = null
  while (fields.next()) if (fields.field === ELEMENT_TYPE) element = decodeType(fields)
  return { kind, element }
}

function decodeMapType(at: FieldCursor): ValueType {
  const fields = at.child('TypeProto.Map')
  let keyType = 0
  let value: ValueType | null = null
  while (fields.next()) {
    if (fields.field === MAP_TYPE.keyType) keyType = fields.int32()
    else if (fields.field === MAP_TYPE.valueType) value = decodeType(fields)
  }
  return { kind: 'map', keyType, value }
}

function decodeOpaqueType(at: FieldCursor): ValueType {
  const fields = at.child('TypeProto.Opaque')
  let domain = ''
  let name = ''
  while (fields.next()) {
    if (fields.field === OPAQUE_TYPE.domain) domain = fields.string()
    else if (fields.field === OPAQUE_TYPE.name) name = fields.string()
  }
  return { kind: 'opaque', domain, name }
}

function decodeShape(at: FieldCursor): Dim[] {
  const fields = at.child('TensorShapeProto')
  const shape: Dim[] = []
  while (fields.next()) if (fields.field === SHAPE_DIM) shape.push(decodeDim(fields))
  return shape
}

/** Sizes that no tensor can have (some exporters write -1) count as unknown. */
function decodeDim(at: FieldCursor): Dim {
  const fields = at.child('TensorShapeProto.Dimension')
  let dim: Dim = null
  while (fields.next()) {
    if (fields.field === DIM.value) {
      const size = fields.int64()
      dim = size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(size)
    } else if (fields.field === DIM.param) dim = fields.string() || null
  }
  return dim
}
