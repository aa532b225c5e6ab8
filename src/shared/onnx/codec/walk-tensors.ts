import type { Attribute, Graph, Model, Node, SparseTensor, Tensor } from '../records'

export interface TensorPlace {
  readonly tensor: Tensor
  /** The node whose attribute holds the tensor; null for an initializer. */
  readonly node: Node | null
}

/** Every tensor of a model in file order: initializers, parts of sparse tensors, tensors in attributes, those of subgraphs and functions included. */
export function* walkTensors(model: Model): Generator<TensorPlace> {
  yield* inGraph(model.graph)
  for (const { body, attributeDefaults } of model.functions) {
    yield* inGraph(body)
    for (const attribute of attributeDefaults) yield* inAttribute(attribute, null)
  }
}

function* inGraph(graph: Graph): Generator<TensorPlace> {
  for (const node of graph.nodes) for (const attribute of node.attributes) yield* inAttribute(attribute, node)
  for (const tensor of graph.initializers) yield { tensor, node: null }
  for (const { values, indices } of graph.sparseInitializers) for (const tensor of [values, indices]) yield { tensor, node: null }
}

function* inAttribute(attribute: Attribute, node: Node | null): Generator<TensorPlace> {
  if (attribute.type === 'tensor') yield { tensor: attribute.value, node }
  if (attribute.type === 'tensors') for (const tensor of attribute.value) yield { tensor, node }
  if (attribute.type === 'sparse-tensor') yield* inSparse(attribute.value, node)
  if (attribute.type === 'sparse-tensors') for (const sparse of attribute.value) yield* inSparse(sparse, node)
  if (attribute.type === 'graph') yield* inGraph(attribute.value)
  if (attribute.type === 'graphs') for (const graph of attribute.value) yield* inGraph(graph)
}

function* inSparse({ values, indices }: SparseTensor, node: Node | null): Generator<TensorPlace> {
  yield { tensor: values, node }
  yield { tensor: indices, node }
}
