/** Paints a graph without text: boxes in their colours, edges as thin lines. For far out, and for the minimap. */
import { categoryColours, palettes } from './palette'
import type { Theme } from './canvas-store'
import type { Area } from './scene/box-index'
import { paintOf, type Heat } from './scene/heat'
import type { Highlight } from './scene/highlight'
import type { Scene } from './scene/scene'

export interface OverviewStyle {
  theme: Theme
  heat: Heat | null
  highlight: Highlight
  found: ReadonlySet<number>
}

/** Scene to canvas: pixels per scene unit in both directions. */
export interface Scale {
  readonly x: number
  readonly y: number
}

/** Fills the context with the part of the scene in `area`; the area's corner comes to 0, 0. */
export function paintOverview(context: CanvasRenderingContext2D, scene: Scene, { area, scale }: { area: Area; scale: Scale }, style: OverviewStyle): void {
  const palette = palettes[style.theme]
  context.lineWidth = 1
  context.strokeStyle = palette.edge
  context.globalAlpha = scale.x < 0.05 ? 0.5 : 0.8
  strokeEdges(context, scene, scene.edgeIndex.query(area), { area, scale })
  context.globalAlpha = 1
  const { x, y, width, height } = scene.layout
  const boxes = scene.boxIndex.query(area)
  const rectangle = (box: number, grow: number): [number, number, number, number] => [
    ((x[box] ?? 0) - area.x) * scale.x - grow,
    ((y[box] ?? 0) - area.y) * scale.y - grow,
    Math.max(1, (width[box] ?? 0) * scale.x) + 2 * grow,
    Math.max(1, (height[box] ?? 0) * scale.y) + 2 * grow,
  ]
  const isFrame = (index: number) => {
    const box = scene.graph.boxes[index]
    return box?.kind === 'group' && box.expanded
  }
  const frames = boxes.filter(isFrame)
  context.fillStyle = palette.group
  context.globalAlpha = 0.35
  for (const box of frames) context.fillRect(...rectangle(box, 0))
  context.globalAlpha = 1
  context.strokeStyle = palette.boxLine
  for (const box of frames) context.strokeRect(...rectangle(box, 0))
  for (const [colour, members] of byColour(scene, boxes.filter((box) => !isFrame(box)), style)) {
    context.fillStyle = colour
    for (const box of members) context.fillRect(...rectangle(box, 0))
  }
  context.strokeStyle = palette.accent
  context.lineWidth = 2
  strokeEdges(context, scene, style.highlight.selectedEdges, { area, scale })
  const outline = (members: ReadonlySet<number>, colour: string, grow: number) => {
    context.strokeStyle = colour
    for (const box of members) context.strokeRect(...rectangle(box, grow))
  }
  outline(style.found, palette.found, 1)
  outline(style.highlight.hovered, palette.accent, 1)
  outline(style.highlight.selected, palette.accent, 2)
}

function strokeEdges(context: CanvasRenderingContext2D, { layout }: Scene, edges: readonly number[], { area, scale }: { area: Area; scale: Scale }): void {
  context.beginPath()
  for (const edge of edges) {
    const start = layout.pointStart[edge] ?? 0
    const end = layout.pointStart[edge + 1] ?? 0
    for (let i = start; i < end; i++) {
      const pointX = ((layout.points[2 * i] ?? 0) - area.x) * scale.x
      const pointY = ((layout.points[2 * i + 1] ?? 0) - area.y) * scale.y
      if (i === start) context.moveTo(pointX, pointY)
      else context.lineTo(pointX, pointY)
    }
  }
  context.stroke()
}

function byColour(scene: Scene, boxes: readonly number[], { theme, heat }: OverviewStyle): Map<string, number[]> {
  const palette = palettes[theme]
  const groups = new Map<string, number[]>()
  for (const index of boxes) {
    const box = scene.graph.boxes[index]
    if (box === undefined) continue
    const warmth = heat?.values.get(index)
    const colour =
      warmth !== undefined ? paintOf(warmth, theme).background : box.kind !== 'op' ? palette.dim : heat === null ? categoryColours[box.category] : palette.unmeasured
    const group = groups.get(colour)
    if (group) group.push(index)
    else groups.set(colour, [index])
  }
  return groups
}
