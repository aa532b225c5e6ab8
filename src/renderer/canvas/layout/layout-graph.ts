/**
 * What is laid out and what comes back, as typed arrays so that both cross to the worker without being copied.
 * Lengths are in canvas pixels at 100 %.
 */

/** Which way data flows over the screen. */
export type LayoutDirection = 'down' | 'right'

export interface LayoutRequest {
  direction: LayoutDirection
  /** Box sizes, one per node, without the rows for portals. */
  widths: Float32Array
  heights: Float32Array
  /** Node at either end of each edge. */
  edgeSource: Uint32Array
  edgeTarget: Uint32Array
  /** Which value an edge carries: edges of one value leave their node at one point. */
  edgeValue: Uint32Array
  /** Width of each value's label, one per value; 0 for no label. */
  labelWidths: Float32Array
  /** Height of one portal row in a box. */
  portalRowHeight: number
  /** Per node: 1 stays on the first rank, 2 goes to the last; both without portal rows. They stand for ends of values at a frame. */
  pins?: Uint8Array
  /** One of many: no time for the finest order. */
  quick?: boolean
}

export interface LayoutResult {
  direction: LayoutDirection
  /** Top left corner and size of each box, portal rows included. */
  x: Float32Array
  y: Float32Array
  width: Float32Array
  height: Float32Array
  /** 1 where the edge is not drawn but named at both its ends. */
  portal: Uint8Array
  /** Edge `e` runs through the points `pointStart[e] … pointStart[e + 1] - 1`; portals have none. */
  pointStart: Uint32Array
  /** x, y alternating. Between two points the edge is straight along the flow, or a curve that leaves and arrives along it. */
  points: Float32Array
  /** Centre of each edge's label; NaN where there is no room for one. */
  labelX: Float32Array
  labelY: Float32Array
  /** Everything lies within 0…width, 0…height. */
  totalWidth: number
  totalHeight: number
}

/** Portal rows shown in one box on either side; more are summed up in one further row. */
export const MAX_PORTAL_ROWS = 8

export function portalRowCount(portals: number): number {
  return portals > MAX_PORTAL_ROWS ? MAX_PORTAL_ROWS + 1 : portals
}

/** Items grouped by key in input order: group `k` holds `items[start[k] … start[k + 1] - 1]`. */
export interface Grouped {
  start: Uint32Array
  items: Uint32Array
}

/**
 * Groups the indices 0…keys.length-1 by their key (a counting sort, stable). Keys must be below `groups`.
 * Here and in the rest of the layout `!` follows an index that the layout made itself and that lies inside its array.
 */
export function groupBy(keys: ArrayLike<number>, groups: number): Grouped {
  const start = new Uint32Array(groups + 1)
  for (let item = 0; item < keys.length; item++) start[keys[item]! + 1]! += 1
  for (let group = 0; group < groups; group++) start[group + 1]! += start[group]!
  const next = start.slice(0, groups)
  const items = new Uint32Array(keys.length)
  for (let item = 0; item < keys.length; item++) {
    const group = keys[item]!
    items[next[group]!] = item
    next[group]! += 1
  }
  return { start, items }
}
