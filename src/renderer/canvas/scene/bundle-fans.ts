/** Fans: many edges from one value, or into one box. Drawn one by one they are a grey mass; so they share a trunk and part where they must. */
import type { CanvasGraph } from './canvas-graph'
import type { LayoutResult } from '../layout/layout-graph'

/** Fewer edges than this are told apart easily. */
const FEWEST = 12
/** Between a trunk and the boxes on its side; behind boxes there is a label. */
const GAP = { leaving: 20, entering: 28 }

/** No picture is longer, in pixels. */
const MOST_LENGTH = 2 ** 26

/** The stretch of an edge that becomes part of a trunk. */
interface Bend {
  readonly edge: number
  /** The stretch ends at this point of the edge, counted from 0. */
  readonly point: number
  /** Where the trunk runs, along the flow. */
  readonly level: number
  /** Across the flow: where all edges of the fan are before the trunk, or behind it. */
  readonly stem: number
  readonly side: 'leaving' | 'entering'
}

/** The layout with each fan's edges led over a trunk, where all make their way across; as it is where there is no fan. */
export function bundleFans(graph: CanvasGraph, layout: LayoutResult): LayoutResult {
  const drawn = graph.edges.flatMap((_, edge) => (pointCount(layout, edge) >= 2 ? [edge] : []))
  const bends = new Map<number, Bend>()
  const add = (side: Bend['side'], key: (edge: number) => number) => {
    for (const fan of largeGroups(drawn, key)) for (const bend of bendsOf({ graph, layout }, fan.filter((edge) => !bends.has(edge)), side)) bends.set(bend.edge, bend)
  }
  // A value that comes through a frame leaves there too.
  add('leaving', (edge) => (graph.edges[edge]?.source ?? 0) * graph.values.length + (graph.edges[edge]?.value ?? 0))
  add('entering', (edge) => graph.edges[edge]?.target ?? 0)
  return bends.size === 0 ? layout : withBends(layout, graph.edges.length, bends)
}

interface Arranged {
  readonly graph: CanvasGraph
  readonly layout: LayoutResult
}

/** Edges of a fan that go across between the same layers share a trunk there, where no box is in its way. */
function bendsOf({ graph, layout }: Arranged, fan: readonly number[], side: Bend['side']): Bend[] {
  const points = new Map(fan.map((edge) => [edge, widestStretch(layout, edge)]))
  const between = largeGroups(fan, (edge) => {
    const point = points.get(edge) ?? 1
    return Math.round(along(layout, edge, point - 1)) * MOST_LENGTH + Math.round(along(layout, edge, point))
  })
  return between.flatMap((edges) => {
    const together = edges.map((edge) => ({ edge, point: points.get(edge) ?? 1 }))
    const [first] = together
    if (first === undefined) return []
    const [from, to] = [along(layout, first.edge, first.point - 1), along(layout, first.edge, first.point)]
    const gap = Math.min(GAP[side], (to - from) / 2)
    const levels = side === 'leaving' ? [to - gap, (from + to) / 2] : [from + gap, (from + to) / 2, to - gap]
    const reach = { from: Infinity, to: -Infinity }
    for (const { edge, point } of together) {
      for (const place of [across(layout, edge, point - 1), across(layout, edge, point)]) {
        reach.from = Math.min(reach.from, place)
        reach.to = Math.max(reach.to, place)
      }
    }
    const level = levels.find((candidate) => isFree({ graph, layout }, { level: candidate, ...reach }))
    if (level === undefined) return []
    const tips = together.map(({ edge }) => across(layout, edge, side === 'leaving' ? 0 : pointCount(layout, edge) - 1))
    const stem = tips.reduce((sum, tip) => sum + tip, 0) / tips.length
    return together.map(({ edge, point }): Bend => ({ edge, point, level, stem, side }))
  })
}

/** Whether a line across the flow meets no box; what unfolded groups hold stands within them. */
function isFree({ graph, layout }: Arranged, { level, from, to }: { readonly level: number; readonly from: number; readonly to: number }): boolean {
  const [start, extent, side, breadth] = layout.direction === 'down' ? [layout.y, layout.height, layout.x, layout.width] : [layout.x, layout.width, layout.y, layout.height]
  return !graph.boxes.some((box, at) => {
    if (box.kind === 'group' && box.expanded) return false
    const [top = 0, height = 0, left = 0, width = 0] = [start[at], extent[at], side[at], breadth[at]]
    return top < level && level < top + height && left < to && from < left + width
  })
}

/** The point at the end of the stretch that goes furthest across. */
function widestStretch(layout: LayoutResult, edge: number): number {
  let widest = 1
  const width = (point: number) => Math.abs(across(layout, edge, point) - across(layout, edge, point - 1))
  for (let point = 2; point < pointCount(layout, edge); point++) if (width(point) > width(widest)) widest = point
  return widest
}

function withBends(layout: LayoutResult, edgeCount: number, bends: ReadonlyMap<number, Bend>): LayoutResult {
  const points: number[] = []
  const pointStart = new Uint32Array(edgeCount + 1)
  const [labelX, labelY] = [layout.labelX.slice(), layout.labelY.slice()]
  const push = (acrossFlow: number, alongFlow: number) => void (layout.direction === 'down' ? points.push(acrossFlow, alongFlow) : points.push(alongFlow, acrossFlow))
  for (let edge = 0; edge < edgeCount; edge++) {
    pointStart[edge] = points.length / 2
    const bend = bends.get(edge)
    const place = (point: number) => {
      const isStem = bend !== undefined && (bend.side === 'leaving' ? point < bend.point : point >= bend.point)
      return isStem ? bend.stem : across(layout, edge, point)
    }
    for (let point = 0; point < pointCount(layout, edge); point++) {
      if (bend?.point === point) {
        push(place(point - 1), bend.level)
        push(place(point), bend.level)
      }
      push(place(point), along(layout, edge, point))
    }
    if (bend === undefined || Number.isNaN(labelX[edge])) continue
    // Beside the first box, before the edge parts from the others or joins them.
    const from = bend.side === 'leaving' ? 0 : bend.point - 1
    const [labelAcross, labelAlong] = [place(from), (along(layout, edge, from) + bend.level) / 2]
    labelX[edge] = layout.direction === 'down' ? labelAcross : labelAlong
    labelY[edge] = layout.direction === 'down' ? labelAlong : labelAcross
  }
  pointStart[edgeCount] = points.length / 2
  return { ...layout, points: Float32Array.from(points), pointStart, labelX, labelY }
}

function largeGroups(edges: readonly number[], key: (edge: number) => number): number[][] {
  const groups = new Map<number, number[]>()
  for (const edge of edges) {
    const found = key(edge)
    const group = groups.get(found)
    if (group) group.push(edge)
    else groups.set(found, [edge])
  }
  return [...groups.values()].filter(({ length }) => length >= FEWEST)
}

function pointCount({ pointStart }: LayoutResult, edge: number): number {
  return (pointStart[edge + 1] ?? 0) - (pointStart[edge] ?? 0)
}

function along({ points, pointStart, direction }: LayoutResult, edge: number, point: number): number {
  return points[2 * ((pointStart[edge] ?? 0) + point) + (direction === 'down' ? 1 : 0)] ?? 0
}

function across({ points, pointStart, direction }: LayoutResult, edge: number, point: number): number {
  return points[2 * ((pointStart[edge] ?? 0) + point) + (direction === 'down' ? 0 : 1)] ?? 0
}
