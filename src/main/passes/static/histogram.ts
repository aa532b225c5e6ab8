import type { ValueRange } from './value-range'

/** Eight for each of 256 steps: fine enough to place a threshold within one. */
export const BINS = 2048

/** How often values occur, in bins of equal width over a range known beforehand. Its size does not depend on how many there are. */
export class Histogram {
  readonly counts = new Float64Array(BINS)
  /** Exact zeros, which every quantization keeps; they are in no bin. */
  zeros = 0

  constructor(readonly range: ValueRange) {}

  get binWidth(): number {
    return (this.range.max - this.range.min) / BINS
  }

  /** The middle of bin `at`. */
  center(at: number): number {
    return this.range.min + (at + 0.5) * this.binWidth
  }

  add(values: Float32Array): void {
    const { min } = this.range
    const perUnit = 1 / this.binWidth
    const { counts } = this
    let zeros = 0
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number
      if (value === 0) zeros++
      else {
        const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value - min) * perUnit)))
        counts[bin] = (counts[bin] as number) + 1
      }
    }
    this.zeros += zeros
  }

  /** Counts of the bins in order, and of exact zeros behind them. */
  addCounts(counts: Float32Array): void {
    for (let at = 0; at < BINS; at++) this.counts[at] = (this.counts[at] as number) + (counts[at] as number)
    this.zeros += counts[BINS] as number
  }
}
