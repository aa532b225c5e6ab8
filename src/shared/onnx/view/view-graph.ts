import type { GraphView, NamedTypeView, NodeView, TensorView, TypeView } from '../../ipc/model-view'
import type { ModelDocument } from '../document'
import type { TypeTable } from '../infer/infer-types'
import { nodeMacs } from '../infer/macs'
import { subgraphsOf } from '../graph-index'
import type { Graph, Node, Tensor, ValueInfo, ValueType } from '../records'
import { opSchema } from '../schema/op-schema'
import { enclosingFunction, type OpsetVersions, opsetVersions, versionInForce } from '../schema/opset-versions'
import { attributeView } from './attribute-view'
import { macTypes, shownMacs } from './mac-types'
import { constantTensor, numericElements } from './parameters'
import { shortValues } from './short-values'
import { tensorView } from './tensor-view'
import { typeView } from './type-text'

export interface GraphViewSource {
  readonly document: ModelDocument
  readonly graph: Graph
  readonly types: TypeTable
}

/**
 * One graph as the window shows it: no weights, short values. Inputs that only repeat an initializer (as file formats before
 * version 4 require) are left out of `inputs`.
 */
export function viewGraph({ document, graph, types }: GraphViewSource): GraphView {
  const { parent } = document.index(graph)
  const opsets = opsetVersions(document, graph)
  const counted = macTypes(document, types)
  return {
    graphId: graph.id,
    name: graph.name,
    kind: parent ? 'subgraph' : graph === document.model.graph ? 'main' : 'function',
    path: pathTo(document, graph),
    inputs: feedableInputs(document, graph).map((input) => namedTypeView(input, types.typeOf(graph, input.name))),
    outputs: graph.outputs.map((output) => namedTypeView(output, types.typeOf(graph, output.name))),
    nodes: graph.nodes.map((node) => viewNode({ document, graph, types: counted }, node, opsets)),
    initializers: initializerViews(graph),
    inputNames: inputNames(graph, opsets),
    values: valueTypes(graph, types),
  }
}

/** The tensors of a graph as the window shows them: no weights, short values. */
export function initializerViews({ initializers, sparseInitializers }: Graph): TensorView[] {
  return [...initializers.map(tensorWithValues), ...sparseInitializers.map(({ values, dims }) => ({ ...tensorView(values), dims: [...dims] }))]
}

function tensorWithValues(tensor: Tensor): TensorView {
  const values = shortValues(tensor)
  return { ...tensorView(tensor), ...(values !== null && { values }) }
}

/** Names that the operators used in the graph give their inputs; a variadic input has its name once. */
export function inputNames({ nodes }: Graph, opsets: OpsetVersions): Record<string, string[]> {
  const names = new Map<string, string[]>()
  for (const { domain, opType } of nodes) {
    const key = `${domain}:${opType}`
    if (names.has(key)) continue
    const schema = opSchema(domain, opType, versionInForce(opsets, domain) ?? 1)
    if (schema) names.set(key, schema.inputs.map(({ name }) => name))
  }
  return Object.fromEntries(names)
}

/** Inputs a caller has to feed: those without an initializer of the same name. */
export function feedableInputs(document: ModelDocument, graph: Graph): ValueInfo[] {
  const { initializers } = document.index(graph)
  return graph.inputs.filter(({ name }) => !initializers.has(name))
}

export function namedTypeView({ name, type, docString }: ValueInfo, inferred: ValueType | null): NamedTypeView {
  return { name, ...typeView(inferred ?? type), ...(docString && { docString }) }
}

/** One node; `types` are those to count multiply–accumulates with (`macTypes`). */
export function viewNode({ document, graph, types }: GraphViewSource, node: Node, opsets: OpsetVersions): NodeView {
  const schema = opSchema(node.domain, node.opType, versionInForce(opsets, node.domain) ?? 1)
  const captures = new Set(subgraphsOf(node).flatMap(freeNames))
  const tensors = parameterTensors(document, graph, node)
  return {
    id: node.id,
    name: node.name,
    opType: node.opType,
    domain: node.domain,
    inputs: [...node.inputs],
    outputs: [...node.outputs],
    ...(captures.size > 0 && { captures: [...captures] }),
    attributes: node.attributes.map((attribute) => attributeView(attribute, schema?.attributes.get(attribute.name) ?? null)),
    ...(node.docString && { docString: node.docString }),
    parameterCount: tensors.reduce((sum, tensor) => sum + numericElements(tensor), 0),
    parameterBytes: tensors.reduce((sum, tensor) => sum + tensorView(tensor).sizeBytes, 0),
    macs: shownMacs(nodeMacs(document, graph, node, types)),
  }
}

/** Names that a graph reads but does not define: they come from the graphs around it. */
function freeNames(graph: Graph): string[] {
  const inside = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name))
  for (const { values } of graph.sparseInitializers) inside.add(values.name)
  for (const { outputs } of graph.nodes) for (const name of outputs) inside.add(name)
  const read = [...graph.nodes.flatMap((node) => [...node.inputs, ...subgraphsOf(node).flatMap(freeNames)]), ...graph.outputs.map(({ name }) => name)]
  return [...new Set(read.filter((name) => name !== '' && !inside.has(name)))]
}

/** The initializers a node reads, each once, and the tensor a Constant holds. */
function parameterTensors(document: ModelDocument, graph: Graph, node: Node): Tensor[] {
  const read = node.inputs.flatMap((name) => (name === '' ? [] : (document.initializer(graph, name) ?? [])))
  const own = constantTensor(node)
  return own ? [...new Set(read), own] : [...new Set(read)]
}

function valueTypes(graph: Graph, types: TypeTable): Record<string, TypeView> {
  // A value may be called `__proto__`; a plain object would lose it.
  const found = new Map<string, TypeView>()
  const add = (name: string) => {
    if (name === '' || found.has(name)) return
    const type = types.typeOf(graph, name)
    if (type) found.set(name, typeView(type))
  }
  for (const { name } of graph.inputs) add(name)
  for (const { name } of graph.initializers) add(name)
  for (const node of graph.nodes) {
    node.inputs.forEach(add)
    node.outputs.forEach(add)
  }
  for (const { name } of graph.outputs) add(name)
  return Object.fromEntries(found)
}

function pathTo(document: ModelDocument, graph: Graph): GraphView['path'] {
  const path: GraphView['path'] = []
  for (let parent = document.index(graph).parent; parent; parent = document.index(parent.graph).parent) {
    path.unshift({ graphId: parent.graph.id, label: graphLabel(document, parent.graph) })
  }
  return path
}

/** What a graph is called on the way to it: its own name, or for a subgraph the node and the attribute that hold it. */
function graphLabel(document: ModelDocument, graph: Graph): string {
  const { parent } = document.index(graph)
  if (!parent) return graph.name || enclosingFunction(document, graph)?.name || 'main'
  const holder = document.index(parent.graph).nodes.get(parent.nodeId)
  const attribute = holder?.attributes.find(({ type, value }) => (type === 'graph' && value === graph) || (type === 'graphs' && value.includes(graph)))
  return `${holder?.name || holder?.opType || ''} ${attribute?.name ?? ''}`.trim()
}
