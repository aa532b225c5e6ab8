/** Where edges touch their boxes: spread along the side, in the order in which they come, so that they do not cross there. */
import { groupBy, type LayoutRequest } from './layout-graph'
import type { ProperGraph } from './proper-graph'

const PORT_SPACING = 24
const CORNER = 12

export interface PortInput {
  request: LayoutRequest
  drawn: Uint32Array
  graph: ProperGraph
  /** Centre of each vertex, and size of each box, across the flow. */
  centres: Float64Array
  sizes: Float32Array
}

/** Place across the flow at which each edge leaves and enters; edges of one value leave at one place. */
export function choosePorts({ request, drawn, graph, centres, sizes }: PortInput): { leaving: Float64Array; entering: Float64Array } {
  const { edgeSource, edgeTarget, edgeValue } = request
  const leaving = new Float64Array(edgeSource.length)
  const entering = new Float64Array(edgeSource.length)
  const firstBend = (edge: number) => graph.firstBend[edge]!
  const bends = (edge: number) => graph.rank[edgeTarget[edge]!]! - graph.rank[edgeSource[edge]!]! - 1
  const afterSource = (edge: number) => centres[bends(edge) > 0 ? firstBend(edge) : edgeTarget[edge]!]!
  const beforeTarget = (edge: number) => centres[bends(edge) > 0 ? firstBend(edge) + bends(edge) - 1 : edgeSource[edge]!]!

  const bySource = groupBy(drawn.map((edge) => edgeSource[edge]!), graph.nodeCount)
  const byTarget = groupBy(drawn.map((edge) => edgeTarget[edge]!), graph.nodeCount)
  for (let node = 0; node < graph.nodeCount; node++) {
    const centre = centres[node]!
    const out = edgesOf(bySource, drawn, node)
    const values = new Map<number, number[]>()
    for (const edge of out) values.set(edgeValue[edge]!, [...(values.get(edgeValue[edge]!) ?? []), edge])
    const bundles = [...values.values()].map((edges) => ({ edges, towards: nearest(edges.map(afterSource), centre) }))
    spread(bundles, centre, sizes[node]!, (bundle, place) => {
      for (const edge of bundle.edges) leaving[edge] = place
    })
    const into = edgesOf(byTarget, drawn, node).map((edge) => ({ edge, towards: beforeTarget(edge) }))
    spread(into, centre, sizes[node]!, ({ edge }, place) => (entering[edge] = place))
  }
  return { leaving, entering }
}

function edgesOf(grouped: { start: Uint32Array; items: Uint32Array }, drawn: Uint32Array, node: number): number[] {
  return Array.from(grouped.items.subarray(grouped.start[node], grouped.start[node + 1]), (i) => drawn[i]!)
}

/** Of the places an output goes to, the one that its port should look at: straight down if possible, else the middle. */
function nearest(places: readonly number[], centre: number): number {
  const straight = places.find((place) => Math.abs(place - centre) < 1)
  return straight ?? places.reduce((sum, place) => sum + place, 0) / places.length
}

/** One that runs straight into the centre keeps it, so that chains stay straight lines. */
function spread<T extends { towards: number }>(items: T[], centre: number, size: number, put: (item: T, place: number) => void): void {
  items.sort((a, b) => a.towards - b.towards)
  const straight = items.findIndex((item) => Math.abs(item.towards - centre) < 1)
  const middle = straight >= 0 ? straight : (items.length - 1) / 2
  const furthest = Math.max(middle, items.length - 1 - middle)
  const spacing = furthest === 0 ? 0 : Math.max(0, Math.min(PORT_SPACING, (size / 2 - CORNER) / furthest))
  items.forEach((item, i) => put(item, centre + (i - middle) * spacing))
}
