/**
 * Coordinates across the flow. U. Brandes and B. Köpf, "Fast and simple horizontal coordinate assignment" (2001), with
 * block widths, and the compaction done as longest paths over the graph of blocks (it cannot overlap; see the authors'
 * erratum of 2020 for why the original could).
 */
import type { Grouped } from './layout-graph'
import type { ProperGraph } from './proper-graph'

/** Room between two boxes, and beside a passing edge. */
const NODE_GAP = 24
const BEND_GAP = 12

/** Centre of each vertex across the flow. `sizes` are box sizes across the flow, 0 for bends. */
export function placeAcross(graph: ProperGraph, layers: Grouped, position: Float64Array, sizes: Float32Array): Float64Array {
  const aligning = findAligning(graph, layers, markConflicts(graph, layers, position))
  const gaps = neighbourGaps(graph, layers, sizes)
  const candidates: Float64Array[] = []
  for (const from of ['above', 'below'] as const) {
    for (const side of ['left', 'right'] as const) {
      const roots = alignBlocks(graph, layers, position, { from, side, aligning })
      candidates.push(compact(graph, layers, { roots, gaps, side }))
    }
  }
  const centres = balance(candidates)
  separate(layers, gaps, centres)
  return centres
}

/** Least distance between the centres of a vertex and its right neighbour; one per place in `layers.items`. */
function neighbourGaps(graph: ProperGraph, layers: Grouped, sizes: Float32Array): Float64Array {
  const gaps = new Float64Array(layers.items.length)
  for (let i = 0; i + 1 < layers.items.length; i++) {
    const left = layers.items[i]!
    const right = layers.items[i + 1]!
    const room = left < graph.nodeCount && right < graph.nodeCount ? NODE_GAP : BEND_GAP
    gaps[i] = ((sizes[left] ?? 0) + (sizes[right] ?? 0)) / 2 + room
  }
  return gaps
}

/** Steps that cross a step between two bends: long edges stay straight at their cost. */
function markConflicts(graph: ProperGraph, layers: Grouped, position: Float64Array): Uint8Array {
  const conflicts = new Uint8Array(graph.stepSource.length)
  const isBend = (vertex: number) => vertex >= graph.nodeCount
  for (let rank = 1; rank < graph.rankCount; rank++) {
    const start = layers.start[rank]!
    const end = layers.start[rank + 1]!
    let low = 0
    let scanned = start
    for (let i = start; i < end; i++) {
      const vertex = layers.items[i]!
      const innerStep = isBend(vertex) ? graph.above.items[graph.above.start[vertex]!] : undefined
      const innerSource = innerStep === undefined ? undefined : graph.stepSource[innerStep]
      const inner = innerSource !== undefined && isBend(innerSource)
      if (!inner && i !== end - 1) continue
      const high = inner ? position[innerSource]! : Number.POSITIVE_INFINITY
      for (; scanned <= i; scanned++) {
        const lower = layers.items[scanned]!
        for (let k = graph.above.start[lower]!; k < graph.above.start[lower + 1]!; k++) {
          const step = graph.above.items[k]!
          const source = graph.stepSource[step]!
          const place = position[source]!
          if ((place < low || place > high) && !(isBend(source) && isBend(lower))) conflicts[step] = 1
        }
      }
      low = inner ? high : low
    }
  }
  return conflicts
}

/**
 * Steps along which vertices may be lined up: those between vertices that both lie on each other's longest way through the
 * graph, counted in nodes. So the backbone of a model is one straight line, and what feeds it from the side, or jumps over a
 * part of it, makes way. Without this, the mean of left and right alignment lets long models drift sideways.
 */
function findAligning(graph: ProperGraph, layers: Grouped, conflicts: Uint8Array): Uint8Array {
  const { stepSource, stepTarget, nodeCount, vertexCount } = graph
  const own = (vertex: number) => (vertex < nodeCount ? 1 : 0)
  const before = new Uint32Array(vertexCount)
  const after = new Uint32Array(vertexCount)
  const longest = (links: Grouped, ends: Uint32Array, lengths: Uint32Array, vertex: number): number => {
    let most = 0
    for (let k = links.start[vertex]!; k < links.start[vertex + 1]!; k++) most = Math.max(most, lengths[ends[links.items[k]!]!]!)
    return most
  }
  // Vertices in the order of their ranks, forwards and backwards.
  for (const vertex of layers.items) before[vertex] = own(vertex) + longest(graph.above, stepSource, before, vertex)
  for (const vertex of layers.items.toReversed()) after[vertex] = own(vertex) + longest(graph.below, stepTarget, after, vertex)
  return Uint8Array.from(stepSource, (source, step) => {
    const target = stepTarget[step]!
    const mutual = before[source] === before[target]! - own(target) && after[target] === after[source]! - own(source)
    return mutual && conflicts[step] === 0 ? 1 : 0
  })
}

interface Alignment {
  from: 'above' | 'below'
  side: 'left' | 'right'
  aligning: Uint8Array
}

