import { expect, test } from 'vitest'
import { gesturePoints, strokesOf } from './gesture-points'

const POINTS = 64

test('a straight stroke becomes evenly spaced points from −1 to 1, whatever its place and size', () => {
  const values = gesturePoints([[[100, 50], [130, 50], [500, 50]]], POINTS)
  expect(values).toHaveLength(3 * POINTS)
  const xs = [...(values ?? [])].slice(0, POINTS)
  expect(xs[0]).toBeCloseTo(-1)
  expect(xs.at(-1)).toBeCloseTo(1)
  for (let at = 1; at < POINTS; at++) expect((xs[at] ?? 0) - (xs[at - 1] ?? 0)).toBeCloseTo(2 / (POINTS - 1))
  expect([...(values ?? [])].slice(POINTS, 2 * POINTS).every((y) => Math.abs(y) < 1e-6)).toBe(true)
})

test('the longer side spans −1…1 and the shorter keeps its proportion', () => {
  const values = [...(gesturePoints([[[0, 0], [40, 10]]], POINTS) ?? [])]
  const ys = values.slice(POINTS, 2 * POINTS)
  expect(Math.min(...ys)).toBeCloseTo(-0.25)
  expect(Math.max(...ys)).toBeCloseTo(0.25)
})

test('strokes share the points by their length, and each start is marked', () => {
  const values = gesturePoints([[[0, 0], [30, 0]], [[0, 10], [10, 10]]], POINTS) ?? new Float32Array()
  const starts = [...values].slice(2 * POINTS)
  expect(starts.filter((mark) => mark === 1)).toHaveLength(2)
  expect(starts.indexOf(1, 1)).toBe(48)
  expect(strokesOf(values).map((stroke) => stroke.length)).toEqual([48, 16])
})

test.each([
  ['nothing drawn', []],
  ['a single point', [[[5, 5]]]],
  ['points in one place', [[[5, 5], [5, 5]]]],
] as [string, [number, number][][]][])('%s is no gesture', (_name, strokes) => {
  expect(gesturePoints(strokes, POINTS)).toBeNull()
})
