/** Makes room along one axis for boxes that grow: everything moves apart, nothing changes places. */

/** A box from `start` to `end` that becomes `size` long. */
export interface Growth {
  readonly start: number
  readonly end: number
  readonly size: number
}

export type Axis = (position: number) => number

/**
 * Where each position comes to. Inside a growing box the axis is drawn out by what that box needs; where several lie over each
 * other, by what the neediest of them does. Positions never come closer to each other, so boxes placed by their centres do not
 * overlap if they did not before.
 */
export function stretchAxis(growths: readonly Growth[]): Axis {
  const growing = growths.filter(({ start, end, size }) => end > start && size > end - start)
  if (growing.length === 0) return (position) => position
  const stops = Float64Array.from(new Set(growing.flatMap(({ start, end }) => [start, end]))).sort()
  const factor = stretchFactors(growing, stops)
  const shift = new Float64Array(stops.length)
  for (let stop = 1; stop < stops.length; stop++) shift[stop] = shift[stop - 1]! + (stops[stop]! - stops[stop - 1]!) * factor[stop - 1]!
  return (position) => {
    const before = lastAtMost(stops, position)
    if (before < 0) return position
    return position + shift[before]! + (position - stops[before]!) * (before === stops.length - 1 ? 0 : factor[before]!)
  }
}

/** Extra length per length between neighbouring stops. The neediest box comes first, and each stretch is filled once. */
function stretchFactors(growing: readonly Growth[], stops: Float64Array): Float64Array {
  const factor = new Float64Array(stops.length)
  const next = Uint32Array.from({ length: stops.length + 1 }, (_, stop) => stop)
  const free = (stop: number): number => {
    let at = stop
    while (next[at] !== at) {
      next[at] = next[next[at]!]!
      at = next[at]!
    }
    return at
  }
  const need = ({ start, end, size }: Growth) => (size - (end - start)) / (end - start)
  for (const growth of growing.toSorted((a, b) => need(b) - need(a))) {
    const last = lastAtMost(stops, growth.end)
    for (let stop = free(lastAtMost(stops, growth.start)); stop < last; stop = free(stop)) {
      factor[stop] = need(growth)
      next[stop] = stop + 1
    }
  }
  return factor
}

function lastAtMost(stops: Float64Array, position: number): number {
  let low = 0
  let high = stops.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (stops[middle]! <= position) low = middle + 1
    else high = middle
  }
  return low - 1
}
