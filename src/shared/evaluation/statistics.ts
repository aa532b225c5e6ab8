/** How sure a figure is, and whether two differ by more than chance. */
import { seededRandom } from '../seeded-random'

export interface Interval {
  readonly low: number
  readonly high: number
}

/** The two-sided 95 % quantile of the normal distribution. */
const Z = 1.959963984540054

/** 95 % interval of a share (Wilson 1927); unlike the plain normal one it stays within 0…1 and holds at the ends. */
export function wilsonInterval(successes: number, total: number): Interval | null {
  if (total === 0) return null
  const share = successes / total
  const centre = share + (Z * Z) / (2 * total)
  const spread = Z * Math.sqrt((share * (1 - share)) / total + (Z * Z) / (4 * total * total))
  const scale = 1 + (Z * Z) / total
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) }
}

/**
 * 95 % interval of any figure of `count` samples, from the percentiles of resamples (Efron 1979). The draws come from a fixed seed, so
 * that the same samples give the same interval.
 */
export function bootstrapInterval(count: number, figure: (picks: Int32Array) => number, resamples: number): Interval | null {
  if (count < 2) return null
  const values = bootstrapValues(count, figure, resamples)
  const [low, high] = [percentile(values, 0.025), percentile(values, 0.975)]
  return low === null || high === null ? null : { low, high }
}

/** Figures of the resamples in rising order; those that are no number are left out. */
export function bootstrapValues(count: number, figure: (picks: Int32Array) => number, resamples: number): number[] {
  const random = seededRandom(0x5eed)
  const picks = new Int32Array(count)
  const values: number[] = []
  for (let round = 0; round < resamples; round++) {
    for (let at = 0; at < count; at++) picks[at] = Math.floor(random() * count)
    const value = figure(picks)
    if (Number.isFinite(value)) values.push(value)
  }
  return values.sort((a, b) => a - b)
}

function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null
}

/**
 * McNemar's test, exact: of the samples that only one of the two got right, how likely is so uneven a split or a more uneven one, if
 * both were as good. Two-sided; 1 where they agree on all.
 */
export function mcnemarP(onlyA: number, onlyB: number): number {
  const total = onlyA + onlyB
  const fewer = Math.min(onlyA, onlyB)
  let tail = 0
  for (let k = 0; k <= fewer; k++) tail += Math.exp(logChoose(total, k) - total * Math.LN2)
  return Math.min(1, 2 * tail)
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

const logFactorials = [0, 0]
function logFactorial(n: number): number {
  for (let at = logFactorials.length; at <= n; at++) logFactorials.push((logFactorials[at - 1] ?? 0) + Math.log(at))
  return logFactorials[n] ?? 0
}
