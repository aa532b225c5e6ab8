/** Copies of nodes and graphs with ids and names of their own. */
import type { Edit } from '../document'
import { subgraphsOf } from '../graph-index'
import type { Attribute, Graph, Node, ValueInfo } from '../records'

export interface CloneOptions {
  readonly edit: Edit
  /** Where the copy goes: names within subgraphs must be free there too. Null where they can stay: a body of its own. */
  readonly into: Graph | null
  /** New names of values that the nodes read or make; names that are not in it stay. */
  readonly names: ReadonlyMap<string, string>
  readonly nodeName: (name: string) => string
  /** New operator names of calls to functions that had to be renamed, by `domain:name:overload`. */
  readonly calls?: ReadonlyMap<string, string>
  /** Values of attributes that refer to those of a function: null stands for one that is left out. Absent: references stay. */
  readonly bindings?: ReadonlyMap<string, Attribute>
}

export function cloneNode(node: Node, options: CloneOptions): Omit<Node, 'id'> {
  const { id: _, ...fields } = node
  const rename = (name: string) => options.names.get(name) ?? name
  return {
    ...fields,
    opType: options.calls?.get(callKey(node)) ?? node.opType,
    name: options.nodeName(node.name),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: node.attributes.flatMap((attribute) => cloneAttribute(attribute, options) ?? []),
  }
}

export function callKey({ domain, opType, overload }: Pick<Node, 'domain' | 'opType' | 'overload'>): string {
  return `${domain}:${opType}:${overload ?? ''}`
}

function cloneAttribute(attribute: Attribute, options: CloneOptions): Attribute | null {
  if (attribute.refAttrName && options.bindings) {
    const bound = options.bindings.get(attribute.refAttrName)
    return bound ? { ...bound, name: attribute.name } : null
  }
  if (attribute.type === 'graph') return { ...attribute, value: cloneGraph(attribute.value, options) }
  if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map((graph) => cloneGraph(graph, options)) }
  return attribute
}

/** A subgraph or a function's body, with names renamed as seen from inside it. */
export function cloneGraph(graph: Graph, options: CloneOptions): Graph {
  const names = new Map(options.names)
  for (const name of definedNames(graph)) {
    if (options.into) names.set(name, options.edit.freshName(options.into, name))
    else names.delete(name)
  }
  const inner: CloneOptions = { ...options, names, nodeName: (name) => name }
  const rename = (name: string) => names.get(name) ?? name
  const renamed = (values: readonly ValueInfo[]) => values.map((value) => ({ ...value, name: rename(value.name) }))
  return {
    ...graph,
    id: options.edit.newGraphId(),
    nodes: graph.nodes.map((node) => ({ ...cloneNode(node, inner), id: options.edit.newNodeId() })),
    inputs: renamed(graph.inputs),
    outputs: renamed(graph.outputs),
    valueInfo: renamed(graph.valueInfo),
    initializers: graph.initializers.map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
    sparseInitializers: graph.sparseInitializers.map((sparse) => ({ ...sparse, values: { ...sparse.values, name: rename(sparse.values.name) } })),
    quantizationAnnotations: graph.quantizationAnnotations.map((annotation) => ({ ...annotation, tensorName: rename(annotation.tensorName) })),
  }
}

/** Names that a graph itself defines, those of subgraphs in it not included. */
function definedNames(graph: Graph): string[] {
  const names = [...graph.inputs, ...graph.initializers, ...graph.sparseInitializers.map(({ values }) => values)].map(({ name }) => name)
  return [...new Set([...names, ...graph.nodes.flatMap(({ outputs }) => outputs)])].filter((name) => name !== '')
}

/** Every node of a graph and of the subgraphs in it. */
export function allNodes(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [node, ...subgraphsOf(node).flatMap((graph) => allNodes(graph.nodes))])
}
