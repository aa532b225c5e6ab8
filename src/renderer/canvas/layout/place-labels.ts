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
  const widthOf = (edge: number) => request.labelWidths[request.edgeValue[edge]!]!
  const sizeOf = (edge: number) => (down ? widthOf(edge) : LABEL_HEIGHT)
  const lengthOf = (edge: number) => (down ? LABEL_HEIGHT : widthOf(edge))
  const heights = down ? HEIGHTS_DOWN : HEIGHTS_RIGHT
  const grid = createLabelGrid()

  for (const gap of gapsOf(candidates(request, drawn, pointStart, points))) {
    gap.sort((a, b) => a.from.across + a.to.across - b.from.across - b.to.across || a.edge - b.edge)
    // One row for all looks calmest; only where they do not fit into one, each takes the first that has room.
    const placeAt = ({ edge, from, to }: Candidate, part: number): PlacedLabel => ({
      across: curveAt(from.across, to.across, part),
      along: from.along + (to.along - from.along) * part,
      halfAcross: (sizeOf(edge) + LABEL_GAP) / 2,
      halfAlong: lengthOf(edge) / 2,
    })
    const row = heights.find((part) => fitOneRow(gap.map((candidate) => placeAt(candidate, part)), grid))
    for (const candidate of gap) {
      const label = (row === undefined ? heights : [row]).map((part) => placeAt(candidate, part)).find(grid.isFree)
      if (label === undefined) continue
      grid.take(label)
      across[candidate.edge] = label.across
      along[candidate.edge] = label.along
    }
  }
  return { across, along }
}

function fitOneRow(labels: readonly PlacedLabel[], grid: LabelGrid): boolean {
  let taken = Number.NEGATIVE_INFINITY
  return labels.every((label) => {
    const fits = label.across - label.halfAcross >= taken && grid.isFree(label)
    taken = label.across + label.halfAcross
    return fits
  })
}

interface PlacedLabel {
  readonly across: number
  readonly along: number
  readonly halfAcross: number
  readonly halfAlong: number
}

/** The labels placed so far. Lines of different length run side by side, so labels of different gaps may meet, too. */
interface LabelGrid {
  readonly isFree: (label: PlacedLabel) => boolean
  readonly take: (label: PlacedLabel) => void
}

const CELL = 128
/** More cells than any graph is wide. */
const CELLS_ACROSS = 2 ** 26

function createLabelGrid(): LabelGrid {
  const cells = new Map<number, PlacedLabel[]>()
  const cellsOf = ({ across, along, halfAcross, halfAlong }: PlacedLabel): number[] => {
    const found: number[] = []
    for (let row = Math.floor((along - halfAlong) / CELL); row <= Math.floor((along + halfAlong) / CELL); row++) {
      for (let column = Math.floor((across - halfAcross) / CELL); column <= Math.floor((across + halfAcross) / CELL); column++) found.push(row * CELLS_ACROSS + column)
    }
    return found
  }
  const meet = (one: PlacedLabel, other: PlacedLabel): boolean =>
    Math.abs(one.across - other.across) < one.halfAcross + other.halfAcross && Math.abs(one.along - other.along) < one.halfAlong + other.halfAlong
  return {
    isFree: (label) => cellsOf(label).every((cell) => cells.get(cell)?.every((other) => !meet(label, other)) ?? true),
    take: (label) => {
      for (const cell of cellsOf(label)) {
        const known = cells.get(cell)
        if (known) known.push(label)
        else cells.set(cell, [label])
      }
    },
  }
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
