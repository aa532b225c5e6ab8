import type { LatencyRatio } from '#shared/measurement'
import { AppError } from '#shared/errors'
import { percentile, relativeSpread, timeRun } from './latency'
import type { Feeds, RunningModel } from './model-runner'

export interface TurnOptions {
  readonly runs: number
  readonly warmup: number
  /** No further pair is begun after this time, but for the first three. */
  readonly budgetMs?: number
  readonly signal?: AbortSignal | undefined
  /** After each pair; `run` is negative while warming up. */
  readonly progress?: (run: number) => void
}

/** What a median needs at least. */
const FEWEST_RUNS = 3

/**
 * Latencies in ms of two models that take turns, A B A B …, so that a change of the machine's speed meets both. Load both with
 * `sleepBetweenRuns`, or the threads of one spin while the other is timed.
 */
export async function timeInTurns(a: RunningModel, b: RunningModel, feeds: Feeds, { runs, warmup, budgetMs = Infinity, signal, progress }: TurnOptions): Promise<[number, number][]> {
  const times: [number, number][] = []
  const end = performance.now() + budgetMs
  for (let run = -warmup; run < runs; run++) {
    if (signal?.aborted) throw new AppError({ code: 'cancelled', message: 'The work was cancelled.' })
    const pair: [number, number] = [await timeRun(a, feeds), await timeRun(b, feeds)]
    if (run >= 0) times.push(pair)
    progress?.(run)
    if (times.length >= FEWEST_RUNS && performance.now() > end) break
  }
  return times
}

/** Latency of the second model as a share of the first's, pair by pair. */
export function latencyRatio(times: readonly (readonly [number, number])[]): LatencyRatio {
  const ratios = times.map(([timeA, timeB]) => timeB / timeA).toSorted((a, b) => a - b)
  return { p50: percentile(ratios, 50), p10: percentile(ratios, 10), p90: percentile(ratios, 90), spread: relativeSpread(ratios) }
}
