import { tensorAttribute } from '../attributes'
import { subgraphsOf } from '../graph-index'
import type { ModelDocument } from '../document'
import { readNames } from '../topological-order'
import type { Graph, Node, Tensor } from '../records'

/** Where a node's input comes from. */
export type Source =
  | { readonly kind: 'node'; readonly node: number; readonly output: number }
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly tensor: Tensor }
  /** A value of a graph around this one. */
  | { readonly kind: 'outer'; readonly name: string }
  /** An optional input left out, or a value that nothing makes. */
  | { readonly kind: 'none' }

export interface Reader {
  readonly node: number
  readonly slot: number
  readonly output: number
}

/** Links between nodes by their positions in the graph. */
export interface Links {
  /** By node: its inputs, then what its subgraphs read from this graph. */
  readonly sources: readonly (readonly Source[])[]
  /** By node: who reads its outputs. */
  readonly readers: readonly (readonly Reader[])[]
}

/** A graph made ready for being compared. */
export interface DiffGraph {
  readonly graph: Graph
  readonly nodes: readonly Node[]
  /** As they are. */
  readonly direct: Links
  /** The same between essential nodes only: a value counts as made by what stands before the transparent nodes on its way. */
  readonly essential: Links
  readonly isTransparent: readonly boolean[]
  /** By graph input: essential nodes that read it. */
  readonly inputReaders: readonly (readonly number[])[]
  /** By graph output: what makes it, transparent nodes left out. */
  readonly outputs: readonly Source[]
  /** The same with them. */
  readonly givers: readonly Source[]
}

/** Nodes that hand a value on in another representation. Tools put them in and take them out without changing what a model computes. */
const TRANSPARENT = new Set(['QuantizeLinear', 'DequantizeLinear', 'Cast', 'Identity'])

export function makeDiffGraph(document: ModelDocument, graph: Graph): DiffGraph {
  const { nodes } = graph
  const index = document.index(graph)
  const positions = new Map(nodes.map(({ id }, at) => [id, at]))
  const inputs = new Map(graph.inputs.map(({ name }, at) => [name, at]))
  const sourceOf = (name: string): Source => {
    if (name === '') return { kind: 'none' }
    const found = index.definition(name)
    if (found?.kind === 'node') return { kind: 'node', node: positions.get(found.node.id) ?? -1, output: found.output }
    if (found?.kind === 'initializer') return { kind: 'constant', tensor: found.tensor }
    if (found) return { kind: 'input', index: inputs.get(name) ?? -1 }
    return document.definition(graph, name) ? { kind: 'outer', name } : { kind: 'none' }
  }
  const isTransparent = nodes.map(({ opType }) => TRANSPARENT.has(opType))
  const sources = nodes.map((node) => namesRead(node).map(sourceOf))
  const direct = linksOf(sources)
  const through = (source: Source): Source => {
    let at = source
    // No way through a graph without cycles is longer than its nodes.
    for (let steps = 0; at.kind === 'node' && isTransparent[at.node] && steps < nodes.length; steps++) at = sources[at.node]?.[0] ?? { kind: 'none' }
    return at
  }
  const essential = linksOf(sources.map((list, at) => (isTransparent[at] ? [] : list.map(through))))
  const inputReaders = graph.inputs.map((): number[] => [])
  essential.sources.forEach((list, node) => list.forEach((source) => source.kind === 'input' && inputReaders[source.index]?.push(node)))
  const givers = graph.outputs.map(({ name }) => sourceOf(name))
  return { graph, nodes, direct, essential, isTransparent, inputReaders, outputs: givers.map(through), givers }
}

/** The values behind a source: of an initializer, or of a Constant node. */
export function constantOf({ nodes }: DiffGraph, source: Source): Tensor | null {
  if (source.kind === 'constant') return source.tensor
  const node = source.kind === 'node' ? nodes[source.node] : undefined
  return node?.opType === 'Constant' ? tensorAttribute(node, 'value') : null
}

function namesRead(node: Node): readonly string[] {
  if (subgraphsOf(node).length === 0) return node.inputs
  // Inputs come first in what is read; those left out keep their places.
  return [...node.inputs, ...readNames(node).slice(node.inputs.filter((name) => name !== '').length)]
}

function linksOf(sources: readonly (readonly Source[])[]): Links {
  const readers = sources.map((): Reader[] => [])
  sources.forEach((list, node) => {
    list.forEach((source, slot) => {
      if (source.kind === 'node') readers[source.node]?.push({ node, slot, output: source.output })
    })
  })
  return { sources, readers }
}
