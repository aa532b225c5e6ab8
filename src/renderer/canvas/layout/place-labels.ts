/** Finds room for the labels of values in the gap below their source; those without room are left out. */
import type { LayoutRequest } from './layout-graph'

const LABEL_HEIGHT = 14
const LABEL_GAP = 8
/** On a straight line the label stays this near to the source. */
const STRAIGHT_DOWN = 48
/** Places tried along the gap, as parts of it. */
const HEIGHTS_DOWN = [0.5, 0.25, 0.75]
const HEIGHTS_RIGHT = [0.5]

export interface LabelInput {
  request: LayoutRequest
  drawn: Uint32Array
  pointStart: Uint32Array
  /** Pairs (across, along). */
  points: Float32Array
}

interface Candidate {
  edge: number
  /** The two points between which the label may stand. */
  from: { across: number; along: number }
  to: { across: number; along: number }
}

/** Centre of each edge's label across and along the flow; NaN where it has none. A value is labelled on one of its edges. */
export function placeLabels({ request, drawn, pointStart, points }: LabelInput): { across: Float32Array; along: Float32Array } {
  const across = new Float32Array(request.edgeSource.length).fill(NaN)
  const along = new Float32Array(request.edgeSource.length).fill(NaN)
  const down = request.direction === 'down'
  const sizeOf = (edge: number) => (down ? request.labelWidths[request.edgeValue[edge]!]! : LABEL_HEIGHT)
  const heights = down ? HEIGHTS_DOWN : HEIGHTS_RIGHT

  for (const gap of gapsOf(candidates(request, drawn, pointStart, points))) {
    gap.sort((a, b) => a.from.across + a.to.across - b.from.across - b.to.across || a.edge - b.edge)
    // One row for all looks calmest; only where they do not fit into one, each takes the first that has room.
    const row = heights.find((part) => fitOneRow(gap, part, sizeOf))
    const rows = row === undefined ? heights : [row]
    const taken = rows.map(() => Number.NEGATIVE_INFINITY)
    for (const { edge, from, to } of gap) {
      const half = (sizeOf(edge) + LABEL_GAP) / 2
      for (const [row, part] of rows.entries()) {
        const centre = curveAt(from.across, to.across, part)
        if (centre - half < taken[row]!) continue
        taken[row] = centre + half
        across[edge] = centre
        along[edge] = from.along + (to.along - from.along) * part
        break
      }
    }
  }
  return { across, along }
}

function fitOneRow(gap: readonly Candidate[], part: number, sizeOf: (edge: number) => number): boolean {
  let taken = Number.NEGATIVE_INFINITY
  return gap.every(({ edge, from, to }) => {
    const centre = curveAt(from.across, to.across, part)
    const half = (sizeOf(edge) + LABEL_GAP) / 2
    const fits = centre - half >= taken
    taken = centre + half
    return fits
  })
}

function candidates(request: LayoutRequest, drawn: Uint32Array, pointStart: Uint32Array, points: Float32Array): Candidate[] {
  const chosen = new Map<number, Candidate & { slant: number }>()
  for (const edge of drawn) {
    const value = request.edgeValue[edge]!
    if (request.labelWidths[value] === 0) continue
    const room = request.direction === 'down' ? STRAIGHT_DOWN : request.labelWidths[value]! + 24
    const segment = firstGap(edge, pointStart, points, room)
    if (segment === null) continue
    const slant = Math.abs(segment.to.across - segment.from.across)
    const other = chosen.get(value)
    if (other === undefined || slant < other.slant) chosen.set(value, { edge, ...segment, slant })
  }
  return [...chosen.values()]
}

/** The first stretch between two ranks: the bend after the source's band, or the whole line where it is straight. */
function firstGap(edge: number, pointStart: Uint32Array, points: Float32Array, room: number): Omit<Candidate, 'edge'> | null {
  const start = pointStart[edge]!
  const end = pointStart[edge + 1]!
  if (end - start < 2) return null
  const point = (i: number) => ({ across: points[2 * i]!, along: points[2 * i + 1]! })
  for (let i = start; i + 1 < end; i++) if (point(i).across !== point(i + 1).across) return { from: point(i), to: point(i + 1) }
  const from = point(start)
  const to = point(start + 1)
  return { from, to: { across: to.across, along: Math.min(to.along, from.along + room) } }
}

/** Labels of one gap compete for room: those whose stretch starts at the same height. */
function gapsOf(labels: readonly Candidate[]): Candidate[][] {
  const gaps = new Map<number, Candidate[]>()
  for (const label of labels) {
    const known = gaps.get(label.to.along)
    if (known) known.push(label)
    else gaps.set(label.to.along, [label])
  }
  return [...gaps.values()]
}

/** The curve between two points, across the flow: its control points lie half way along it. */
function curveAt(from: number, to: number, part: number): number {
  const eased = part * part * (3 - 2 * part)
  return from + (to - from) * eased
}
