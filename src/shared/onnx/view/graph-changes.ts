/** What changed in a graph since it was last shown. Only nodes that may look different are described anew. */
import type { GraphChange } from '../../ipc/document-change'
import type { GraphView, NodeView, TypeView } from '../../ipc/model-view'
import { sameType } from '../infer/fact'
import type { Graph, Node, SparseTensor, Tensor, ValueType } from '../records'
import { opsetVersions, type OpsetVersions } from '../schema/opset-versions'
import { functionKeyOf } from './function-key'
import { macTypes } from './mac-types'
import { typeView } from './type-text'
import { feedableInputs, type GraphViewSource, initializerViews, inputNames, namedTypeView, viewGraph, viewNode } from './view-graph'

/** A graph as it was shown, with the records it was shown from. */
export interface GraphSnapshot {
  readonly name: string
  readonly nodes: ReadonlyMap<number, { readonly record: Node; readonly view: NodeView }>
  readonly order: readonly Node[]
  /** Types of all values, and the ones multiply–accumulates were counted with where these are others. */
  readonly types: ReadonlyMap<string, ValueType | null>
  readonly counted: ReadonlyMap<string, ValueType | null>
  readonly inputs: string
  readonly outputs: string
  readonly initializers: readonly Tensor[]
  readonly sparseInitializers: readonly SparseTensor[]
  readonly operators: string
  readonly opsets: string
}

/** The whole view, and what later changes are told from. */
export function showGraph(source: GraphViewSource): { view: GraphView; snapshot: GraphSnapshot } {
  const view = viewGraph(source)
  const views = new Map(view.nodes.map((node) => [node.id, node]))
  const nodes = new Map(source.graph.nodes.flatMap((record) => {
    const known = views.get(record.id)
    return known ? [[record.id, { record, view: known }] as const] : []
  }))
  return { view, snapshot: { ...looks(source), nodes } }
}

/** The difference, or null where there is none, and the snapshot to tell the next one from. */
export function graphChange(before: GraphSnapshot, source: GraphViewSource): { change: GraphChange | null; snapshot: GraphSnapshot } {
  const { document, graph, types } = source
  const after = looks(source)
  const opsets = opsetVersions(document, graph)
  const suspect = suspicionOf({ before, after, source })
  const counted = { document, graph, types: macTypes(document, types) }
  const nodes = new Map<number, { record: Node; view: NodeView }>()
  const changed: NodeView[] = []
  for (const record of graph.nodes) {
    const known = before.nodes.get(record.id)
    if (known && known.record === record && !suspect(record)) {
      nodes.set(record.id, known)
      continue
    }
    const view = viewNode(counted, record, opsets)
    nodes.set(record.id, { record, view })
    if (!known || JSON.stringify(known.view) !== JSON.stringify(view)) changed.push(view)
  }
  const snapshot: GraphSnapshot = { ...after, nodes }
  const change = describe(before, snapshot, { source, changed, opsets })
  return { change, snapshot }
}

function describe(before: GraphSnapshot, after: GraphSnapshot, { source, changed, opsets }: { source: GraphViewSource; changed: NodeView[]; opsets: OpsetVersions }): GraphChange | null {
  const { document, graph, types } = source
  const removedNodes = [...before.nodes.keys()].filter((id) => !after.nodes.has(id))
  const values: Record<string, TypeView> = Object.create(null) as Record<string, TypeView>
  for (const [name, type] of after.types) if (type && !sameType(type, before.types.get(name) ?? null)) values[name] = typeView(type)
  const removedValues = [...before.types].flatMap(([name, type]) => (type && !after.types.get(name) ? [name] : []))
  const sameInitializers = sameItems(before.initializers, after.initializers) && sameItems(before.sparseInitializers, after.sparseInitializers)
  const sameOrder = before.order.length === after.order.length && before.order.every(({ id }, at) => id === after.order[at]?.id)
  const parts = {
    ...(before.name !== after.name && { name: after.name }),
    ...(!sameOrder && { nodeOrder: after.order.map(({ id }) => id) }),
    ...(before.inputs !== after.inputs && { inputs: feedableInputs(document, graph).map((input) => namedTypeView(input, types.typeOf(graph, input.name))) }),
    ...(before.outputs !== after.outputs && { outputs: graph.outputs.map((output) => namedTypeView(output, types.typeOf(graph, output.name))) }),
    ...(!sameInitializers && { initializers: initializerViews(graph) }),
    ...((before.operators !== after.operators || before.opsets !== after.opsets) && { inputNames: inputNames(graph, opsets) }),
  }
  const isSame = Object.keys(parts).length === 0 && changed.length === 0 && removedNodes.length === 0 && Object.keys(values).length === 0 && removedValues.length === 0
  return isSame ? null : { graphId: graph.id, ...parts, nodes: changed, removedNodes, values: { ...values }, removedValues }
}

