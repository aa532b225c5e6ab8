import { type ActivationGraph, freeableBytes, sizeOfBuffers } from './activation-graph'

/**
 * The order that at each step runs, of the nodes that can run, the one with the lowest peak so far; of equal ones what leaves the least
 * in memory; then the first of the file. What a node frees is kept and brought up to date as its inputs lose their other readers.
 */
export function greedyOrder(graph: ActivationGraph): number[] {
  const { nodes, buffers, reads, writes, scratch, feeds } = graph
  const followers = nodes.map((): number[] => [])
  feeds.forEach((before, node) => before.forEach((feed) => followers[feed]?.push(node)))
  const readersOf = buffers.map((): number[] => [])
  reads.forEach((read, node) => read.forEach((buffer) => readersOf[buffer]?.push(node)))
  const left = Int32Array.from(readersOf, (readers) => readers.length)
  const waiting = Int32Array.from(feeds, (before) => before.length)
  const made = Float64Array.from(writes, (own) => sizeOfBuffers(graph, own))
  const needed = made.map((size, node) => size + (scratch[node] ?? 0))
  const freed = Float64Array.from(nodes, (_, node) => {
    const last = (reads[node] ?? []).filter((buffer) => left[buffer] === 1)
    const unread = (writes[node] ?? []).filter((buffer) => left[buffer] === 0)
    return freeableBytes(graph, [...last, ...unread])
  })
  const ready = nodes.flatMap((_, node) => (waiting[node] === 0 ? [node] : []))
  const order: number[] = []
  let [live, peak] = [0, 0]
  while (ready.length > 0) {
    let best = 0
    let [bestPeak, bestLeft] = [Infinity, Infinity]
    for (let at = 0; at < ready.length; at++) {
      const node = ready[at] ?? 0
      const nodePeak = Math.max(peak, live + (needed[node] ?? 0))
      const nodeLeft = (made[node] ?? 0) - (freed[node] ?? 0)
      if (nodePeak > bestPeak || (nodePeak === bestPeak && (nodeLeft > bestLeft || (nodeLeft === bestLeft && node > (ready[best] ?? 0))))) continue
      best = at
      bestPeak = nodePeak
      bestLeft = nodeLeft
    }
    const [node = 0] = ready.splice(best, 1)
    order.push(node)
    live += bestLeft
    peak = bestPeak
    for (const buffer of reads[node] ?? []) {
      left[buffer] = (left[buffer] ?? 0) - 1
      // The one reader that is left frees it; those that ran no longer matter.
      if (left[buffer] === 1) for (const reader of readersOf[buffer] ?? []) freed[reader] = (freed[reader] ?? 0) + freeableBytes(graph, [buffer])
    }
    for (const follower of followers[node] ?? []) {
      waiting[follower] = (waiting[follower] ?? 0) - 1
      if (waiting[follower] === 0) ready.push(follower)
    }
  }
  return order
}
