/** A graph with its layout: what is where. */
import { createBoxIndex, type Area, type BoxIndex } from './box-index'
import { bundleFans } from './bundle-fans'
import type { CanvasGraph } from './canvas-graph'
import type { Composed } from './compose-levels'
import type { LevelledGraph } from './levels'
import { MAX_PORTAL_ROWS, type LayoutResult } from '../layout/layout-graph'

/** One end of a value that is named instead of drawn. */
export interface PortalEnd {
  readonly value: number
  /** Boxes at the other end: the source for a reader; the readers for a source. */
  readonly others: readonly number[]
}

export interface BoxPortals {
  readonly entering: readonly PortalEnd[]
  readonly leaving: readonly PortalEnd[]
}

export interface Scene {
  readonly graph: CanvasGraph
  readonly layout: LayoutResult
  /** The whole graph with its groups; `graph` is what is shown of it. */
  readonly levelled: LevelledGraph
  /** The shown box of each box of the whole graph. */
  readonly shownBox: Int32Array
  readonly boxIndex: BoxIndex
  readonly edgeIndex: BoxIndex
  /** Boxes with portals only. */
  readonly portals: ReadonlyMap<number, BoxPortals>
  /** Edge numbers at each box. */
  readonly edgesOf: readonly { readonly entering: readonly number[]; readonly leaving: readonly number[] }[]
  /** Edge numbers of each value. */
  readonly edgesOfValue: readonly (readonly number[])[]
}

export function createScene(levelled: LevelledGraph, { graph, layout: arranged, shownBox }: Composed): Scene {
  const layout = bundleFans(graph, arranged)
  const edgesOf = graph.boxes.map(() => ({ entering: [] as number[], leaving: [] as number[] }))
  const edgesOfValue = graph.values.map((): number[] => [])
  graph.edges.forEach(({ source, target, value }, edge) => {
    edgesOf[source]?.leaving.push(edge)
    edgesOf[target]?.entering.push(edge)
    edgesOfValue[value]?.push(edge)
  })
  return {
    graph,
    layout,
    levelled,
    shownBox,
    edgesOf,
    edgesOfValue,
    portals: collectPortals(graph, layout),
    boxIndex: createBoxIndex(graph.boxes.length, (box) => boxArea(layout, box)),
    edgeIndex: createBoxIndex(graph.edges.length, (edge) => edgeArea(layout, edge)),
  }
}

export function boxArea(layout: LayoutResult, box: number): Area {
  return { x: layout.x[box] ?? 0, y: layout.y[box] ?? 0, width: layout.width[box] ?? 0, height: layout.height[box] ?? 0 }
}

/** The smallest area around several boxes; null for none. */
export function areaAround(layout: LayoutResult, boxes: readonly number[]): Area | null {
  let area: Area | null = null
  for (const box of boxes) {
    const own = boxArea(layout, box)
    area = area === null ? own : union(area, own)
  }
  return area
}

/** Rows that stand for portals, as they are shown: at most `MAX_PORTAL_ROWS` and the number left out. */
export function shownPortals(ends: readonly PortalEnd[]): { shown: readonly PortalEnd[]; more: number } {
  return { shown: ends.slice(0, MAX_PORTAL_ROWS), more: Math.max(0, ends.length - MAX_PORTAL_ROWS) }
}

function collectPortals(graph: CanvasGraph, layout: LayoutResult): Map<number, BoxPortals> {
  const portals = new Map<number, { entering: PortalEnd[]; leaving: { value: number; others: number[] }[] }>()
  const of = (box: number) => {
    const known = portals.get(box)
    if (known) return known
    const made = { entering: [], leaving: [] }
    portals.set(box, made)
    return made
  }
  graph.edges.forEach(({ source, target, value, frame }, edge) => {
    if (layout.portal[edge] !== 1) return
    // Where a value comes through a frame, only the box inside names it, and the box outside.
    if (frame !== 'target') of(target).entering.push({ value, others: [source] })
    if (frame === 'source') return
    const { leaving } = of(source)
    const known = leaving.find((end) => end.value === value)
    if (known) known.others.push(target)
    else leaving.push({ value, others: [target] })
  })
  return portals
}

function edgeArea(layout: LayoutResult, edge: number): Area | null {
  const start = layout.pointStart[edge] ?? 0
  const end = layout.pointStart[edge + 1] ?? 0
  let area: Area | null = null
  for (let i = start; i < end; i++) {
    const point = { x: layout.points[2 * i] ?? 0, y: layout.points[2 * i + 1] ?? 0, width: 0, height: 0 }
    area = area === null ? point : union(area, point)
  }
  return area
}

function union(a: Area, b: Area): Area {
  const x = Math.min(a.x, b.x)
  const y = Math.min(a.y, b.y)
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y }
}
