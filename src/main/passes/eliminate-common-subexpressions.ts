import { z } from 'zod'
import { sameDomain, type Edit } from '#shared/onnx/document'
import type { Attribute, Graph, Node, Tensor } from '#shared/onnx/records'
import { tensorBytes } from '#shared/onnx/tensor-data'
import { constantTensor, isInFunction, isReadable, tensorByteLength } from './constants'
import { definePass } from './pass'

/** They give another value each time. */
const NOT_REPEATABLE = new Set(['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Multinomial', 'Bernoulli', 'Dropout'])

export const eliminateCommonSubexpressions = definePass({
  name: 'eliminate-common-subexpressions',
  title: 'Merge what is equal',
  description: 'Keeps one of several nodes that compute the same from the same values, and one of several equal constants.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit, _, context) {
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      context.signal.throwIfAborted()
      mergeInitializers(edit, graph)
      mergeNodes(edit, graph)
    }
  },
})

function mergeInitializers(edit: Edit, graph: Graph): void {
  const groups = new Map<string, Tensor[]>()
  const given = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name))
  for (const tensor of [...graph.initializers]) {
    if (given.has(tensor.name) || tensor.data.kind === 'strings' || !isReadable(tensor) || constantTensor(edit.document, graph, tensor.name) !== tensor) continue
    const key = `${tensor.dataType} ${tensor.dims.join()} ${tensorByteLength(tensor)}`
    const group = groups.get(key)
    // Bytes are compared only among tensors of one type and shape.
    const same = group?.find((other) => Buffer.compare(tensorBytes(other), tensorBytes(tensor)) === 0)
    if (same) {
      edit.replaceUses(graph, tensor.name, same.name)
      edit.removeInitializer(graph, tensor.name)
    } else if (group) group.push(tensor)
    else groups.set(key, [tensor])
  }
}

function mergeNodes(edit: Edit, graph: Graph): void {
  const known = new Map<string, Node>()
  const given = new Set(graph.outputs.map(({ name }) => name))
  for (const { id } of [...graph.nodes]) {
    const node = edit.document.index(graph).nodes.get(id)
    const key = node ? keyOf(node) : null
    if (!node || key === null) continue
    const same = known.get(key)
    if (!same) known.set(key, node)
    // A name that the graph gives out must stay.
    else if (!node.outputs.some((name) => given.has(name))) {
      node.outputs.forEach((name, at) => name !== '' && edit.replaceUses(graph, name, same.outputs[at] ?? ''))
      edit.removeNode(graph, node)
      edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => !node.outputs.includes(name)) })
    }
  }
}

/** Equal for nodes that compute the same; null for those that may not, or whose attributes are tensors or graphs. */
function keyOf({ opType, domain, overload = '', inputs, outputs, attributes }: Node): string | null {
  if (NOT_REPEATABLE.has(opType) || !sameDomain(domain, '')) return null
  const described = attributes.map(attributeKey)
  if (described.includes(null)) return null
  return JSON.stringify([opType, overload, inputs, outputs.map((name) => name !== ''), described.toSorted()])
}

function attributeKey({ name, refAttrName, ...attribute }: Attribute): string | null {
  if (refAttrName !== undefined) return null
  switch (attribute.type) {
    case 'int':
    case 'float':
      return `${name} ${attribute.type} ${attribute.value}`
    case 'ints':
    case 'floats':
    case 'string':
      return `${name} ${attribute.type} ${attribute.value.join()}`
    default:
      return null
  }
}