/** Root vertex of each vertex's block: the vertices that will stand in one line. */
function alignBlocks(graph: ProperGraph, layers: Grouped, position: Float64Array, { from, side, aligning }: Alignment): Uint32Array {
  const roots = Uint32Array.from({ length: graph.vertexCount }, (_, vertex) => vertex)
  const taken = new Uint8Array(graph.vertexCount)
  const links = from === 'above' ? graph.above : graph.below
  const ends = from === 'above' ? graph.stepSource : graph.stepTarget
  const mirrored = side === 'right'
  for (let r = 0; r < graph.rankCount; r++) {
    const rank = from === 'above' ? r : graph.rankCount - 1 - r
    const start = layers.start[rank]!
    const length = layers.start[rank + 1]! - start
    let reached = mirrored ? Number.POSITIVE_INFINITY : -1
    for (let i = 0; i < length; i++) {
      const vertex = layers.items[start + (mirrored ? length - 1 - i : i)]!
      const steps = Array.from(links.items.subarray(links.start[vertex], links.start[vertex + 1])).filter((step) => aligning[step] === 1)
      if (steps.length === 0) continue
      steps.sort((a, b) => position[ends[a]!]! - position[ends[b]!]!)
      const low = Math.floor((steps.length - 1) / 2)
      const high = Math.ceil((steps.length - 1) / 2)
      const medians = low === high ? [low] : mirrored ? [high, low] : [low, high]
      for (const median of medians) {
        const step = steps[median]!
        const neighbour = ends[step]!
        const place = position[neighbour]!
        if (taken[neighbour] === 1 || (mirrored ? place >= reached : place <= reached)) continue
        taken[neighbour] = 1
        roots[vertex] = roots[neighbour]!
        reached = place
        break
      }
    }
  }
  return roots
}

interface Compaction {
  roots: Uint32Array
  gaps: Float64Array
  side: 'left' | 'right'
}

/** Pushes all blocks to one side as far as their neighbours let them, then pulls each back towards the next. */
function compact(graph: ProperGraph, layers: Grouped, { roots, gaps, side }: Compaction): Float64Array {
  const { vertexCount } = graph
  const mirrored = side === 'right'
  const pairs: number[] = []
  for (let rank = 0; rank < graph.rankCount; rank++) {
    for (let i = layers.start[rank]!; i + 1 < layers.start[rank + 1]!; i++) pairs.push(i)
  }
  // One link per pair of neighbours, from the block that is placed first to the one that must keep its distance.
  const first = Uint32Array.from(pairs, (i) => roots[layers.items[mirrored ? i + 1 : i]!]!)
  const second = Uint32Array.from(pairs, (i) => roots[layers.items[mirrored ? i : i + 1]!]!)
  const outStart = new Uint32Array(vertexCount + 1)
  const waiting = new Uint32Array(vertexCount)
  for (let p = 0; p < pairs.length; p++) {
    outStart[first[p]! + 1]! += 1
    waiting[second[p]!]! += 1
  }
  for (let v = 0; v < vertexCount; v++) outStart[v + 1]! += outStart[v]!
  const fill = outStart.slice(0, vertexCount)
  const out = new Uint32Array(pairs.length)
  for (let p = 0; p < pairs.length; p++) {
    out[fill[first[p]!]!] = p
    fill[first[p]!]! += 1
  }
  const offsets = new Float64Array(vertexCount)
  const order: number[] = []
  for (let v = 0; v < vertexCount; v++) if (roots[v] === v && waiting[v] === 0) order.push(v)
  for (let head = 0; head < order.length; head++) {
    const block = order[head]!
    for (let k = outStart[block]!; k < outStart[block + 1]!; k++) {
      const p = out[k]!
      const next = second[p]!
      offsets[next] = Math.max(offsets[next]!, offsets[block]! + gaps[pairs[p]!]!)
      if ((waiting[next]! -= 1) === 0) order.push(next)
    }
  }
  for (let i = order.length - 1; i >= 0; i--) {
    const block = order[i]!
    let room = Number.POSITIVE_INFINITY
    for (let k = outStart[block]!; k < outStart[block + 1]!; k++) room = Math.min(room, offsets[second[out[k]!]!]! - gaps[pairs[out[k]!]!]!)
    if (room !== Number.POSITIVE_INFINITY) offsets[block] = Math.max(offsets[block]!, room)
  }
  return Float64Array.from({ length: vertexCount }, (_, v) => (mirrored ? -offsets[roots[v]!]! : offsets[roots[v]!]!))
}

/**
 * Takes, for each vertex, the mean of its two middle places. Before that the candidates are shifted onto each other by
 * their median, which is where the backbone is: so what fans out from it is spread to both sides alike.
 */
function balance(candidates: readonly Float64Array[]): Float64Array {
  for (const candidate of candidates) {
    const middle = candidate.toSorted()[candidate.length >> 1] ?? 0
    for (let v = 0; v < candidate.length; v++) candidate[v]! -= middle
  }
  const result = new Float64Array(candidates[0]?.length ?? 0)
  const places = new Float64Array(candidates.length)
  for (let v = 0; v < result.length; v++) {
    candidates.forEach((candidate, i) => (places[i] = candidate[v]!))
    places.sort()
    result[v] = (places[1]! + places[2]!) / 2
  }
  return result
}

/** Rounds to whole pixels and makes sure that rounding has not brought neighbours together. */
function separate(layers: Grouped, gaps: Float64Array, centres: Float64Array): void {
  for (let rank = 0; rank + 1 < layers.start.length; rank++) {
    for (let i = layers.start[rank]!; i < layers.start[rank + 1]!; i++) {
      const vertex = layers.items[i]!
      const rounded = Math.round(centres[vertex]!)
      const left = i > layers.start[rank]! ? centres[layers.items[i - 1]!]! + Math.ceil(gaps[i - 1]!) : Number.NEGATIVE_INFINITY
      centres[vertex] = Math.max(rounded, left)
    }
  }
}
