import type { Attribute } from '../records'
import { encodeGraph, isGraphIntact } from './encode'
import { encodeSparseTensor, encodeTensor } from './encode-tensor'
import { copyOr, encodeType } from './encode-value'
import { ATTRIBUTE, ATTRIBUTE_TYPES } from './fields'
import type { PieceWriter } from './piece-writer'

/** False where a graph within the attribute changed. */
export function isAttributeIntact(attribute: Attribute): boolean {
  if (attribute.type === 'graph') return isGraphIntact(attribute.value)
  return attribute.type !== 'graphs' || attribute.value.every(isGraphIntact)
}

export function encodeAttribute(writer: PieceWriter, field: number, attribute: Attribute): void {
  if (isAttributeIntact(attribute)) copyOr(writer, field, attribute, (inner) => encodeFields(inner, attribute))
  else writer.message(field, (inner) => encodeFields(inner, attribute))
}

function encodeFields(writer: PieceWriter, attribute: Attribute): void {
  writer.string(ATTRIBUTE.name, attribute.name)
  const takesValueFromFunction = attribute.refAttrName !== undefined && attribute.refAttrName !== ''
  if (!takesValueFromFunction && !isLateField(attribute)) encodeValue(writer, attribute)
  writer.optionalString(ATTRIBUTE.docString, attribute.docString)
  if (!takesValueFromFunction && (attribute.type === 'type' || attribute.type === 'types')) encodeValue(writer, attribute)
  if (attribute.type !== 'undefined') writer.int64(ATTRIBUTE.type, ATTRIBUTE_TYPES[attribute.type].code)
  writer.optionalString(ATTRIBUTE.refAttrName, attribute.refAttrName)
  if (!takesValueFromFunction && (attribute.type === 'sparse-tensor' || attribute.type === 'sparse-tensors')) encodeValue(writer, attribute)
  for (const unknown of attribute.unknown ?? []) writer.raw(unknown)
}

/** Whether the value's field number comes after the doc string's. */
function isLateField({ type }: Attribute): boolean {
  return type === 'type' || type === 'types' || type === 'sparse-tensor' || type === 'sparse-tensors'
}

function encodeValue(writer: PieceWriter, attribute: Attribute): void {
  if (attribute.type === 'undefined') return
  const { field } = ATTRIBUTE_TYPES[attribute.type]
  switch (attribute.type) {
    case 'float':
      return writer.float(field, attribute.value)
    case 'int':
      return writer.int64(field, attribute.value)
    case 'string':
      return writer.bytes(field, attribute.value)
    case 'tensor':
      return encodeTensor(writer, field, attribute.value)
    case 'graph':
      return encodeGraph(writer, field, attribute.value)
    case 'sparse-tensor':
      return encodeSparseTensor(writer, field, attribute.value)
    case 'type':
      return encodeType(writer, field, attribute.value)
    case 'floats':
      return attribute.value.forEach((value) => writer.float(field, value))
    case 'ints':
      return attribute.value.forEach((value) => writer.int64(field, value))
    case 'strings':
      return attribute.value.forEach((value) => writer.bytes(field, value))
    case 'tensors':
      return attribute.value.forEach((value) => encodeTensor(writer, field, value))
    case 'graphs':
      return attribute.value.forEach((value) => encodeGraph(writer, field, value))
    case 'sparse-tensors':
      return attribute.value.forEach((value) => encodeSparseTensor(writer, field, value))
    case 'types':
      return attribute.value.forEach((value) => encodeType(writer, field, value))
  }
}
