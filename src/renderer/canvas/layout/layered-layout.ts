/**
 * Layered layout in the manner of Sugiyama: ranks, portals, order, coordinates, routes. Deterministic: equal requests give
 * equal results.
 */
import { groupBy, portalRowCount, type Grouped, type LayoutRequest, type LayoutResult } from './layout-graph'
import { makeProper, type ProperGraph } from './proper-graph'
import { orderAcyclic, type EdgeList } from './ranks'
import { choosePortals } from './portals'
import { orderVertices, updatePositions } from './order-vertices'
import { placeAcross } from './place-across'
import { packParts, type PlacedPart } from './pack-parts'
import { routeEdges } from './route-edges'

/** Room between two ranks: enough for two rows of labels. */
const RANK_GAP = 48
/** Edges that run far across get more, up to this, or they would lie on each other. */
const RANK_GAP_MAX = 160
const SLANT_PER_GAP = 24

/** Lays a graph out; any graph, also with cycles, loose parts or nothing in it. */
export function layeredLayout(request: LayoutRequest): LayoutResult {
  const nodeCount = request.widths.length
  const edges = { source: request.edgeSource, target: request.edgeTarget, value: request.edgeValue }
  const { order, backward } = orderAcyclic(nodeCount, edges)
  const { portal, ranks } = choosePortals(nodeCount, edges, order, { backward, pins: request.pins })
  const heights = withPortalRows(request, portal)
  const across = request.direction === 'down' ? request.widths : heights
  const along = request.direction === 'down' ? heights : request.widths

  const drawn = Uint32Array.from(portal.keys()).filter((edge) => portal[edge] === 0)
  const parts = connectedParts(nodeCount, edges, drawn)
  const normal = normalizeRanks(ranks, parts.part, parts.count)
  const graph = makeProper(nodeCount, edges, normal, drawn)
  const placed = packParts(placeParts(graph, edges, drawn, { parts, across, along, labels: labelRoom(request, drawn), quick: request.quick }), graph)
  return routeEdges({ request, drawn, portal, graph, placed, across, along, heights })
}

/** Box heights with one row for each portal in, and one for each value that leaves through portals. */
function withPortalRows(request: LayoutRequest, portal: Uint8Array): Float32Array {
  const nodeCount = request.widths.length
  const entering = new Uint32Array(nodeCount)
  const leaving = Array.from({ length: nodeCount }, () => new Set<number>())
  for (let edge = 0; edge < portal.length; edge++) {
    if (portal[edge] === 0) continue
    entering[request.edgeTarget[edge]!]! += 1
    leaving[request.edgeSource[edge]!]?.add(request.edgeValue[edge]!)
  }
  return request.heights.map((height, node) => {
    if ((request.pins?.[node] ?? 0) !== 0) return height
    const rows = portalRowCount(entering[node]!) + portalRowCount(leaving[node]?.size ?? 0)
    return height + rows * request.portalRowHeight
  })
}

/** Downwards, labels fit into any gap; to the right, the gap must be as wide as they are. */
function labelRoom(request: LayoutRequest, drawn: Uint32Array): Float32Array {
  const room = new Float32Array(request.widths.length)
  if (request.direction === 'down') return room
  for (const edge of drawn) {
    const source = request.edgeSource[edge]!
    room[source] = Math.max(room[source]!, request.labelWidths[request.edgeValue[edge]!]! + 24)
  }
  return room
}

interface Parts {
  /** Which part each node belongs to; parts are numbered by their first node. */
  part: Uint32Array
  count: number
}

function connectedParts(nodeCount: number, edges: EdgeList, drawn: Uint32Array): Parts {
  const parent = Uint32Array.from({ length: nodeCount }, (_, node) => node)
  const find = (node: number): number => {
    let root = node
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!
      root = parent[root]!
    }
    return root
  }
  for (const edge of drawn) {
    const a = find(edges.source[edge]!)
    const b = find(edges.target[edge]!)
    if (a !== b) parent[Math.max(a, b)] = Math.min(a, b)
  }
  const numbers = new Map<number, number>()
  const part = Uint32Array.from({ length: nodeCount }, (_, node) => {
    const root = find(node)
    const known = numbers.get(root)
    if (known !== undefined) return known
    numbers.set(root, numbers.size)
    return numbers.size - 1
  })
  return { part, count: numbers.size }
}

/** Every part starts at rank 0. */
function normalizeRanks(ranks: Int32Array, part: Uint32Array, count: number): Int32Array {
  const first = new Int32Array(count).fill(0x7fffffff)
  for (let node = 0; node < ranks.length; node++) first[part[node]!] = Math.min(first[part[node]!]!, ranks[node]!)
  return ranks.map((rank, node) => rank - first[part[node]!]!)
}

interface PartSizes {
  parts: Parts
  across: Float32Array
  along: Float32Array
  /** Room along the flow that each node's labels need behind it. */
  labels: Float32Array
  quick: boolean | undefined
}

