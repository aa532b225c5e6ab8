import type { Attribute, Graph, Tensor } from '../records'
import { typeText } from '../view/type-text'
import { tensorKey } from './tensor-key'

/** Attributes of one key have the same name and value; graphs are told apart by their operators only, tensors by `keyOfTensor`. */
export function attributeKey(attribute: Attribute, keyOfTensor: (tensor: Tensor) => string = tensorKey): string {
  return `${attribute.name}=${attribute.refAttrName ? `@${attribute.refAttrName}` : valueKey(attribute, keyOfTensor)}`
}

function valueKey(attribute: Attribute, keyOfTensor: (tensor: Tensor) => string): string {
  switch (attribute.type) {
    case 'string':
      return new TextDecoder().decode(attribute.value)
    case 'strings':
      return attribute.value.map((value) => new TextDecoder().decode(value)).join('\0')
    case 'tensor':
      return keyOfTensor(attribute.value)
    case 'tensors':
      return attribute.value.map(keyOfTensor).join()
    case 'graph':
      return graphKey(attribute.value)
    case 'graphs':
      return attribute.value.map(graphKey).join()
    case 'sparse-tensor':
      return keyOfTensor(attribute.value.values)
    case 'sparse-tensors':
      return attribute.value.map(({ values }) => keyOfTensor(values)).join()
    case 'type':
      return typeText(attribute.value)
    case 'types':
      return attribute.value.map(typeText).join()
    case 'floats':
    case 'ints':
      return `${attribute.type}${attribute.value.join()}`
    case 'float':
    case 'int':
    case 'undefined':
      return `${attribute.type}${String(attribute.value)}`
  }
}

function graphKey({ nodes }: Graph): string {
  return `{${nodes.map(({ opType }) => opType).join()}}`
}
