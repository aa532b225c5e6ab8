import type { MemoryPlan } from '../../ipc/memory-plan'
import type { ModelDocument } from '../document'
import { inferTypes, type InferOptions, type TypeTable } from '../infer/infer-types'
import type { Graph } from '../records'
import { tensorSizeBytes } from '../tensor-data'
import { activationGraph } from './activation-graph'
import { liveMemory } from './live-memory'
import { orderForMemory } from './order-for-memory'
import { packBuffers } from './pack-buffers'

/**
 * How much memory the values between the nodes take when they run one after the other as the file has them, by the lifetime of each, and
 * where each could lie in one block. An operator counts as not writing over its input; a subgraph adds its own peak while it runs.
 * `dims` gives sizes to symbolic dimensions; values whose size stays unknown count nothing and are named.
 */
export function planMemory(document: ModelDocument, options: InferOptions = {}): MemoryPlan {
  const types = inferTypes(document, options)
  const graph = activationGraphOf(document, types, document.model.graph)
  const given = graph.nodes.map((_, at) => at)
  const live = liveMemory(graph, given)
  const { placed, totalBytes } = packBuffers(
    live.lifetimes.map(({ buffer, from, to }) => ({ name: graph.buffers[buffer]?.name ?? '', sizeBytes: graph.buffers[buffer]?.sizeBytes ?? 0, firstStep: from, lastStep: to })),
  )
  const sum = (held: 'no' | 'input' | 'output') => graph.buffers.reduce((total, buffer) => (buffer.held === held ? total + buffer.sizeBytes : total), 0)
  const peakStep = live.bytes.indexOf(live.peakBytes)
  return {
    steps: graph.nodes.map((node, at) => ({ nodeId: node.id, nodeName: node.name, opType: node.opType, liveBytes: live.bytes[at] ?? 0 })),
    peakBytes: live.peakBytes,
    peakStep: peakStep < 0 ? null : peakStep,
    inputBytes: sum('input'),
    weightBytes: document.graphs().reduce((total, { initializers }) => total + initializers.reduce((bytes, tensor) => bytes + tensorSizeBytes(tensor), 0), 0),
    sumBytes: sum('no') + sum('output'),
    reuseBytes: totalBytes,
    reorderedPeakBytes: liveMemory(graph, orderForMemory(graph)).peakBytes,
    buffers: placed,
    unknown: graph.buffers.flatMap(({ name, isKnown }) => (isKnown ? [] : [name])),
  }
}

/** The activations of one graph, its subgraphs' peaks included. */
export function activationGraphOf(document: ModelDocument, types: TypeTable, graph: Graph): ReturnType<typeof activationGraph> {
  return activationGraph(document, types, graph, (inner) => {
    const nested = activationGraphOf(document, types, inner)
    return liveMemory(nested, nested.nodes.map((_, at) => at)).peakBytes
  })
}
