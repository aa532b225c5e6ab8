import type { Graph, Node, Tensor } from '../records'
import type { ModelDocument } from '../document'
import { DATA_TYPES } from '../data-type'
import { shownElements } from './tensor-view'

/**
 * Parameters of a model: the elements of all initializers (of sparse ones, the elements stored) and of the tensors in
 * Constant nodes, in the main graph, subgraphs and functions, floating and integer alike. Text and booleans do not count.
 */
export function parameterCount(document: ModelDocument): number {
  return document.graphs().reduce((sum, graph) => sum + graphParameters(graph), 0)
}

function graphParameters(graph: Graph): number {
  const stored = [...graph.initializers, ...graph.sparseInitializers.map(({ values }) => values), ...graph.nodes.flatMap((node) => constantTensor(node) ?? [])]
  return stored.reduce((sum, tensor) => sum + numericElements(tensor), 0)
}

/** Elements of a tensor that count as parameters. */
export function numericElements(tensor: Tensor): number {
  return tensor.dataType === DATA_TYPES.string.code || tensor.dataType === DATA_TYPES.bool.code ? 0 : shownElements(tensor)
}

/** The tensor a Constant node holds (of a sparse one, the elements stored), or null. */
export function constantTensor(node: Node): Tensor | null {
  if (node.opType !== 'Constant' || (node.domain !== '' && node.domain !== 'ai.onnx')) return null
  for (const attribute of node.attributes) {
    if (attribute.name === 'value' && attribute.type === 'tensor') return attribute.value
    if (attribute.name === 'sparse_value' && attribute.type === 'sparse-tensor') return attribute.value.values
  }
  return null
}
