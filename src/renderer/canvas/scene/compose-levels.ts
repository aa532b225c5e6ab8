/**
 * One picture from the arrangements of all levels: an unfolded group's box becomes a frame around its inside, and what is around
 * it moves apart. Folding is the same without that group, so nothing has to be arranged again.
 */
import { portalRowCount, type LayoutDirection, type LayoutResult } from '../layout/layout-graph'
import { FRAME_PADDING, GROUP_HEIGHT, HEADER_HEIGHT, ROW_HEIGHT } from './box-size'
import type { CanvasBox, CanvasEdge, CanvasGraph } from './canvas-graph'
import type { GroupTree } from './group-tree'
import type { Level, LevelItem, LevelledGraph } from './levels'
import { stretchAxis, type Axis, type Growth } from './stretch'

export interface Composed {
  readonly graph: CanvasGraph
  readonly layout: LayoutResult
  /** The box that each box of the whole graph is shown as: itself, or the folded group that it is in. */
  readonly shownBox: Int32Array
}

/** A level with its unfolded groups at their full size. */
interface Measured {
  readonly level: Level
  readonly layout: LayoutResult
  readonly stretchX: Axis
  readonly stretchY: Axis
  readonly width: number
  readonly height: number
  /** Unfolded groups by item. */
  readonly inner: ReadonlyMap<number, { readonly inside: Measured; readonly width: number; readonly height: number; readonly top: number }>
}

interface Picture {
  boxes: CanvasBox[]
  x: number[]
  y: number[]
  width: number[]
  height: number[]
  edges: CanvasEdge[]
  portal: number[]
  pointStart: number[]
  points: number[]
  labelX: number[]
  labelY: number[]
  /** Shown box of each box of the whole graph. */
  shownBox: Int32Array
  /** Where values pass through frames: by group, side and value. */
  passages: Map<string, { x: number; y: number }>
}

/** `layouts[i]` belongs to `levels[i]`; `expanded` holds the ids of unfolded groups. */
export function composeLevels(levelled: LevelledGraph, layouts: readonly LayoutResult[], expanded: ReadonlySet<string>): Composed {
  const [outermost] = layouts
  if (outermost === undefined) throw new Error('internal: nothing was arranged')
  if (levelled.tree.groups.length === 0) return { graph: levelled.graph, layout: outermost, shownBox: Int32Array.from(levelled.graph.boxes.keys()) }
  const measured = measure(levelled, layouts, -1, expanded)
  const picture: Picture = {
    boxes: [],
    x: [],
    y: [],
    width: [],
    height: [],
    edges: [],
    portal: [],
    pointStart: [0],
    points: [],
    labelX: [],
    labelY: [],
    shownBox: new Int32Array(levelled.graph.boxes.length).fill(-1),
    passages: new Map(),
  }
  place(picture, { levelled, measured, group: -1, frame: -1 }, { x: 0, y: 0 })
  return { graph: shownGraph(levelled, picture), layout: shownLayout(picture, measured, outermost.direction), shownBox: picture.shownBox }
}

function measure(levelled: LevelledGraph, layouts: readonly LayoutResult[], group: number, expanded: ReadonlySet<string>): Measured {
  const level = levelled.levels[group + 1]
  const layout = layouts[group + 1]
  if (level === undefined || layout === undefined) throw new Error(`internal: group ${group} was not arranged`)
  const inner = new Map<number, { inside: Measured; width: number; height: number; top: number }>()
  const entering = new Uint32Array(level.items.length)
  level.edges.forEach(({ target }, edge) => (entering[target]! += layout.portal[edge]!))
  level.items.forEach((item, index) => {
    const id = item.kind === 'group' ? levelled.tree.groups[item.group]?.id : undefined
    if (item.kind !== 'group' || id === undefined || !expanded.has(id)) return
    const inside = measure(levelled, layouts, item.group, expanded)
    const portalRows = layout.height[index]! - GROUP_HEIGHT
    inner.set(index, {
      inside,
      width: Math.max(layout.width[index]!, inside.width + 2 * FRAME_PADDING),
      height: HEADER_HEIGHT + portalRows + inside.height + 2 * FRAME_PADDING,
      top: HEADER_HEIGHT + portalRowCount(entering[index]!) * ROW_HEIGHT + FRAME_PADDING,
    })
  })
  const growths = (start: Float32Array, length: Float32Array, size: 'width' | 'height') =>
    [...inner].map(([index, grown]): Growth => ({ start: start[index]!, end: start[index]! + length[index]!, size: grown[size] }))
  const stretchX = stretchAxis(growths(layout.x, layout.width, 'width'))
  const stretchY = stretchAxis(growths(layout.y, layout.height, 'height'))
  return { level, layout, stretchX, stretchY, width: stretchX(layout.totalWidth), height: stretchY(layout.totalHeight), inner }
}

