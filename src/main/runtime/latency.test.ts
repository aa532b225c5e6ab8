import { expect, test } from 'vitest'
import { percentile, relativeSpread, summarizeLatency } from './latency'

test('percentiles lie between the nearest ranks, as in numpy.percentile', () => {
  expect(percentile([1, 2, 3, 4], 50)).toBe(2.5)
  expect(percentile([1, 2, 3, 4], 90)).toBeCloseTo(3.7, 12)
  expect(percentile([7], 95)).toBe(7)
})

test('the order of the samples does not matter, and the spread is relative to the median', () => {
  const statistics = summarizeLatency([5, 1, 3, 2, 4])
  expect(statistics).toMatchObject({ minMs: 1, p50Ms: 3, maxMs: 5, meanMs: 3 })
  expect(statistics.spread).toBeCloseTo((4.6 - 1.4) / 3, 12)
})

test('times of nothing but zero have no spread', () => {
  expect(relativeSpread([0, 0, 0])).toBe(0)
})
