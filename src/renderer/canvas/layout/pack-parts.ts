/** Puts the unconnected parts of a graph beside each other, in rows. */
import type { ProperGraph } from './proper-graph'

const PART_GAP = 48

/** One connected part in its own coordinates, which start at 0. */
export interface PlacedPart {
  /** Vertices of the whole graph. */
  vertices: Uint32Array
  /** Centre across the flow and middle of the rank along it, one per vertex of the part. */
  across: Float64Array
  along: Float64Array
  /** Where the band of each vertex's rank starts and ends along the flow. */
  bandStart: Float64Array
  bandEnd: Float64Array
  sizeAcross: number
  sizeAlong: number
}

/** Every vertex of the graph in common coordinates; lengths across and along the flow. */
export interface PlacedVertices {
  across: Float64Array
  along: Float64Array
  bandStart: Float64Array
  bandEnd: Float64Array
  sizeAcross: number
  sizeAlong: number
}

export function packParts(parts: readonly PlacedPart[], graph: ProperGraph): PlacedVertices {
  const placed: PlacedVertices = {
    across: new Float64Array(graph.vertexCount),
    along: new Float64Array(graph.vertexCount),
    bandStart: new Float64Array(graph.vertexCount),
    bandEnd: new Float64Array(graph.vertexCount),
    sizeAcross: 0,
    sizeAlong: 0,
  }
  // The part with most in it first: it is what one wants to see; the others follow in the model's order.
  const largest = parts.reduce<PlacedPart | null>((best, part) => (best === null || part.vertices.length > best.vertices.length ? part : best), null)
  if (largest === null) return placed
  move(largest, placed, 0, 0)
  const rest = parts.filter((part) => part !== largest)
  const wide = largest.sizeAcross > 1.5 * largest.sizeAlong
  const origin = wide ? { across: 0, along: largest.sizeAlong + PART_GAP } : { across: largest.sizeAcross + PART_GAP, along: 0 }
  const area = rest.reduce((sum, part) => sum + (part.sizeAcross + PART_GAP) * (part.sizeAlong + PART_GAP), 0)
  const breadth = Math.max(wide ? largest.sizeAcross : 0, Math.sqrt(area) * 1.4)
  let across = 0
  let along = 0
  let rowSize = 0
  for (const part of rest) {
    if (across > 0 && across + part.sizeAcross > breadth) {
      along += rowSize + PART_GAP
      across = 0
      rowSize = 0
    }
    move(part, placed, origin.across + across, origin.along + along)
    across += part.sizeAcross + PART_GAP
    rowSize = Math.max(rowSize, part.sizeAlong)
  }
  return placed
}

function move(part: PlacedPart, placed: PlacedVertices, across: number, along: number): void {
  part.vertices.forEach((vertex, i) => {
    placed.across[vertex] = part.across[i]! + across
    placed.along[vertex] = part.along[i]! + along
    placed.bandStart[vertex] = part.bandStart[i]! + along
    placed.bandEnd[vertex] = part.bandEnd[i]! + along
  })
  placed.sizeAcross = Math.max(placed.sizeAcross, across + part.sizeAcross)
  placed.sizeAlong = Math.max(placed.sizeAlong, along + part.sizeAlong)
}