interface Placing {
  levelled: LevelledGraph
  measured: Measured
  group: number
  /** The shown box that is this level's frame; -1 outside. */
  frame: number
}

function place(picture: Picture, { levelled, measured, group, frame }: Placing, origin: { x: number; y: number }): void {
  const { level, layout, stretchX, stretchY, inner } = measured
  const shown = new Int32Array(level.items.length).fill(frame)
  level.items.forEach((item, index) => {
    const centre = { x: origin.x + stretchX(layout.x[index]! + layout.width[index]! / 2), y: origin.y + stretchY(layout.y[index]! + layout.height[index]! / 2) }
    if (item.kind === 'entrance' || item.kind === 'exit') {
      picture.passages.set(passageKey(group, item.kind, item.value), centre)
      return
    }
    const grown = inner.get(index)
    const [width, height] = [grown?.width ?? layout.width[index]!, grown?.height ?? layout.height[index]!]
    shown[index] = picture.boxes.length
    picture.boxes.push(shownBox(levelled, item, grown !== undefined))
    picture.x.push(centre.x - width / 2)
    picture.y.push(centre.y - height / 2)
    picture.width.push(width)
    picture.height.push(height)
    if (item.kind === 'box') picture.shownBox[item.box] = shown[index]!
    else if (item.kind === 'group' && grown === undefined) markMembers(picture, levelled.tree, item.group, shown[index])
  })
  // Frames' insides come after all boxes around them: what is later lies on top.
  for (const [index, { inside, top }] of inner) {
    const box = shown[index]!
    const item = level.items[index]
    const at = { x: picture.x[box]! + (picture.width[box]! - inside.width) / 2, y: picture.y[box]! + top }
    if (item?.kind === 'group') place(picture, { levelled, measured: inside, group: item.group, frame: box }, at)
  }
  level.edges.forEach(({ value, captured, ...ends }, edge) => {
    const through = level.items[ends.source]?.kind === 'entrance' ? 'source' : level.items[ends.target]?.kind === 'exit' ? 'target' : null
    picture.edges.push({ source: shown[ends.source]!, target: shown[ends.target]!, value, captured, ...(through !== null && { frame: through }) })
    picture.portal.push(layout.portal[edge]!)
    addPoints(picture, measured, { edge, origin, shown })
    picture.labelX.push(origin.x + stretchX(layout.labelX[edge]!))
    picture.labelY.push(origin.y + stretchY(layout.labelY[edge]!))
    picture.pointStart.push(picture.points.length / 2)
  })
}

interface EdgePlacing {
  edge: number
  origin: { x: number; y: number }
  shown: Int32Array
}

