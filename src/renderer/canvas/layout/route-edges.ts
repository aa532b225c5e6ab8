/** From placed vertices to what is drawn: corners of boxes, points of edges, places of labels; in screen directions. */
import { groupBy, type LayoutRequest, type LayoutResult } from './layout-graph'
import type { PlacedVertices } from './pack-parts'
import { choosePorts } from './choose-ports'
import { placeLabels } from './place-labels'
import type { ProperGraph } from './proper-graph'

export interface RouteInput {
  request: LayoutRequest
  drawn: Uint32Array
  portal: Uint8Array
  graph: ProperGraph
  placed: PlacedVertices
  /** Box sizes across and along the flow. */
  across: Float32Array
  along: Float32Array
  /** Box heights with portal rows. */
  heights: Float32Array
}

export function routeEdges(input: RouteInput): LayoutResult {
  const { request, portal, placed, heights } = input
  const down = request.direction === 'down'
  const nodeCount = request.widths.length
  const x = new Float32Array(nodeCount)
  const y = new Float32Array(nodeCount)
  for (let node = 0; node < nodeCount; node++) {
    const centreX = down ? placed.across[node]! : placed.along[node]!
    const centreY = down ? placed.along[node]! : placed.across[node]!
    x[node] = centreX - request.widths[node]! / 2
    y[node] = centreY - heights[node]! / 2
  }
  const { pointStart, points } = routePoints(input)
  const labels = placeLabels({ request, drawn: input.drawn, pointStart, points })
  if (!down) swapPairs(points)
  return {
    direction: request.direction,
    x,
    y,
    width: request.widths.slice(),
    height: heights,
    portal,
    pointStart,
    points,
    labelX: down ? labels.across : labels.along,
    labelY: down ? labels.along : labels.across,
    totalWidth: down ? placed.sizeAcross : placed.sizeAlong,
    totalHeight: down ? placed.sizeAlong : placed.sizeAcross,
  }
}

/** Points as pairs (across, along). An edge keeps its lane through the band of each rank, so it passes beside the boxes there. */
function routePoints({ request, drawn, graph, placed, across, along }: RouteInput): { pointStart: Uint32Array; points: Float32Array } {
  const { edgeSource, edgeTarget } = request
  const ports = choosePorts({ request, drawn, graph, centres: placed.across, sizes: across })
  const edgeCount = edgeSource.length
  const pointStart = new Uint32Array(edgeCount + 1)
  const points: number[] = []
  const drawnSet = groupBy(drawn, edgeCount)
  for (let edge = 0; edge < edgeCount; edge++) {
    const start = points.length
    const add = (pointAcross: number, pointAlong: number) => {
      const end = points.length
      if (end > start && points[end - 2] === pointAcross && points[end - 1] === pointAlong) return
      // Three points in one line need no middle one.
      if (end > start + 2 && points[end - 2] === pointAcross && points[end - 4] === pointAcross) points.length = end - 2
      points.push(pointAcross, pointAlong)
    }
    if (drawnSet.start[edge + 1]! > drawnSet.start[edge]!) {
      const source = edgeSource[edge]!
      const target = edgeTarget[edge]!
      add(ports.leaving[edge]!, placed.along[source]! + along[source]! / 2)
      add(ports.leaving[edge]!, placed.bandEnd[source]!)
      const bends = graph.rank[target]! - graph.rank[source]! - 1
      for (let i = 0; i < bends; i++) {
        const bend = graph.firstBend[edge]! + i
        add(placed.across[bend]!, placed.bandStart[bend]!)
        add(placed.across[bend]!, placed.bandEnd[bend]!)
      }
      add(ports.entering[edge]!, placed.bandStart[target]!)
      add(ports.entering[edge]!, placed.along[target]! - along[target]! / 2)
    }
    pointStart[edge + 1] = points.length / 2
  }
  return { pointStart, points: Float32Array.from(points) }
}

function swapPairs(points: Float32Array): void {
  for (let i = 0; i < points.length; i += 2) {
    const first = points[i]!
    points[i] = points[i + 1]!
    points[i + 1] = first
  }
}
