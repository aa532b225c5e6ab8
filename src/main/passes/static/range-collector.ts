import type { Extremes } from './observed-model'
import type { ValueRange } from './value-range'

/** Ranges over samples, from the extremes in each. Values of another type, and those that were NaN or infinite once, have none. */
export class RangeCollector {
  readonly #known = new Map<string, { min: number; max: number; samples: number }>()
  readonly #unusable = new Set<string>()

  /** @param takesMean of which values the mean of the samples' extremes is taken instead of the furthest. */
  constructor(readonly takesMean: (name: string) => boolean) {}

  add(name: string, extremes: Extremes | null): void {
    if (!extremes || Number.isNaN(extremes.max) || extremes.max === Infinity || extremes.min === -Infinity) {
      // An empty value has no largest one; it says nothing about the range.
      if (!extremes || extremes.min <= extremes.max || Number.isNaN(extremes.max)) this.#unusable.add(name)
      return
    }
    const known = this.#known.get(name)
    if (!known) {
      this.#known.set(name, { ...extremes, samples: 1 })
      return
    }
    known.samples++
    if (this.takesMean(name)) {
      known.min += (extremes.min - known.min) / known.samples
      known.max += (extremes.max - known.max) / known.samples
    } else {
      known.min = Math.min(known.min, extremes.min)
      known.max = Math.max(known.max, extremes.max)
    }
  }

  ranges(): Map<string, ValueRange> {
    const usable = [...this.#known].filter(([name, { max }]) => !this.#unusable.has(name) && max !== -Infinity)
    return new Map(usable.map(([name, { min, max }]) => [name, { min: Math.fround(min), max: Math.fround(max) }]))
  }
}
