import type { Attribute, AttributeValue, Graph, SparseTensor, Tensor, ValueType } from '../records'
import { decodeGraph, type DecodeContext } from './decode'
import { decodeSparseTensor, decodeTensor } from './decode-tensor'
import { decodeType, type UnknownList, withPresent } from './decode-value'
import type { FieldCursor } from './field-cursor'
import { ATTRIBUTE, ATTRIBUTE_TYPES, type AttributeTypeName } from './fields'
import { rememberSpan } from './wire-spans'

const typeNames = Object.keys(ATTRIBUTE_TYPES) as AttributeTypeName[]
const nameByCode = new Map<number, AttributeTypeName>(typeNames.map((name) => [ATTRIBUTE_TYPES[name].code, name]))
const nameByField = new Map<number, AttributeTypeName>(typeNames.map((name) => [ATTRIBUTE_TYPES[name].field, name]))

interface Text {
  name: string
  docString: string | undefined
  refAttrName: string | undefined
}

function noText(): Text {
  return { name: '', docString: undefined, refAttrName: undefined }
}

/**
 * Reads an AttributeProto. Its type stands after its value in the file, but every type has a field of its own, so the
 * first value seen is read as what its field says. Where the declared type differs (or there are values of several
 * types), the attribute is read again for the declared one, and the others are kept raw. IR version 1 had no type field:
 * there the value that is present decides.
 */
export function decodeAttribute(at: FieldCursor, context: DecodeContext): Attribute {
  const { nextNodeId, nextGraphId } = context
  const fields = at.child('AttributeProto')
  const text = noText()
  let value: ValueList | null = null
  let code = 0
  let isPlain = true
  while (fields.next()) {
    if (readText(fields, text)) continue
    if (fields.field === ATTRIBUTE.type) {
      code = fields.int32()
      continue
    }
    const type = nameByField.get(fields.field)
    if (type === undefined || (value && value.type !== type)) isPlain = false
    else {
      value ??= { type, items: [] } as ValueList
      readItem(fields, value, context)
    }
  }
  const declared = code === 0 ? (value?.type ?? null) : (nameByCode.get(code) ?? null)
  if (!isPlain || (code !== 0 && declared === null) || (value && value.type !== declared)) {
    // Ids given to nodes of subgraphs just read are given again.
    Object.assign(context, { nextNodeId, nextGraphId })
    return rereadAttribute(at, { text, declared, code }, context)
  }
  const made = declared === null ? null : finish(value ?? ({ type: declared, items: [] }))
  if (!made && code !== 0) return rereadAttribute(at, { text, declared: null, code }, context)
  return rememberSpan(makeAttribute(text, made, undefined), at.here())
}

function readText(fields: FieldCursor, text: Text): boolean {
  if (fields.field === ATTRIBUTE.name) text.name = fields.string()
  else if (fields.field === ATTRIBUTE.docString) text.docString = fields.string()
  else if (fields.field === ATTRIBUTE.refAttrName) text.refAttrName = fields.string()
  else return false
  return true
}

/** Takes the values of the declared type and keeps all other fields as they are, a type that is not understood included. */
function rereadAttribute(at: FieldCursor, { text, declared, code }: { text: Text; declared: AttributeTypeName | null; code: number }, context: DecodeContext): Attribute {
  const fields = at.child('AttributeProto')
  const value = declared === null ? null : ({ type: declared, items: [] } as ValueList)
  const unknown: UnknownList = []
  const valueField = declared === null ? null : ATTRIBUTE_TYPES[declared].field
  while (fields.next()) {
    if (value && fields.field === valueField) readItem(fields, value, context)
    else if (fields.field !== ATTRIBUTE.type && !readText(fields, noText())) unknown.push(fields.raw())
  }
  const made = value && finish(value)
  // Nothing holds the type then but its own field.
  if (!made && code !== 0) unknown.push(...rawTypeFields(at))
  return rememberSpan(makeAttribute(text, made, unknown.length > 0 ? unknown : undefined), at.here())
}

function makeAttribute({ name, docString, refAttrName }: Text, made: AttributeValue | null, unknown: UnknownList | undefined): Attribute {
  const { type, value } = made ?? { type: 'undefined', value: null }
  return withPresent({ name, type, value }, { docString, refAttrName, unknown }) as Attribute
}

function rawTypeFields(at: FieldCursor): UnknownList {
  const fields = at.child('AttributeProto')
  const raw: UnknownList = []
  while (fields.next()) if (fields.field === ATTRIBUTE.type) raw.push(fields.raw())
  return raw
}

/** Values of one type as they are met; of single types the last one counts, as in protobuf. */
type ValueList =
  | { readonly type: 'float' | 'floats'; readonly items: number[] }
  | { readonly type: 'int' | 'ints'; readonly items: bigint[] }
  | { readonly type: 'string' | 'strings'; readonly items: Uint8Array[] }
  | { readonly type: 'tensor' | 'tensors'; readonly items: Tensor[] }
  | { readonly type: 'graph' | 'graphs'; readonly items: Graph[] }
  | { readonly type: 'sparse-tensor' | 'sparse-tensors'; readonly items: SparseTensor[] }
  | { readonly type: 'type' | 'types'; readonly items: (ValueType | null)[] }

function readItem(fields: FieldCursor, { type, items }: ValueList, context: DecodeContext): void {
  switch (type) {
    case 'float':
    case 'floats':
      return fields.floats(items)
    case 'int':
    case 'ints':
      return fields.int64s(items)
    case 'string':
    case 'strings':
      return void items.push(fields.bytes())
    case 'tensor':
    case 'tensors':
      return void items.push(decodeTensor(fields, context.resolveExternal))
    case 'graph':
    case 'graphs':
      return void items.push(decodeGraph(fields, context))
    case 'sparse-tensor':
    case 'sparse-tensors':
      return void items.push(decodeSparseTensor(fields, context.resolveExternal))
    case 'type':
    case 'types':
      return void items.push(decodeType(fields))
  }
}

/** Null where the type asks for a message that is not there (a reference to a function's attribute has none). */
function finish(list: ValueList): AttributeValue | null {
  switch (list.type) {
    case 'float':
      return { type: list.type, value: list.items.at(-1) ?? 0 }
    case 'int':
      return { type: list.type, value: list.items.at(-1) ?? 0n }
    case 'string':
      return { type: list.type, value: list.items.at(-1) ?? new Uint8Array(0) }
    case 'type':
      return { type: list.type, value: list.items.at(-1) ?? null }
    case 'tensor': {
      const value = list.items.at(-1)
      return value ? { type: list.type, value } : null
    }
    case 'graph': {
      const value = list.items.at(-1)
      return value ? { type: list.type, value } : null
    }
    case 'sparse-tensor': {
      const value = list.items.at(-1)
      return value ? { type: list.type, value } : null
    }
    default:
      return { type: list.type, value: list.items.slice() } as AttributeValue
  }
}