/** Whether a node whose record is the same may look different: by types, constants or functions it depends on, or subgraphs in it. */
function suspicionOf({ before, after, source }: { before: GraphSnapshot; after: Omit<GraphSnapshot, 'nodes'>; source: GraphViewSource }): (node: Node) => boolean {
  const { document, graph } = source
  const restless = new Set<string>()
  const compare = (old: ReadonlyMap<string, ValueType | null>, now: ReadonlyMap<string, ValueType | null>) => {
    for (const [name, type] of now) if (!sameType(type, old.get(name) ?? null)) restless.add(name)
    for (const name of old.keys()) if (!now.has(name)) restless.add(name)
  }
  compare(before.types, after.types)
  if (after.counted !== after.types) compare(before.counted, after.counted)
  const old = new Set(before.initializers)
  const now = new Set(after.initializers)
  for (const tensor of [...before.initializers.filter((known) => !now.has(known)), ...after.initializers.filter((known) => !old.has(known))]) restless.add(tensor.name)
  const { nesting, parent } = document.index(graph)
  const calls = new Set(document.model.functions.map(functionKeyOf))
  const everything = before.opsets !== after.opsets
  return (node) =>
    everything ||
    nesting.has(node.id) ||
    // What a subgraph reads may have changed in a graph around it.
    parent !== null ||
    (calls.size > 0 && calls.has(functionKeyOf({ domain: node.domain, name: node.opType, overload: node.overload ?? '' }))) ||
    node.inputs.some((name) => restless.has(name)) ||
    node.outputs.some((name) => restless.has(name))
}

function looks(source: GraphViewSource): Omit<GraphSnapshot, 'nodes'> {
  const { document, graph, types } = source
  const counted = macTypes(document, types)
  const names = namesOf(graph)
  const own = new Map<string, ValueType | null>()
  for (const name of names) own.set(name, types.typeOf(graph, name))
  const others = counted === types ? own : new Map<string, ValueType | null>()
  if (others !== own) for (const name of names) others.set(name, counted.typeOf(graph, name))
  return {
    name: graph.name,
    order: graph.nodes.slice(),
    types: own,
    counted: others,
    inputs: JSON.stringify(feedableInputs(document, graph).map((input) => namedTypeView(input, own.get(input.name) ?? null))),
    outputs: JSON.stringify(graph.outputs.map((output) => namedTypeView(output, own.get(output.name) ?? null))),
    initializers: graph.initializers.slice(),
    sparseInitializers: graph.sparseInitializers.slice(),
    operators: [...new Set(graph.nodes.map(({ domain, opType }) => `${domain}:${opType}`))].toSorted().join(' '),
    opsets: JSON.stringify([...opsetVersions(document, graph)]),
  }
}

function namesOf(graph: Graph): Set<string> {
  const names = new Set<string>()
  for (const { name } of [...graph.inputs, ...graph.initializers, ...graph.outputs]) names.add(name)
  for (const { inputs, outputs } of graph.nodes) {
    for (const name of inputs) names.add(name)
    for (const name of outputs) names.add(name)
  }
  names.delete('')
  return names
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at])
}
