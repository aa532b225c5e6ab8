import { rawByteLength } from '../data-type'
import { type ModelDocument, sameDomain } from '../document'
import type { TypeTable } from '../infer/infer-types'
import type { Graph, Node, ValueType } from '../records'
import { subgraphsOf } from '../graph-index'
import { readNames } from '../topological-order'

/** A piece of memory that one value takes, or several where operators only look at it in another shape. */
export interface ActivationBuffer {
  readonly name: string
  /** 0 where the shape is not known. */
  readonly sizeBytes: number
  readonly isKnown: boolean
  /** Who holds it beyond its last reader: the caller the model's inputs and outputs. */
  held: 'no' | 'input' | 'output'
}

/** What each node of a graph reads and makes, as indices into `buffers`. Constants are not among them: they stay for good. */
export interface ActivationGraph {
  readonly nodes: readonly Node[]
  readonly buffers: readonly ActivationBuffer[]
  readonly reads: readonly (readonly number[])[]
  readonly writes: readonly (readonly number[])[]
  /** Bytes that a node's subgraphs need at their worst while it runs. */
  readonly scratch: readonly number[]
  /** For each node the places of those that must have run before it. */
  readonly feeds: readonly (readonly number[])[]
}

/** They give their input in another shape, without a copy. */
const VIEWS = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity', 'Dropout'])

/** `nested` tells the peak of a subgraph; see `planMemory`. */
export function activationGraph(document: ModelDocument, types: TypeTable, graph: Graph, nested: (graph: Graph) => number): ActivationGraph {
  const buffers: ActivationBuffer[] = []
  const byName = new Map<string, number>()
  const add = (name: string, held: ActivationBuffer['held']) => {
    const sizeBytes = bytesOfType(types.typeOf(graph, name))
    byName.set(name, buffers.push({ name, sizeBytes: sizeBytes ?? 0, isKnown: sizeBytes !== null, held }) - 1)
  }
  const { initializers } = document.index(graph)
  for (const { name } of graph.inputs) if (!initializers.has(name)) add(name, 'input')
  const found = (names: readonly string[]) => [...new Set(names.flatMap((name) => byName.get(name) ?? []))]
  // Views first need what they look at, so nodes are gone through in the order of the file, which is topological.
  const reads: number[][] = []
  const writes: number[][] = []
  const producer = new Map<string, number>()
  const feeds = graph.nodes.map((node, at) => {
    const names = readNames(node)
    reads.push(found(names))
    const seen = sameDomain(node.domain, '') && VIEWS.has(node.opType) ? byName.get(node.inputs[0] ?? '') : undefined
    const own = node.outputs.filter((name) => name !== '')
    if (seen !== undefined && own[0] !== undefined) byName.set(own[0], seen)
    for (const name of seen === undefined ? own : own.slice(1)) add(name, 'no')
    writes.push(found(own).filter((buffer) => buffer !== seen))
    const before = names.flatMap((name) => producer.get(name) ?? [])
    for (const name of own) producer.set(name, at)
    return [...new Set(before)]
  })
  for (const { name } of graph.outputs) {
    const buffer = buffers[byName.get(name) ?? -1]
    if (buffer?.held === 'no') buffer.held = 'output'
  }
  return { nodes: graph.nodes, buffers, reads, writes, feeds, scratch: graph.nodes.map((node) => Math.max(0, ...subgraphsOf(node).map(nested))) }
}

export function sizeOfBuffers({ buffers }: ActivationGraph, indices: readonly number[]): number {
  return indices.reduce((sum, buffer) => sum + (buffers[buffer]?.sizeBytes ?? 0), 0)
}

/** What goes once nobody reads the buffers any more: inputs and outputs of the model stay. */
export function freeableBytes({ buffers }: ActivationGraph, indices: readonly number[]): number {
  return indices.reduce((sum, index) => {
    const buffer = buffers[index]
    return buffer?.held === 'no' ? sum + buffer.sizeBytes : sum
  }, 0)
}

/** Null where the type or a dimension is not known. */
function bytesOfType(type: ValueType | null): number | null {
  if (type?.kind !== 'tensor' || !type.shape) return null
  let count = 1
  for (const dim of type.shape) {
    if (typeof dim !== 'number') return null
    count *= dim
  }
  return rawByteLength(type.dataType, count)
}
