/** Left-to-right order in each rank, with few crossings: barycenter sweeps, then transposition where the graph is small. */
import { groupBy, type Grouped } from './layout-graph'
import type { ProperGraph } from './proper-graph'

const SWEEPS = 8
/** Transposition compares every pair of neighbours: beyond this many vertices its time shows. */
const TRANSPOSE_UP_TO = 1500
/** So many vertices are ordered anew from other beginnings while edges cross, in some tens of milliseconds. */
const RETRY_UP_TO = 1200
const RETRIES = 16

/** Vertices rank by rank, left to right: rank `r` is `items[start[r] … start[r + 1] - 1]`. */
export function orderVertices(graph: ProperGraph, { quick = false }: { quick?: boolean | undefined } = {}): Grouped {
  const layers = initialLayers(graph)
  const position = new Float64Array(graph.vertexCount)
  updatePositions(layers, position)
  const order: Order = { layers, position, links: neighbourLists(graph) }
  const first = layers.items.slice()
  let best = sweep(graph, order, { sweeps: SWEEPS, upwards: false })
  if (!quick && graph.vertexCount <= RETRY_UP_TO) {
    // Sweeps end in a local minimum; other beginnings lead to others.
    for (let attempt = 1; attempt <= RETRIES && best.crossings > 0; attempt++) {
      layers.items.set(first)
      rearrange(layers, attempt)
      updatePositions(layers, position)
      const found = sweep(graph, order, { sweeps: 2 * SWEEPS, upwards: attempt % 2 === 1 })
      if (found.crossings < best.crossings) best = found
    }
  }
  layers.items = best.items
  return layers
}

interface Order {
  layers: Grouped
  position: Float64Array
  links: { above: Grouped; below: Grouped }
}

function sweep(graph: ProperGraph, { layers, position, links }: Order, { sweeps, upwards }: { sweeps: number; upwards: boolean }): { items: Uint32Array; crossings: number } {
  let items = layers.items.slice()
  let crossings = countCrossings(graph, layers, position)
  for (let round = 0; round < sweeps && crossings > 0; round++) {
    const down = (round % 2 === 0) !== upwards
    for (let i = 1; i < graph.rankCount; i++) {
      const rank = down ? i : graph.rankCount - 1 - i
      sortByBarycenter(layers, rank, down ? links.above : links.below, position)
    }
    if (graph.vertexCount <= TRANSPOSE_UP_TO) transpose(layers, links, position)
    const now = countCrossings(graph, layers, position)
    if (now >= crossings) continue
    crossings = now
    items = layers.items.slice()
  }
  return { items, crossings }
}

/** First every rank mirrored, then shuffled by a fixed sequence: equal graphs get equal orders. */
function rearrange(layers: Grouped, attempt: number): void {
  let state = attempt * 0x9e3779b9
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 0x100000000) * limit)
  }
  for (let rank = 0; rank + 1 < layers.start.length; rank++) {
    const layer = layers.items.subarray(layers.start[rank], layers.start[rank + 1])
    if (attempt <= 2) {
      layer.reverse()
      continue
    }
    for (let i = layer.length - 1; i > 0; i--) {
      const other = below(i + 1)
      const kept = layer[i]!
      layer[i] = layer[other]!
      layer[other] = kept
    }
  }
}

/** Edges that cross, all ranks together. `position` is each vertex's place in its rank. */
export function countCrossings(graph: ProperGraph, layers: Grouped, position: Float64Array): number {
  let total = 0
  let tree = new Uint32Array(0)
  for (let rank = 0; rank + 1 < graph.rankCount; rank++) {
    const width = layers.start[rank + 2]! - layers.start[rank + 1]!
    if (width < 2) continue
    if (tree.length < width + 1) tree = new Uint32Array(width + 1)
    else tree.fill(0, 0, width + 1)
    let inserted = 0
    for (let i = layers.start[rank]!; i < layers.start[rank + 1]!; i++) {
      const vertex = layers.items[i]!
      const from = graph.below.start[vertex]!
      const to = graph.below.start[vertex + 1]!
      // First count against what earlier vertices put in, then put in: steps of one vertex do not cross each other.
      for (let k = from; k < to; k++) {
        const place = position[graph.stepTarget[graph.below.items[k]!]!]!
        let notRight = 0
        for (let node = place + 1; node > 0; node &= node - 1) notRight += tree[node]!
        total += inserted - notRight
      }
      for (let k = from; k < to; k++) {
        const place = position[graph.stepTarget[graph.below.items[k]!]!]!
        for (let node = place + 1; node <= width; node += node & -node) tree[node]! += 1
        inserted++
      }
    }
  }
  return total
}

