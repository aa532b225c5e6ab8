import type { Attribute, AttributeValue, Graph, SparseTensor, Tensor, ValueType } from '../records'
import { decodeGraph, type DecodeContext } from './decode'
import { decodeSparseTensor, decodeTensor } from './decode-tensor'
import { decodeType, type UnknownList, withUnknown } from './decode-value'
import type { FieldCursor } from './field-cursor'
import { ATTRIBUTE, ATTRIBUTE_TYPES, type AttributeTypeName } from './fields'
import { rememberSpan } from './wire-spans'

const typeNames = Object.keys(ATTRIBUTE_TYPES) as AttributeTypeName[]
const nameByCode = new Map<number, AttributeTypeName>(typeNames.map((name) => [ATTRIBUTE_TYPES[name].code, name]))
const nameByField = new Map<number, AttributeTypeName>(typeNames.map((name) => [ATTRIBUTE_TYPES[name].field, name]))

/**
 * Reads an AttributeProto. Its type stands after its value in the file, so a first walk finds the type. IR version 1
 * had no type field: there the value that is present decides. Values of other types than the attribute's are kept unread.
 */
export function decodeAttribute(at: FieldCursor, context: DecodeContext): Attribute {
  const fields = at.child('AttributeProto')
  const text: { docString?: string; refAttrName?: string } = {}
  let name = ''
  let code: number | null = null
  let present: AttributeTypeName | null = null
  const otherFields = new Set<number>()
  while (fields.next()) {
    switch (fields.field) {
      case ATTRIBUTE.name:
        name = fields.string()
        break
      case ATTRIBUTE.docString:
        text.docString = fields.string()
        break
      case ATTRIBUTE.refAttrName:
        text.refAttrName = fields.string()
        break
      case ATTRIBUTE.type:
        code = fields.int32()
        break
      default:
        present ??= nameByField.get(fields.field) ?? null
        otherFields.add(fields.field)
    }
  }
  const declared = code === null || code === 0 ? present : (nameByCode.get(code) ?? null)
  const unknown: UnknownList = []
  const value = declared === null ? null : readValue(at.child('AttributeProto'), declared, context)
  const read = value ? declared : null
  const readField = read === null ? null : ATTRIBUTE_TYPES[read].field
  const isTypeUnread = read === null && code !== null && code !== 0
  if (isTypeUnread || [...otherFields].some((field) => field !== readField)) {
    if (isTypeUnread) otherFields.add(ATTRIBUTE.type)
    const again = at.child('AttributeProto')
    while (again.next()) if (otherFields.has(again.field) && again.field !== readField) unknown.push(again.raw())
  }
  const attribute: Attribute = { name, ...text, ...(value ?? { type: 'undefined', value: null }), ...withUnknown(unknown) }
  return rememberSpan(attribute, at.here())
}

/** Null where the type asks for a message that is not there (a reference to a function's attribute has none). */
function readValue(fields: FieldCursor, type: AttributeTypeName, context: DecodeContext): AttributeValue | null {
  const values = { floats: [] as number[], ints: [] as bigint[], strings: [] as Uint8Array[] }
  const tensors: Tensor[] = []
  const graphs: Graph[] = []
  const sparse: SparseTensor[] = []
  const types: (ValueType | null)[] = []
  while (fields.next()) {
    if (fields.field !== ATTRIBUTE_TYPES[type].field) continue
    switch (type) {
      case 'float':
      case 'floats':
        fields.floats(values.floats)
        break
      case 'int':
      case 'ints':
        fields.int64s(values.ints)
        break
      case 'string':
      case 'strings':
        values.strings.push(fields.bytes())
        break
      case 'tensor':
      case 'tensors':
        tensors.push(decodeTensor(fields, context.resolveExternal))
        break
      case 'graph':
      case 'graphs':
        graphs.push(decodeGraph(fields, context))
        break
      case 'sparse-tensor':
      case 'sparse-tensors':
        sparse.push(decodeSparseTensor(fields, context.resolveExternal))
        break
      case 'type':
      case 'types':
        types.push(decodeType(fields))
        break
    }
  }
  switch (type) {
    case 'float':
      return { type, value: values.floats.at(-1) ?? 0 }
    case 'int':
      return { type, value: values.ints.at(-1) ?? 0n }
    case 'string':
      return { type, value: values.strings.at(-1) ?? new Uint8Array(0) }
    case 'floats':
      return { type, value: values.floats }
    case 'ints':
      return { type, value: values.ints }
    case 'strings':
      return { type, value: values.strings }
    case 'tensors':
      return { type, value: tensors }
    case 'graphs':
      return { type, value: graphs }
    case 'sparse-tensors':
      return { type, value: sparse }
    case 'types':
      return { type, value: types }
    case 'type':
      return { type, value: types.at(-1) ?? null }
    case 'tensor':
      return one(tensors, (value) => ({ type, value }))
    case 'graph':
      return one(graphs, (value) => ({ type, value }))
    case 'sparse-tensor':
      return one(sparse, (value) => ({ type, value }))
  }
}

function one<T, R>(items: readonly T[], make: (item: T) => R): R | null {
  const last = items.at(-1)
  return last === undefined ? null : make(last)
}
