import type { AttributeView } from '../../ipc/model-view'
import type { Attribute, AttributeValue, Graph, SparseTensor } from '../records'
import type { AttributeSchema } from '../schema/op-schema'
import { float32Text, listText } from './number-text'
import { shortValues } from './short-values'
import { tensorView } from './tensor-view'
import { typeText } from './type-text'

const MAX_TEXT = 400

/** An attribute for people; `schema` is what the operator says of it, null where nobody knows. */
export function attributeView(attribute: Attribute, schema: AttributeSchema | null): AttributeView {
  const { name, type } = attribute
  const view = { name, type, text: attribute.refAttrName ? `@${attribute.refAttrName}` : attributeText(attribute) }
  if (attribute.refAttrName) return view
  if (attribute.type === 'graph') return { ...view, graphIds: [attribute.value.id] }
  if (attribute.type === 'graphs') return { ...view, graphIds: attribute.value.map(({ id }) => id) }
  if (attribute.type === 'tensor') {
    const values = shortValues(attribute.value)
    return { ...view, tensor: { ...tensorView(attribute.value), ...(values !== null && { values }) } }
  }
  return schema?.default && sameValue(attribute, schema.default) ? { ...view, isDefault: true } : view
}

/** The value in words; long ones are cut and say so. */
export function attributeText(attribute: AttributeValue): string {
  switch (attribute.type) {
    case 'float':
      return float32Text(attribute.value)
    case 'int':
      return String(attribute.value)
    case 'string':
      return stringText(attribute.value)
    case 'floats':
      return listText(attribute.value.map(float32Text))
    case 'ints':
      return listText(attribute.value.map(String))
    case 'strings':
      return listText(attribute.value.map(stringText))
    case 'tensor':
      return typeText({ kind: 'tensor', dataType: attribute.value.dataType, shape: attribute.value.dims })
    case 'tensors':
      return listText(attribute.value.map(({ dataType, dims }) => typeText({ kind: 'tensor', dataType, shape: dims })))
    case 'sparse-tensor':
      return sparseText(attribute.value)
    case 'sparse-tensors':
      return listText(attribute.value.map(sparseText))
    case 'graph':
      return graphText(attribute.value)
    case 'graphs':
      return listText(attribute.value.map(graphText))
    case 'type':
      return typeText(attribute.value)
    case 'types':
      return listText(attribute.value.map(typeText))
    case 'undefined':
      return ''
  }
}

function stringText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.length > 4 * MAX_TEXT ? bytes.subarray(0, 4 * MAX_TEXT) : bytes)
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${bytes.length} bytes in all)`
}

function graphText({ name, nodes }: Graph): string {
  return `${name || 'graph'} (${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'})`
}

function sparseText({ values, dims }: SparseTensor): string {
  return typeText({ kind: 'sparse-tensor', dataType: values.dataType, shape: dims })
}

/** Equal in type and text: enough for the short values that defaults are. */
function sameValue(value: AttributeValue, other: AttributeValue): boolean {
  if (value.type !== other.type) return false
  if (Array.isArray(value.value) && Array.isArray(other.value) && value.value.length !== other.value.length) return false
  return attributeText(value) === attributeText(other)
}
