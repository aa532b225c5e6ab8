import type { ActivationGraph } from './activation-graph'

/** When a buffer is needed, as places in an order of the nodes; both ends included. */
export interface Lifetime {
  readonly buffer: number
  readonly from: number
  readonly to: number
}

export interface LiveMemory {
  /** Bytes in use while the node at each place of the order runs: what it reads and makes, and what waits for later nodes. */
  readonly bytes: Float64Array
  /** Of buffers that nodes make, by when they begin. */
  readonly lifetimes: readonly Lifetime[]
  readonly peakBytes: number
}

/** What is in memory over time when nodes run in `order` (places in `graph.nodes`). Inputs are held throughout, outputs from when they are made. */
export function liveMemory(graph: ActivationGraph, order: readonly number[]): LiveMemory {
  const from = new Map<number, number>()
  const to = new Map<number, number>()
  order.forEach((node, place) => {
    for (const buffer of graph.writes[node] ?? []) {
      from.set(buffer, place)
      to.set(buffer, place)
    }
    for (const buffer of graph.reads[node] ?? []) to.set(buffer, place)
  })
  const lifetimes = [...from].map(([buffer, start]): Lifetime => ({ buffer, from: start, to: graph.buffers[buffer]?.held === 'output' ? order.length - 1 : (to.get(buffer) ?? start) }))
  const changes = new Float64Array(order.length + 1)
  for (const { buffer, from: start, to: end } of lifetimes) {
    const size = graph.buffers[buffer]?.sizeBytes ?? 0
    changes[start] = (changes[start] ?? 0) + size
    changes[end + 1] = (changes[end + 1] ?? 0) - size
  }
  let live = graph.buffers.reduce((sum, { held, sizeBytes }) => (held === 'input' ? sum + sizeBytes : sum), 0)
  let peakBytes = live
  const bytes = Float64Array.from(order, (node, place) => {
    live += changes[place] ?? 0
    const now = live + (graph.scratch[node] ?? 0)
    peakBytes = Math.max(peakBytes, now)
    return now
  })
  return { bytes, lifetimes, peakBytes }
}
