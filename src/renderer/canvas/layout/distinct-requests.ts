import type { LayoutRequest } from './layout-graph'

/** Longer lists are not compared: large graphs are rarely equal. */
const COMPARED_UP_TO = 512

/** Requests without repetitions, and for each of the given ones its place among them: layers of a network are arranged once, not each for itself. */
export function distinctRequests(requests: readonly LayoutRequest[]): { distinct: LayoutRequest[]; places: number[] } {
  const distinct: LayoutRequest[] = []
  const known = new Map<string, number>()
  const places = requests.map((request) => {
    const key = request.widths.length > COMPARED_UP_TO ? null : keyOf(request)
    const before = key === null ? undefined : known.get(key)
    if (before !== undefined) return before
    if (key !== null) known.set(key, distinct.length)
    distinct.push(request)
    return distinct.length - 1
  })
  return { distinct, places }
}

function keyOf({ direction, widths, heights, edgeSource, edgeTarget, edgeValue, labelWidths, portalRowHeight, pins, quick }: LayoutRequest): string {
  return [direction, widths, heights, edgeSource, edgeTarget, edgeValue, labelWidths, portalRowHeight, pins ?? '', quick === true].join(';')
}