function placeParts(graph: ProperGraph, edges: EdgeList, drawn: Uint32Array, { parts, across, along, labels, quick }: PartSizes): PlacedPart[] {
  const partOf = new Uint32Array(graph.vertexCount)
  partOf.set(parts.part)
  for (const edge of drawn) {
    const bends = graph.rank[edges.target[edge]!]! - graph.rank[edges.source[edge]!]! - 1
    partOf.fill(parts.part[edges.source[edge]!]!, graph.firstBend[edge], graph.firstBend[edge]! + bends)
  }
  const vertices = groupBy(partOf, parts.count)
  const steps = groupBy(graph.stepSource.map((vertex) => partOf[vertex]!), parts.count)
  const local = new Uint32Array(graph.vertexCount)
  return Array.from({ length: parts.count }, (_, part) => placePart(graph, { vertices, steps, local, part, across, along, labels, quick }))
}

interface PartInput {
  vertices: Grouped
  steps: Grouped
  /** Scratch: number of a vertex inside its part. */
  local: Uint32Array
  part: number
  across: Float32Array
  along: Float32Array
  labels: Float32Array
  quick: boolean | undefined
}

function placePart(whole: ProperGraph, { vertices, steps, local, part, across, along, labels, quick }: PartInput): PlacedPart {
  const own = vertices.items.subarray(vertices.start[part], vertices.start[part + 1])
  own.forEach((vertex, i) => (local[vertex] = i))
  const ownSteps = steps.items.subarray(steps.start[part], steps.start[part + 1])
  const graph = subgraph(whole, own, ownSteps, local)
  const sizesAcross = Float32Array.from({ length: graph.nodeCount }, (_, i) => across[own[i]!]!)
  const layers = orderVertices(graph, { quick })
  const position = new Float64Array(graph.vertexCount)
  updatePositions(layers, position)
  const centres = placeAcross(graph, layers, position, sizesAcross)

  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  centres.forEach((centre, i) => {
    const half = (sizesAcross[i] ?? 0) / 2
    least = Math.min(least, centre - half)
    most = Math.max(most, centre + half)
  })
  const bands = placeRanks(graph, centres, { size: (i) => along[own[i]!]!, labelSize: (i) => labels[own[i]!]! })
  return {
    vertices: own,
    across: centres.map((centre) => centre - Math.floor(least)),
    along: Float64Array.from(graph.rank, (rank) => (bands.start[rank]! + bands.end[rank]!) / 2),
    bandStart: Float64Array.from(graph.rank, (rank) => bands.start[rank]!),
    bandEnd: Float64Array.from(graph.rank, (rank) => bands.end[rank]!),
    sizeAcross: Math.ceil(most - Math.floor(least)),
    sizeAlong: bands.end[graph.rankCount - 1] ?? 0,
  }
}

function subgraph(whole: ProperGraph, own: Uint32Array, ownSteps: Uint32Array, local: Uint32Array): ProperGraph {
  const rank = Int32Array.from(own, (vertex) => whole.rank[vertex]!)
  const stepSource = ownSteps.map((step) => local[whole.stepSource[step]!]!)
  const stepTarget = ownSteps.map((step) => local[whole.stepTarget[step]!]!)
  return {
    // Vertices are in ascending order, so a part's nodes come before its bends.
    nodeCount: own.filter((vertex) => vertex < whole.nodeCount).length,
    vertexCount: own.length,
    rankCount: rank.reduce((most, value) => Math.max(most, value + 1), 0),
    rank,
    stepSource,
    stepTarget,
    below: groupBy(stepSource, own.length),
    above: groupBy(stepTarget, own.length),
    firstBend: whole.firstBend,
  }
}

interface RankSizes {
  size: (vertex: number) => number
  labelSize: (vertex: number) => number
}

/** Where the band of each rank starts and ends along the flow. */
function placeRanks(graph: ProperGraph, centres: Float64Array, { size, labelSize }: RankSizes): { start: Float64Array; end: Float64Array } {
  const depth = new Float64Array(graph.rankCount)
  const labelDepth = new Float64Array(graph.rankCount)
  for (let vertex = 0; vertex < graph.nodeCount; vertex++) {
    const rank = graph.rank[vertex]!
    depth[rank] = Math.max(depth[rank]!, size(vertex))
    labelDepth[rank] = Math.max(labelDepth[rank]!, labelSize(vertex))
  }
  const slant = new Float64Array(graph.rankCount)
  for (let step = 0; step < graph.stepSource.length; step++) {
    const source = graph.stepSource[step]!
    const rank = graph.rank[source]!
    slant[rank] = Math.max(slant[rank]!, Math.abs(centres[source]! - centres[graph.stepTarget[step]!]!))
  }
  const start = new Float64Array(graph.rankCount)
  const end = new Float64Array(graph.rankCount)
  let cursor = 0
  for (let rank = 0; rank < graph.rankCount; rank++) {
    start[rank] = cursor
    end[rank] = cursor + depth[rank]!
    cursor = end[rank]! + Math.max(labelDepth[rank]!, Math.min(RANK_GAP_MAX, RANK_GAP + Math.floor(slant[rank]! / SLANT_PER_GAP / 4) * 4))
  }
  return { start, end }
}
