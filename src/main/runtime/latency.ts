import type { LatencyStatistics } from '#shared/measurement'
import type { Feeds, RunningModel } from './model-runner'

/** Linear interpolation between the two nearest ranks, as numpy.percentile does. `sorted` is ascending and not empty. */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = ((sorted.length - 1) * percent) / 100
  const below = sorted[Math.floor(rank)]
  const above = sorted[Math.ceil(rank)]
  if (below === undefined || above === undefined) throw new Error('internal: percentile of nothing')
  return below + (above - below) * (rank - Math.floor(rank))
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** @param samplesMs at least one. */
export function summarizeLatency(samplesMs: readonly number[]): LatencyStatistics {
  const sorted = samplesMs.toSorted((a, b) => a - b)
  const at = (percent: number) => percentile(sorted, percent)
  return {
    minMs: at(0),
    meanMs: mean(sorted),
    p10Ms: at(10),
    p50Ms: at(50),
    p90Ms: at(90),
    p95Ms: at(95),
    maxMs: at(100),
    spread: relativeSpread(sorted),
  }
}

/** (p90 − p10) / p50, and 0 where all is 0. */
export function relativeSpread(sorted: readonly number[]): number {
  const middle = percentile(sorted, 50)
  return middle === 0 ? 0 : (percentile(sorted, 90) - percentile(sorted, 10)) / middle
}

/** One inference in ms, wall clock. The way through JavaScript (about 0.05 ms) is part of it. */
export async function timeRun(model: RunningModel, feeds: Feeds): Promise<number> {
  const start = performance.now()
  await model.run(feeds)
  return performance.now() - start
}
