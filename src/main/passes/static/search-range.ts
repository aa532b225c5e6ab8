/** Ranges that leave rare large values out, chosen from a histogram. All keep zero in the range and stay within what was seen. */
import { type QuantizationParameters, type QuantizationRange, roundHalfToEven } from '../quantize-numerics'
import { BINS, type Histogram } from './histogram'
import type { ValueRange } from './value-range'

/** Leaves out `100 − percentile` per cent of the values, half of them at each end. */
export function percentileRange(histogram: Histogram, percentile: number): ValueRange {
  const { range, counts, zeros } = histogram
  const total = counts.reduce((sum, count) => sum + count, zeros)
  const allowed = (total * (100 - percentile)) / 200
  const edge = (first: number, step: 1 | -1) => {
    let left = allowed
    let at = first
    while (at >= 0 && at < BINS && (counts[at] as number) <= left) {
      left -= counts[at] as number
      at += step
    }
    return at
  }
  const low = range.min + edge(0, 1) * histogram.binWidth
  const high = range.min + (edge(BINS - 1, -1) + 1) * histogram.binWidth
  return { min: Math.fround(Math.min(0, low)), max: Math.fround(Math.max(0, high)) }
}

export interface Quantizer extends QuantizationRange {
  parametersOf(range: ValueRange): QuantizationParameters
}

/** The range whose rounding and cutting off together make the smallest mean squared error. */
export function leastSquaresRange(histogram: Histogram, quantizer: Quantizer): ValueRange {
  const whole = { min: Math.min(0, histogram.range.min), max: Math.max(0, histogram.range.max) }
  let best = { range: whole, error: squaredError(histogram, whole, quantizer) }
  const attempt = (lowShare: number, highShare: number) => {
    const range = { min: Math.fround(whole.min * lowShare), max: Math.fround(whole.max * highShare) }
    const error = squaredError(histogram, range, quantizer)
    if (error < best.error) best = { range, error }
  }
  // Both ends together, then each by itself: the error has one valley in either.
  for (let step = 1; step < 80; step++) attempt(1 - step / 80, 1 - step / 80)
  const { range } = best
  const shares = { low: whole.min === 0 ? 1 : range.min / whole.min, high: whole.max === 0 ? 1 : range.max / whole.max }
  for (let step = 1; step <= 40; step++) {
    if (whole.max > 0) attempt(shares.low, step / 40)
    if (whole.min < 0) attempt(step / 40, shares.high)
  }
  return best.range
}

function squaredError(histogram: Histogram, range: ValueRange, quantizer: Quantizer): number {
  const { scale, zeroPoint } = quantizer.parametersOf(range)
  let error = 0
  for (let at = 0; at < BINS; at++) {
    const count = histogram.counts[at] as number
    if (count === 0) continue
    const value = histogram.center(at)
    const q = Math.min(quantizer.qmax, Math.max(quantizer.qmin, roundHalfToEven(value / scale) + zeroPoint))
    error += count * (value - scale * (q - zeroPoint)) ** 2
  }
  return error
}

/**
 * The range with the smallest Kullback-Leibler divergence between the values, cut off to it, and their quantized form
 * (S. Migacz, 8-bit inference with TensorRT, GTC 2017), searched over every threshold for |value| from the finest that has a bin for
 * each step. Zeros are left out: they are exact in any case and would outweigh everything after a Relu.
 */
export function leastDivergenceRange(histogram: Histogram, { qmin, qmax }: QuantizationRange): ValueRange {
  const { range, binWidth } = histogram
  const whole = { min: Math.min(0, range.min), max: Math.max(0, range.max) }
  const steps = qmax - qmin + 1
  const reach = Math.max(-whole.min, whole.max)
  let best = { range: whole, divergence: Infinity }
  for (let bins = BINS; bins >= steps; bins -= 8) {
    const threshold = (reach * bins) / BINS
    const candidate = { min: Math.max(whole.min, -threshold), max: Math.min(whole.max, threshold) }
    const from = Math.max(0, Math.floor((candidate.min - range.min) / binWidth))
    const to = Math.min(BINS, Math.ceil((candidate.max - range.min) / binWidth - 1e-9))
    if (to - from < steps) break
    const divergence = divergenceOf(histogram.counts, { from, to, steps })
    if (divergence < best.divergence) best = { range: { min: Math.fround(candidate.min), max: Math.fround(candidate.max) }, divergence }
  }
  return best.range
}

/** Stands for probabilities of 0, which have no logarithm. */
const SMALLEST_PROBABILITY = 1e-10

function divergenceOf(counts: Float64Array, { from, to, steps }: { from: number; to: number; steps: number }): number {
  const inside = counts.subarray(from, to)
  const sum = (part: Float64Array) => part.reduce((total, count) => total + count, 0)
  const [below, within, above] = [sum(counts.subarray(0, from)), sum(inside), sum(counts.subarray(to))]
  if (within === 0) return Infinity
  const total = below + within + above
  let divergence = 0
  for (let step = 0; step < steps; step++) {
    const first = Math.floor((step * inside.length) / steps)
    const end = Math.floor(((step + 1) * inside.length) / steps)
    let [count, occupied] = [0, 0]
    for (let at = first; at < end; at++) {
      count += inside[at] as number
      if (inside[at] !== 0) occupied++
    }
    for (let at = first; at < end; at++) {
      const outside = (at === 0 ? below : 0) + (at === inside.length - 1 ? above : 0)
      const actual = ((inside[at] as number) + outside) / total
      if (actual === 0) continue
      const expected = inside[at] === 0 ? 0 : count / occupied / within
      divergence += actual * Math.log(actual / Math.max(expected, SMALLEST_PROBABILITY))
    }
  }
  return divergence
}