/** The points of an edge, its ends on the borders of what it joins. */
function addPoints(picture: Picture, measured: Measured, { edge, origin, shown }: EdgePlacing): void {
  const { level, layout, stretchX, stretchY } = measured
  const start = layout.pointStart[edge]!
  const end = layout.pointStart[edge + 1]!
  if (end - start < 2) return
  const { points } = picture
  const first = points.length
  for (let point = start; point < end; point++) points.push(origin.x + stretchX(layout.points[2 * point]!), origin.y + stretchY(layout.points[2 * point + 1]!))
  const last = points.length - 2
  const [across, along] = layout.direction === 'down' ? [0, 1] : [1, 0]
  const { source, target, value } = level.edges[edge]!
  const fit = (item: number, side: 'exit' | 'entrance') => {
    const at = side === 'exit' ? first : last
    const next = side === 'exit' ? at + 2 : at - 2
    const content = level.items[item]
    const box = shown[item]!
    if (content?.kind === 'entrance' || content?.kind === 'exit') {
      points[at + along] = frameBorder(picture, measured, { box, origin, side: content.kind })
      return
    }
    // A run straight along the flow before the first bend stays straight.
    const straight = points[at + across] === points[next + across] && last - first > 2
    const passage = content?.kind === 'group' ? picture.passages.get(passageKey(content.group, side, value)) : undefined
    const shownArea = { x: picture.x[box]!, y: picture.y[box]!, width: picture.width[box]!, height: picture.height[box]! }
    const down = layout.direction === 'down'
    const centre = down ? shownArea.x + shownArea.width / 2 : shownArea.y + shownArea.height / 2
    const centreBefore = down ? layout.x[item]! + layout.width[item]! / 2 : layout.y[item]! + layout.height[item]! / 2
    const port = layout.points[2 * (side === 'exit' ? start : end - 1) + across]!
    const placed = passage === undefined ? centre + port - centreBefore : down ? passage.x : passage.y
    points[at + across] = placed
    if (straight) points[next + across] = placed
    const far = side === 'exit' ? 1 : 0
    points[at + along] = down ? shownArea.y + far * shownArea.height : shownArea.x + far * shownArea.width
  }
  fit(source, 'exit')
  fit(target, 'entrance')
}

/** Where a frame's inside begins and ends along the flow: below its title and portal rows, above those of what leaves. */
function frameBorder(picture: Picture, { layout, height }: Measured, { box, origin, side }: { box: number; origin: { y: number }; side: 'entrance' | 'exit' }): number {
  if (layout.direction === 'right') return picture.x[box]! + (side === 'exit' ? picture.width[box]! : 0)
  return side === 'exit' ? origin.y + height + FRAME_PADDING : origin.y - FRAME_PADDING
}

function passageKey(group: number, side: 'entrance' | 'exit', value: number): string {
  return `${group} ${side} ${value}`
}

function shownBox({ graph, tree }: LevelledGraph, item: LevelItem, expanded: boolean): CanvasBox {
  if (item.kind === 'box') {
    const box = graph.boxes[item.box]
    if (box !== undefined) return box
  } else if (item.kind === 'group') {
    const group = tree.groups[item.group]
    if (group !== undefined) return { kind: 'group', group, expanded }
  }
  throw new Error('internal: a level shows a box that its graph does not have')
}

function markMembers(picture: Picture, tree: GroupTree, group: number, box: number): void {
  const own = tree.groups[group]
  if (own === undefined) return
  for (const member of own.boxes) picture.shownBox[member] = box
  for (const inner of own.groups) markMembers(picture, tree, inner, box)
}

function shownGraph({ graph }: LevelledGraph, { boxes, edges, shownBox: shown }: Picture): CanvasGraph {
  const moved = <Key>(places: ReadonlyMap<Key, number>): Map<Key, number> => new Map(Array.from(places, ([key, box]): [Key, number] => [key, shown[box]!]))
  return {
    ...graph,
    boxes,
    edges,
    boxOfNode: moved(graph.boxOfNode),
    boxOfInput: moved(graph.boxOfInput),
    boxOfOutput: moved(graph.boxOfOutput),
    readersOfTensor: new Map(Array.from(graph.readersOfTensor, ([name, readers]) => [name, [...new Set(readers.map((box) => shown[box]!))]])),
  }
}

function shownLayout(picture: Picture, { width, height }: Measured, direction: LayoutDirection): LayoutResult {
  return {
    direction,
    x: Float32Array.from(picture.x),
    y: Float32Array.from(picture.y),
    width: Float32Array.from(picture.width),
    height: Float32Array.from(picture.height),
    portal: Uint8Array.from(picture.portal),
    pointStart: Uint32Array.from(picture.pointStart),
    points: Float32Array.from(picture.points),
    labelX: Float32Array.from(picture.labelX),
    labelY: Float32Array.from(picture.labelY),
    totalWidth: width,
    totalHeight: height,
  }
}
