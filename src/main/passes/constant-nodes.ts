/** Values that are known without computing anything: those of Constant nodes and of static shapes. */
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Node, Tensor, ValueType } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'

/** The tensor that a Constant node gives, named `name`; null for sparse values and attribute references. */
export function constantNodeTensor(node: Node, name: string): Tensor | null {
  const [attribute] = node.attributes
  if (node.attributes.length !== 1 || !attribute || attribute.refAttrName) return null
  switch (attribute.type) {
    case 'tensor':
      return { ...attribute.value, name }
    case 'float':
      return rawTensor(name, 'float32', [], bytesOf(Float32Array.of(attribute.value)))
    case 'floats':
      return rawTensor(name, 'float32', [attribute.value.length], bytesOf(Float32Array.from(attribute.value)))
    case 'int':
      return rawTensor(name, 'int64', [], bytesOf(BigInt64Array.of(attribute.value)))
    case 'ints':
      return rawTensor(name, 'int64', [attribute.value.length], bytesOf(BigInt64Array.from(attribute.value)))
    case 'string':
      return { name, dataType: DATA_TYPES.string.code, dims: [], data: { kind: 'strings', values: [attribute.value] } }
    case 'strings':
      return { name, dataType: DATA_TYPES.string.code, dims: [attribute.value.length], data: { kind: 'strings', values: attribute.value } }
    default:
      return null
  }
}

/** What a Shape node gives for an input of this type, named `name`, where every dimension it asks for is a number; else null. */
export function staticShape(node: Node, type: ValueType | null, name: string): Tensor | null {
  if (type?.kind !== 'tensor' || !type.shape) return null
  const bound = (attribute: string) => {
    const found = node.attributes.find((known) => known.name === attribute)
    return found?.type === 'int' ? Number(found.value) : undefined
  }
  const asked = type.shape.slice(bound('start') ?? 0, bound('end'))
  const dims = asked.filter((dim) => typeof dim === 'number')
  if (dims.length < asked.length) return null
  return rawTensor(name, 'int64', [dims.length], bytesOf(BigInt64Array.from(dims, BigInt)))
}
