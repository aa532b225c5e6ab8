/** Where the view stands: pure arithmetic between scene and screen coordinates. */
import type { Viewport } from './canvas-store'
import { touches, type Area } from './scene/box-index'
import type { CanvasBox } from './scene/canvas-graph'
import { boxArea, type Scene } from './scene/scene'
import type { LayoutDirection } from './layout/layout-graph'

export const MIN_ZOOM = 0.001
export const MAX_ZOOM = 4
/** Below this zoom text cannot be read: boxes are painted without it. */
export const DETAIL_ZOOM = 0.4
/** A whole graph is shown at first if it can be read then. */
const READABLE_ZOOM = 0.55
/** Else its beginning, no smaller than this. */
const STARTING_ZOOM = 0.8
const MARGIN = 32

export interface Size {
  readonly width: number
  readonly height: number
}

/** The part of the scene that the window shows. */
export function visibleArea({ x, y, zoom }: Viewport, { width, height }: Size): Area {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom }
}

/** An area grown on every side by a part of its size. */
export function expand(area: Area, part: number): Area {
  return { x: area.x - area.width * part, y: area.y - area.height * part, width: area.width * (1 + 2 * part), height: area.height * (1 + 2 * part) }
}

export function contains(outer: Area, inner: Area): boolean {
  return outer.x <= inner.x && outer.y <= inner.y && outer.x + outer.width >= inner.x + inner.width && outer.y + outer.height >= inner.y + inner.height
}

/** Shows an area in the middle, as large as fits up to `maxZoom`. */
export function fitArea(area: Area, size: Size, maxZoom: number): Viewport {
  const room = { width: Math.max(1, size.width - 2 * MARGIN), height: Math.max(1, size.height - 2 * MARGIN) }
  const zoom = Math.max(MIN_ZOOM, Math.min(maxZoom, room.width / Math.max(1, area.width), room.height / Math.max(1, area.height)))
  return { zoom, x: size.width / 2 - (area.x + area.width / 2) * zoom, y: size.height / 2 - (area.y + area.height / 2) * zoom }
}

export function fitScene(scene: Scene, size: Size): Viewport {
  return fitArea({ x: 0, y: 0, width: scene.layout.totalWidth, height: scene.layout.totalHeight }, size, 1)
}

/** The whole graph where it can be read; else its beginning, at 100 % or as wide as fits. */
export function initialViewport(scene: Scene, size: Size): Viewport {
  const fitted = fitScene(scene, size)
  if (fitted.zoom >= READABLE_ZOOM || scene.graph.boxes.length === 0) return fitted
  const { direction, totalWidth, totalHeight } = scene.layout
  const [breadth, room] = direction === 'down' ? [totalWidth, size.width] : [totalHeight, size.height]
  const zoom = Math.min(1, Math.max(STARTING_ZOOM, (room - 2 * MARGIN) / Math.max(1, breadth)))
  const start = boxArea(scene.layout, firstBox(scene))
  // What is short along the flow stands in the middle, like a graph that fits.
  const edge = (along: number, length: number, available: number) => Math.max(MARGIN - along * zoom, (available - length * zoom) / 2)
  if (direction === 'down') return { zoom, x: size.width / 2 - (start.x + start.width / 2) * zoom, y: edge(start.y, totalHeight, size.height) }
  return { zoom, x: edge(start.x, totalWidth, size.width), y: size.height / 2 - (start.y + start.height / 2) * zoom }
}

/** The same view through a window of another size: what was in the middle across the flow stays there. */
export function throughWindow({ x, y, zoom, width, height }: Viewport & Size, size: Size, direction: LayoutDirection): Viewport {
  return direction === 'down' ? { x: x + (size.width - width) / 2, y, zoom } : { x, y: y + (size.height - height) / 2, zoom }
}

/** After a new arrangement of the same graph: the view in which `box` stands where it stood, or null if it is gone. */
export function keepBoxInPlace(before: Scene, after: Scene, box: number, viewport: Viewport): Viewport | null {
  const content = before.graph.boxes[box]
  const moved = content === undefined ? undefined : boxLike(after, content)
  if (moved === undefined) return null
  const from = boxArea(before.layout, box)
  const to = boxArea(after.layout, moved)
  return {
    zoom: viewport.zoom,
    x: viewport.x + (from.x + from.width / 2 - to.x - to.width / 2) * viewport.zoom,
    y: viewport.y + (from.y - to.y) * viewport.zoom,
  }
}

/** The box for the same thing in another scene of the graph; for a node in a folded group, the group. */
function boxLike({ graph }: Scene, box: CanvasBox): number | undefined {
  switch (box.kind) {
    case 'op':
      return graph.boxOfNode.get(box.node.id)
    case 'input':
      return graph.boxOfInput.get(box.value.name)
    case 'output':
      return graph.boxOfOutput.get(box.value.name)
    case 'group': {
      const found = graph.boxes.findIndex((other) => other.kind === 'group' && other.group.id === box.group.id)
      return found >= 0 ? found : graph.boxOfNode.get(box.group.nodeIds[0] ?? -1)
    }
  }
}

/** The box that should not move under a person's eyes: a selected one in sight, else the one nearest to the middle. */
export function anchorBox(scene: Scene, area: Area, selected: ReadonlySet<number>): number | null {
  for (const box of selected) if (touches(boxArea(scene.layout, box), area)) return box
  const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2 }
  let best: number | null = null
  let least = Number.POSITIVE_INFINITY
  for (const box of scene.boxIndex.query(area)) {
    const own = boxArea(scene.layout, box)
    const distance = Math.hypot(own.x + own.width / 2 - middle.x, own.y + own.height / 2 - middle.y)
    if (distance < least) [best, least] = [box, distance]
  }
  return best
}

/** The first input on the first rank, else the first box there. */
function firstBox({ layout, graph }: Scene): number {
  const along = layout.direction === 'down' ? layout.y : layout.x
  let best = 0
  graph.boxes.forEach((box, index) => {
    const before = (along[index] ?? 0) - (along[best] ?? 0)
    if (before < -0.5 || (Math.abs(before) <= 0.5 && box.kind === 'input' && graph.boxes[best]?.kind !== 'input')) best = index
  })
  return best
}
