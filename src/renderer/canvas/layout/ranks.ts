/** Ranks: the row (or column) each node stands in, so that every drawn edge points the same way. */
import { groupBy, type Grouped } from './layout-graph'

/** Edges as two parallel arrays of node numbers. */
export interface EdgeList {
  source: Uint32Array
  target: Uint32Array
}

export interface AcyclicOrder {
  /** All nodes, every node after those it reads from. */
  order: Uint32Array
  /** 1 for edges that would close a cycle (only invalid models have them), self-loops included. */
  backward: Uint8Array
}

/** Kahn's algorithm. Where a cycle blocks it, the blocked node that comes first in the model goes on. */
export function orderAcyclic(nodeCount: number, edges: EdgeList): AcyclicOrder {
  const edgeCount = edges.source.length
  const outgoing = groupBy(edges.source, nodeCount)
  const backward = new Uint8Array(edgeCount)
  const waiting = new Uint32Array(nodeCount)
  for (let edge = 0; edge < edgeCount; edge++) {
    if (edges.source[edge] === edges.target[edge]) backward[edge] = 1
    else waiting[edges.target[edge]!]! += 1
  }
  const order = new Uint32Array(nodeCount)
  const queued = new Uint8Array(nodeCount)
  let length = 0
  const enqueue = (node: number) => {
    queued[node] = 1
    order[length++] = node
  }
  for (let node = 0; node < nodeCount; node++) if (waiting[node] === 0) enqueue(node)
  let firstBlocked = 0
  for (let head = 0; head < nodeCount; head++) {
    if (head === length) {
      while (queued[firstBlocked] === 1) firstBlocked++
      enqueue(firstBlocked)
    }
    const node = order[head]!
    for (let i = outgoing.start[node]!; i < outgoing.start[node + 1]!; i++) {
      const edge = outgoing.items[i]!
      if (backward[edge] === 1) continue
      const target = edges.target[edge]!
      if (queued[target] === 1) backward[edge] = 1
      else if ((waiting[target]! -= 1) === 0) enqueue(target)
    }
  }
  return { order, backward }
}

/**
 * Longest-path ranks, then tightened: nodes with more ways out than in move down towards their readers, and so does what
 * feeds only one reader with all that feeds it; an input or a side branch then stands beside what uses it instead of at the
 * top. Edges with `skip` set do not count. Nodes with a pin of 1 stay where they are, those with 2 go to the last rank.
 */
export function assignRanks(nodeCount: number, edges: EdgeList, order: Uint32Array, { skip, pins }: { skip: Uint8Array; pins?: Uint8Array | undefined }): Int32Array {
  const ranks = new Int32Array(nodeCount)
  const outgoing = groupBy(edges.source, nodeCount)
  const incoming = groupBy(edges.target, nodeCount)
  for (const node of order) {
    let rank = 0
    forEdges(incoming, node, skip, (edge) => {
      rank = Math.max(rank, ranks[edges.source[edge]!]! + 1)
    })
    ranks[node] = rank
  }
  const floating = findFloating(nodeCount, edges, order, skip)
  for (let sweep = 0; sweep < 4; sweep++) {
    let moved = false
    for (let i = order.length - 1; i >= 0; i--) {
      const node = order[i]!
      if (pins?.[node] === 1) continue
      let ways = 0
      let lowest = Number.MAX_SAFE_INTEGER
      forEdges(outgoing, node, skip, (edge) => {
        ways++
        lowest = Math.min(lowest, ranks[edges.target[edge]!]! - 1)
      })
      forEdges(incoming, node, skip, () => {
        ways--
      })
      if ((ways <= 0 && floating[node] === 0) || lowest === Number.MAX_SAFE_INTEGER || lowest <= ranks[node]!) continue
      ranks[node] = lowest
      moved = true
    }
    if (!moved) break
  }
  if (pins !== undefined) {
    const last = ranks.reduce((most, rank) => Math.max(most, rank), 0)
    pins.forEach((pin, node) => pin === 2 && (ranks[node] = last))
  }
  return ranks
}

/** 1 for nodes whose every ancestor has one reader only: with them, all of that can move and nothing gets longer. */
function findFloating(nodeCount: number, edges: EdgeList, order: Uint32Array, skip: Uint8Array): Uint8Array {
  const incoming = groupBy(edges.target, nodeCount)
  const readers = new Uint32Array(nodeCount)
  edges.source.forEach((source, edge) => (readers[source]! += 1 - skip[edge]!))
  const floating = new Uint8Array(nodeCount).fill(1)
  for (const node of order) {
    forEdges(incoming, node, skip, (edge) => {
      const source = edges.source[edge]!
      if (floating[source] === 0 || readers[source] !== 1) floating[node] = 0
    })
  }
  return floating
}

function forEdges(grouped: Grouped, node: number, skip: Uint8Array, visit: (edge: number) => void): void {
  const end = grouped.start[node + 1]!
  for (let i = grouped.start[node]!; i < end; i++) {
    const edge = grouped.items[i]!
    if (skip[edge] === 0) visit(edge)
  }
}
