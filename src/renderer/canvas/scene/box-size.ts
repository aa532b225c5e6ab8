/** Sizes of boxes and what is in them, on a 4-pixel grid; `canvas.css` and the export draw with the same figures. */
import type { BoxRow, CanvasBox, CanvasGraph, CanvasValue } from './canvas-graph'
import type { Group } from './group-tree'
import { textWidth } from './text-width'
import type { LayoutDirection, LayoutRequest } from '../layout/layout-graph'

export const HEADER_HEIGHT = 28
export const ROW_HEIGHT = 20
export const PADDING = 8
/** Between the label of a row and its text. */
export const ROW_GAP = 8
export const TITLE_SIZE = 13
export const ROW_SIZE = 11
export const LABEL_SIZE = 11
const MIN_WIDTH = 72
const MAX_WIDTH = 260
const GROUP_MIN_WIDTH = 132
/** The mark that folds and unfolds. */
export const GROUP_MARK = 20
/** Between a frame and the boxes in it. */
export const FRAME_PADDING = 16

export function boxWidth(box: CanvasBox): number {
  if (box.kind === 'group') return groupWidth(box.group)
  if (box.kind !== 'op') return snap(textWidth(box.value.name, TITLE_SIZE) + 4 * PADDING)
  const title = textWidth(box.node.opType, TITLE_SIZE, 'semibold') + 2 * PADDING
  return snap(box.rows.reduce((widest, row) => Math.max(widest, rowWidth(row)), title))
}

/** A folded group: its title with a mark before it, and a row about what is inside. */
export function groupWidth({ title, alike }: Group): number {
  const badge = alike.length > 1 ? ROW_GAP + textWidth(`× ${alike.length}`, ROW_SIZE) : 0
  return Math.max(GROUP_MIN_WIDTH, snap(GROUP_MARK + textWidth(title, TITLE_SIZE, 'semibold') + badge + 2 * PADDING))
}

export const GROUP_HEIGHT = HEADER_HEIGHT + ROW_HEIGHT

/** Width of the label at an edge; 0 for none. */
export function valueLabelWidth(value: CanvasValue | undefined): number {
  return value === undefined || value.label === '' ? 0 : Math.ceil(textWidth(value.label, LABEL_SIZE))
}

/** Without portal rows. */
export function boxHeight(box: CanvasBox): number {
  if (box.kind === 'group') return GROUP_HEIGHT
  return box.kind === 'op' ? HEADER_HEIGHT + box.rows.length * ROW_HEIGHT : HEADER_HEIGHT
}

/** The request to the layout for a graph. */
export function layoutRequest(graph: CanvasGraph, direction: LayoutDirection): LayoutRequest {
  return {
    direction,
    widths: Float32Array.from(graph.boxes, boxWidth),
    heights: Float32Array.from(graph.boxes, boxHeight),
    edgeSource: Uint32Array.from(graph.edges, ({ source }) => source),
    edgeTarget: Uint32Array.from(graph.edges, ({ target }) => target),
    edgeValue: Uint32Array.from(graph.edges, ({ value }) => value),
    labelWidths: Float32Array.from(graph.values, valueLabelWidth),
    portalRowHeight: ROW_HEIGHT,
  }
}

function rowWidth(row: BoxRow): number {
  const text = (value: string) => textWidth(value, ROW_SIZE)
  switch (row.kind) {
    case 'name':
      return text(row.text) + 2 * PADDING
    case 'more':
      return 2 * PADDING + 48
    case 'subgraph':
      return text(row.label) + 2 * PADDING + 20
    case 'weight':
    case 'constant':
    case 'outer':
    case 'attribute':
      return text(row.label) + ROW_GAP + text(row.text) + 2 * PADDING
  }
}

function snap(width: number): number {
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.ceil(width / 4) * 4))
}
