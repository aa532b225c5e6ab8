import type { Attribute, FunctionDefinition, Graph, Model, Node, SparseTensor, Tensor } from '../records'

/**
 * A model with other tensors; the one given stays as it is. `replace` is called for every tensor in the order of
 * `walkTensors` and returns the tensor itself to keep it. What holds no replaced tensor is shared between the two.
 */
export function replaceTensors(model: Model, replace: (tensor: Tensor) => Tensor): Model {
  const graph = inGraph(model.graph, replace)
  const functions = mapItems(model.functions, (definition) => inFunction(definition, replace))
  return graph === model.graph && functions === model.functions ? model : { ...model, graph, functions }
}

type Replace = (tensor: Tensor) => Tensor

function inFunction(definition: FunctionDefinition, replace: Replace): FunctionDefinition {
  const body = inGraph(definition.body, replace)
  const attributeDefaults = mapItems(definition.attributeDefaults, (attribute) => inAttribute(attribute, replace))
  return body === definition.body && attributeDefaults === definition.attributeDefaults ? definition : { ...definition, body, attributeDefaults }
}

function inGraph(graph: Graph, replace: Replace): Graph {
  const nodes = mapItems(graph.nodes, (node) => inNode(node, replace))
  const initializers = mapItems(graph.initializers, replace)
  const sparseInitializers = mapItems(graph.sparseInitializers, (sparse) => inSparse(sparse, replace))
  if (nodes === graph.nodes && initializers === graph.initializers && sparseInitializers === graph.sparseInitializers) return graph
  return { ...graph, nodes, initializers, sparseInitializers }
}

function inNode(node: Node, replace: Replace): Node {
  const attributes = mapItems(node.attributes, (attribute) => inAttribute(attribute, replace))
  return attributes === node.attributes ? node : { ...node, attributes }
}

function inAttribute(attribute: Attribute, replace: Replace): Attribute {
  switch (attribute.type) {
    case 'tensor':
      return withValue(attribute, replace(attribute.value))
    case 'tensors':
      return withValue(attribute, mapItems(attribute.value, replace))
    case 'graph':
      return withValue(attribute, inGraph(attribute.value, replace))
    case 'graphs':
      return withValue(attribute, mapItems(attribute.value, (graph) => inGraph(graph, replace)))
    case 'sparse-tensor':
      return withValue(attribute, inSparse(attribute.value, replace))
    case 'sparse-tensors':
      return withValue(attribute, mapItems(attribute.value, (sparse) => inSparse(sparse, replace)))
    default:
      return attribute
  }
}

function inSparse(sparse: SparseTensor, replace: Replace): SparseTensor {
  const values = replace(sparse.values)
  const indices = replace(sparse.indices)
  return values === sparse.values && indices === sparse.indices ? sparse : { ...sparse, values, indices }
}

function withValue<A extends Attribute>(attribute: A, value: A['value']): A {
  return value === attribute.value ? attribute : { ...attribute, value }
}

function mapItems<T>(items: readonly T[], map: (item: T) => T): readonly T[] {
  const mapped = items.map(map)
  return mapped.some((item, at) => item !== items[at]) ? mapped : items
}
