import { type ActivationGraph, freeableBytes, sizeOfBuffers } from './activation-graph'
import { greedyOrder } from './greedy-order'
import { liveMemory } from './live-memory'

/** So many part orders are followed side by side; more find little more. */
const BEAM = 8
/** Past this many nodes only the best next step is followed, and past this many nothing is tried: the time grows with their square. */
const LARGE = 600
const HUGE = 5000

/**
 * An order of the nodes that keeps each after those that feed it and has the lowest peak of those tried: the order given, the one that at
 * each step runs what leaves the least in memory, and a beam search over that choice. Finding the best of all is NP-hard.
 */
export function orderForMemory(graph: ActivationGraph): readonly number[] {
  const given = graph.nodes.map((_, at) => at)
  const tried = [given, ...(given.length > HUGE ? [] : [greedyOrder(graph)]), ...(given.length > LARGE ? [] : [search(graph)])]
  const peaks = tried.map((order) => liveMemory(graph, order).peakBytes)
  return tried[peaks.indexOf(Math.min(...peaks))] ?? given
}

/** An order begun: what is in memory, what still waits for whom. */
interface Partial {
  readonly previous: Partial | null
  readonly node: number
  readonly live: number
  readonly peak: number
  /** Readers left of each buffer, and feeds left of each node. */
  readonly readers: Int32Array
  readonly waiting: Int32Array
  readonly ready: readonly number[]
}

function search(graph: ActivationGraph): number[] {
  const followers = graph.nodes.map((): number[] => [])
  graph.feeds.forEach((feeds, node) => feeds.forEach((feed) => followers[feed]?.push(node)))
  const readers = new Int32Array(graph.buffers.length)
  for (const reads of graph.reads) for (const buffer of reads) readers[buffer] = (readers[buffer] ?? 0) + 1
  const waiting = Int32Array.from(graph.feeds, (feeds) => feeds.length)
  const ready = graph.nodes.flatMap((_, at) => (waiting[at] === 0 ? [at] : []))
  let front: Partial[] = [{ previous: null, node: -1, live: 0, peak: 0, readers, waiting, ready }]
  for (let step = 0; step < graph.nodes.length; step++) {
    const choices = front.flatMap((state) => state.ready.map((node) => ({ state, node, ...cost(graph, state, node) })))
    // The lowest peak first; of equal ones what leaves the least behind; then the order of the file.
    choices.sort((a, b) => a.peak - b.peak || a.after - b.after || a.node - b.node)
    const seen = new Set<string>()
    const kept: Partial[] = []
    for (const choice of choices) {
      if (kept.length === BEAM) break
      const key = `${choice.node} ${choice.after} ${choice.peak}`
      if (seen.has(key)) continue
      seen.add(key)
      kept.push(advance(graph, choice, followers))
    }
    front = kept
  }
  const order: number[] = []
  for (let state: Partial | null | undefined = front[0]; state && state.node >= 0; state = state.previous) order.push(state.node)
  return order.reverse()
}

interface Cost {
  readonly peak: number
  readonly after: number
}

/** Memory at most until `node` has run, and after it. */
function cost(graph: ActivationGraph, state: Partial, node: number): Cost {
  const made = sizeOfBuffers(graph, graph.writes[node] ?? [])
  const last = (graph.reads[node] ?? []).filter((buffer) => state.readers[buffer] === 1)
  const unread = (graph.writes[node] ?? []).filter((buffer) => state.readers[buffer] === 0)
  const freed = freeableBytes(graph, last) + freeableBytes(graph, unread)
  return { peak: Math.max(state.peak, state.live + made + (graph.scratch[node] ?? 0)), after: state.live + made - freed }
}

function advance(graph: ActivationGraph, { state, node, peak, after }: Cost & { state: Partial; node: number }, followers: readonly (readonly number[])[]): Partial {
  const readers = state.readers.slice()
  const waiting = state.waiting.slice()
  for (const buffer of graph.reads[node] ?? []) readers[buffer] = (readers[buffer] ?? 0) - 1
  const ready = state.ready.filter((other) => other !== node)
  for (const follower of followers[node] ?? []) {
    waiting[follower] = (waiting[follower] ?? 0) - 1
    if (waiting[follower] === 0) ready.push(follower)
  }
  return { previous: state, node, live: after, peak, readers, waiting, ready }
}
