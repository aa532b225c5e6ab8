import { describe, expect, it } from 'vitest'
import { quantizationParameters, quantizationRange } from '../quantize-numerics'
import { Histogram } from './histogram'
import { leastDivergenceRange, leastSquaresRange, percentileRange, type Quantizer } from './search-range'
import type { ValueRange } from './value-range'

const range = quantizationRange('uint8', { symmetric: false, reduceRange: false })
const quantizer: Quantizer = { ...range, parametersOf: ({ min, max }: ValueRange) => quantizationParameters(min, max, { ...range, symmetric: false }) }

/** Many values spread like a bell around zero, and one far away. */
function withOutlier(outlier: number): Histogram {
  const bell = Float32Array.from({ length: 40_000 }, (_, at) => bellValue((at + 0.5) / 40_000))
  const histogram = new Histogram({ min: -4, max: outlier })
  for (let time = 0; time < 50; time++) histogram.add(bell)
  histogram.add(Float32Array.of(outlier))
  return histogram
}

/** The logistic distribution's quantile function, of about unit size. */
function bellValue(share: number): number {
  return Math.max(-4, Math.min(4, 0.4 * Math.log(share / (1 - share))))
}

describe('ranges from a histogram', () => {
  it('count every value once, zeros apart', () => {
    const histogram = new Histogram({ min: -1, max: 1 })
    histogram.add(Float32Array.of(-1, -0.5, 0, 0, 0.9999, 1))
    expect(histogram.zeros).toBe(2)
    expect(histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(4)
    expect([histogram.counts[0], histogram.counts.at(-1)]).toEqual([1, 2])
  })

  it.each([
    ['percentile', (histogram: Histogram) => percentileRange(histogram, 99.9)],
    ['mse', (histogram: Histogram) => leastSquaresRange(histogram, quantizer)],
    ['entropy', (histogram: Histogram) => leastDivergenceRange(histogram, quantizer)],
  ])('by %s leave a lone outlier out and keep the rest', (_, search) => {
    const found = search(withOutlier(40))
    expect(found.max).toBeGreaterThan(1)
    expect(found.max).toBeLessThan(20)
    expect(found.min).toBeLessThan(-1)
    expect(found.min).toBeGreaterThanOrEqual(-4)
  })

  it('by mse lose less than the extremes do', () => {
    const histogram = withOutlier(40)
    const errorOf = (chosen: ValueRange) => {
      const { scale, zeroPoint } = quantizer.parametersOf(chosen)
      return histogram.counts.reduce((sum, count, at) => {
        const q = Math.min(255, Math.max(0, Math.round(histogram.center(at) / scale) + zeroPoint))
        return sum + count * (histogram.center(at) - scale * (q - zeroPoint)) ** 2
      }, 0)
    }
    expect(errorOf(leastSquaresRange(histogram, quantizer))).toBeLessThan(0.9 * errorOf(histogram.range))
  })

  it('by percentile 100 are the extremes', () => {
    expect(percentileRange(withOutlier(8), 100)).toEqual({ min: -4, max: 8 })
  })

  it('keep zero in the range where all values are on one side of it', () => {
    const histogram = new Histogram({ min: 2, max: 3 })
    histogram.add(Float32Array.of(2, 2.5, 3))
    for (const found of [percentileRange(histogram, 99), leastSquaresRange(histogram, quantizer), leastDivergenceRange(histogram, quantizer)]) expect(found.min).toBe(0)
  })
})