/** Writes each vertex's place in its rank into `position`. */
export function updatePositions(layers: Grouped, position: Float64Array): void {
  for (let rank = 0; rank + 1 < layers.start.length; rank++) {
    const start = layers.start[rank]!
    for (let i = start; i < layers.start[rank + 1]!; i++) position[layers.items[i]!] = i - start
  }
}

/** Depth first from the top: what hangs together starts side by side. */
function initialLayers(graph: ProperGraph): Grouped {
  const visited = new Uint8Array(graph.vertexCount)
  const visits = new Uint32Array(graph.vertexCount)
  let count = 0
  const byRank = groupBy(graph.rank, graph.rankCount)
  for (const root of byRank.items) {
    if (visited[root] === 1) continue
    const stack = [root]
    visited[root] = 1
    while (stack.length > 0) {
      const vertex = stack.pop()
      if (vertex === undefined) break
      visits[vertex] = count++
      for (let k = graph.below.start[vertex + 1]! - 1; k >= graph.below.start[vertex]!; k--) {
        const target = graph.stepTarget[graph.below.items[k]!]!
        if (visited[target] === 1) continue
        visited[target] = 1
        stack.push(target)
      }
    }
  }
  for (let rank = 0; rank < graph.rankCount; rank++) {
    byRank.items.subarray(byRank.start[rank], byRank.start[rank + 1]).sort((a, b) => visits[a]! - visits[b]!)
  }
  return byRank
}

/** Neighbours in the rank above and below; `items` are vertices. */
function neighbourLists(graph: ProperGraph): { above: Grouped; below: Grouped } {
  return {
    above: { start: graph.above.start, items: graph.above.items.map((step) => graph.stepSource[step]!) },
    below: { start: graph.below.start, items: graph.below.items.map((step) => graph.stepTarget[step]!) },
  }
}

function sortByBarycenter(layers: Grouped, rank: number, fixed: Grouped, position: Float64Array): void {
  const start = layers.start[rank]!
  const length = layers.start[rank + 1]! - start
  if (length < 2) return
  const layer = layers.items.subarray(start, start + length)
  const keys = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    const vertex = layer[i]!
    const from = fixed.start[vertex]!
    const to = fixed.start[vertex + 1]!
    let sum = 0
    for (let k = from; k < to; k++) sum += position[fixed.items[k]!]!
    // A vertex with nothing on that side stays beside its left neighbour.
    keys[i] = to > from ? sum / (to - from) : i > 0 ? keys[i - 1]! : 0
  }
  const places = Uint32Array.from(keys, (_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b)
  const sorted = places.map((place) => layer[place]!)
  layer.set(sorted)
  for (let i = 0; i < length; i++) position[layer[i]!] = i
}

/** Swaps neighbours while that takes crossings away. */
function transpose(layers: Grouped, links: { above: Grouped; below: Grouped }, position: Float64Array): void {
  for (let round = 0; round < 4; round++) {
    let improved = false
    for (let rank = 0; rank + 1 < layers.start.length; rank++) {
      for (let i = layers.start[rank]!; i + 1 < layers.start[rank + 1]!; i++) {
        const left = layers.items[i]!
        const right = layers.items[i + 1]!
        const now = pairCrossings(links.above, left, right, position) + pairCrossings(links.below, left, right, position)
        if (now === 0) continue
        const swapped = pairCrossings(links.above, right, left, position) + pairCrossings(links.below, right, left, position)
        if (swapped >= now) continue
        layers.items[i] = right
        layers.items[i + 1] = left
        position[right]! -= 1
        position[left]! += 1
        improved = true
      }
    }
    if (!improved) return
  }
}

function pairCrossings(links: Grouped, left: number, right: number, position: Float64Array): number {
  let crossings = 0
  for (let i = links.start[left]!; i < links.start[left + 1]!; i++) {
    for (let k = links.start[right]!; k < links.start[right + 1]!; k++) {
      if (position[links.items[i]!]! > position[links.items[k]!]!) crossings++
    }
  }
  return crossings
}
