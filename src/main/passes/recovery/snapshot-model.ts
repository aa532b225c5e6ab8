import type { Attribute, Graph, Model } from '#shared/onnx/records'

/** The model as it is now, which later edits of the document do not reach. Lists are copied, values of tensors are shared. */
export function snapshotModel({ model }: { readonly model: Model }): Model {
  return { ...model, graph: copyGraph(model.graph), functions: model.functions.map((definition) => ({ ...definition, body: copyGraph(definition.body) })) }
}

function copyGraph(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => (node.attributes.some(holdsGraph) ? { ...node, attributes: node.attributes.map(copyAttribute) } : node))
  return { ...graph, nodes, initializers: [...graph.initializers] }
}

function holdsGraph({ type }: Attribute): boolean {
  return type === 'graph' || type === 'graphs'
}

function copyAttribute(attribute: Attribute): Attribute {
  if (attribute.type === 'graph') return { ...attribute, value: copyGraph(attribute.value) }
  if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map(copyGraph) }
  return attribute
}
