/** Drawn strokes as the gesture recogniser takes them. The training script does the same. */

export type Stroke = readonly (readonly [number, number])[]

/**
 * `points` points evenly along the strokes, at least two for each, centred and scaled so that the longer side spans −1…1. Row-major
 * `[3, points]`: x (right), y (down), and 1 where a stroke starts. Null where there is nothing to go by: fewer than two different points.
 */
export function gesturePoints(strokes: readonly Stroke[], points: number): Float32Array<ArrayBuffer> | null {
  const drawn = strokes.filter((stroke) => stroke.length > 0)
  const lengths = drawn.map((stroke) => Math.max(distances(stroke).at(-1) ?? 0, 1e-6))
  const total = lengths.reduce((sum, length) => sum + length, 0)
  if (drawn.length === 0 || total < 1e-3 || drawn.length * 2 > points) return null
  const counts = lengths.map((length) => Math.max(2, Math.round((points * length) / total)))
  const longest = lengths.indexOf(Math.max(...lengths))
  counts[longest] = (counts[longest] ?? 0) + points - counts.reduce((sum, count) => sum + count, 0)
  const even = drawn.flatMap((stroke, at) => resample(stroke, counts[at] ?? 2).map(([x, y], index) => ({ x, y, start: index === 0 ? 1 : 0 })))
  const xs = even.map(({ x }) => x)
  const ys = even.map(({ y }) => y)
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const scale = 2 / Math.max(right - left, bottom - top, 1e-6)
  return Float32Array.from([...xs.map((x) => (x - (left + right) / 2) * scale), ...ys.map((y) => (y - (top + bottom) / 2) * scale), ...even.map(({ start }) => start)])
}

/** The strokes in `[3, points]`, for showing what a model was given. */
export function strokesOf(values: ArrayLike<number>): [number, number][][] {
  const points = values.length / 3
  const strokes: [number, number][][] = []
  for (let at = 0; at < points; at++) {
    if (Number(values[2 * points + at]) > 0.5 || strokes.length === 0) strokes.push([])
    strokes.at(-1)?.push([Number(values[at]), Number(values[points + at])])
  }
  return strokes
}

function distances(stroke: Stroke): number[] {
  const along = [0]
  for (let at = 1; at < stroke.length; at++) {
    const [x0, y0] = stroke[at - 1] ?? [0, 0]
    const [x1, y1] = stroke[at] ?? [0, 0]
    along.push((along[at - 1] ?? 0) + Math.hypot(x1 - x0, y1 - y0))
  }
  return along
}

function resample(stroke: Stroke, count: number): [number, number][] {
  const along = distances(stroke)
  const length = along.at(-1) ?? 0
  let segment = 0
  return Array.from({ length: count }, (_, at) => {
    const target = (length * at) / (count - 1)
    while (segment < stroke.length - 2 && (along[segment + 1] ?? 0) < target) segment++
    const [x0, y0] = stroke[segment] ?? [0, 0]
    const [x1, y1] = stroke[segment + 1] ?? [x0, y0]
    const span = (along[segment + 1] ?? 0) - (along[segment] ?? 0)
    const share = span <= 0 ? 0 : Math.min(1, (target - (along[segment] ?? 0)) / span)
    return [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share]
  })
}
