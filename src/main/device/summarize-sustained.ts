import type { SustainedResult, SustainedSample } from '#shared/deploy'
import { percentile } from '../runtime/latency'

/** Android's "moderate": from here on it slows the processor down (PowerManager.THERMAL_STATUS_MODERATE). */
const MODERATE = 2
const SLOWER = 1.15
const MUCH_SLOWER = 1.25
const LOWER_CLOCK = 0.9
/** Share of the windows, at either end, that are held against each other. */
const END_SHARE = 0.1

export interface SustainedConditions {
  /** That were asked for. */
  readonly seconds: number
  /** Current then tells what comes in, not what the model costs. */
  readonly charging: boolean
}

/** @param samples at least one, in order. */
export function summarizeSustained(samples: readonly SustainedSample[], { seconds, charging }: SustainedConditions): SustainedResult {
  const ends = endsOf(samples)
  const slowdown = median(ends.last, ({ p50Ms }) => p50Ms) / median(ends.first, ({ p50Ms }) => p50Ms)
  return { seconds, samples: [...samples], slowdown, throttled: throttlingOf(samples, slowdown), energyPerInferenceMj: charging ? null : energyOf(samples) }
}

function endsOf(samples: readonly SustainedSample[]) {
  const count = Math.max(1, Math.floor(samples.length * END_SHARE))
  return { first: samples.slice(0, count), last: samples.slice(-count) }
}

function throttlingOf(samples: readonly SustainedSample[], slowdown: number): SustainedResult['throttled'] {
  if (samples.some(({ thermalStatus }) => thermalStatus !== null && thermalStatus >= MODERATE)) return 'thermal-status'
  const { first, last } = endsOf(samples)
  const clock = (window: readonly SustainedSample[]) => median(window, ({ clockMHz }) => clockMHz ?? 0)
  if (slowdown >= SLOWER && clock(first) > 0 && clock(last) <= clock(first) * LOWER_CLOCK) return 'latency-and-clocks'
  return slowdown >= MUCH_SLOWER ? 'latency' : null
}

/** Power in mW over inferences a second: millijoules. */
function energyOf(samples: readonly SustainedSample[]): number | null {
  const powers = samples.flatMap(({ currentMa, voltage }) => (currentMa !== null && voltage !== null && currentMa > 0 ? [currentMa * voltage] : []))
  const last = samples.at(-1)
  // Some windows without a reading is a reading missed; most of them is a phone that does not tell.
  if (last === undefined || powers.length * 2 < samples.length) return null
  const runs = samples.reduce((sum, window) => sum + window.runs, 0)
  const seconds = samples.reduce((sum, { runs: count, p50Ms }) => sum + (count * p50Ms) / 1000, 0)
  return (powers.reduce((sum, power) => sum + power, 0) / powers.length) * (seconds / runs)
}

function median(samples: readonly SustainedSample[], of: (sample: SustainedSample) => number): number {
  return percentile(samples.map(of).toSorted((a, b) => a - b), 50)
}
