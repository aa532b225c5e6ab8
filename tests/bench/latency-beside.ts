/** Latency of one model as a share of another's, so that the machine's other work does not decide it. */
import { percentile } from '../../src/main/runtime/latency'
import type { Feeds, RunnerOptions, RunningModel } from '../../src/main/runtime/model-runner'
import { latencyRatio, processorTimesInTurns, timeInTurns } from '../../src/main/runtime/time-in-turns'
import type { Figure } from './bench'

export type Loading = (options: RunnerOptions) => Promise<RunningModel>

export interface Beside {
  readonly source: Loading
  readonly result: Loading
  readonly feeds: Feeds
}

/** Each turn is several inferences, and its latency their median; the figure is the median over turns. */
const TURNS = { runs: 120, warmup: 10, turnMs: 15, budgetMs: 30_000 }
const ONE_THREAD_TURNS = { runs: 60, warmup: 5, turnMs: 10, budgetMs: 15_000 }

/**
 * Two figures: by the clock with as many threads as onnxruntime takes, and in processor time on one thread. On a quiet machine they agree but for
 * what threads wait for; on a busy one the first says little, either way.
 */
export async function* latencyBeside(models: Beside): AsyncIterable<Omit<Figure, 'name'> & { readonly of: 'time' | 'processor time on one thread' }> {
  const times = await withBoth(models, {}, (source, result) => timeInTurns(source, result, models.feeds, TURNS))
  yield { of: 'time', ...figureOf(times) }
  yield { of: 'processor time on one thread', ...figureOf(await withBoth(models, { threads: 1 }, (source, result) => processorTimesInTurns(source, result, models.feeds, ONE_THREAD_TURNS))) }
}

function figureOf(times: readonly (readonly [number, number])[]): Omit<Figure, 'name'> {
  const { p50, p10, p90 } = latencyRatio(times)
  const [before, after] = [0, 1].map((side) => percentile(times.map((pair) => pair[side] ?? NaN).toSorted((a, b) => a - b), 50).toFixed(3))
  return { unit: '×', value: p50, p10, p90, runs: times.length, note: `${after} against ${before} ms, ×${(1 / p50).toFixed(2)} as fast` }
}

async function withBoth<Result>({ source, result }: Beside, options: RunnerOptions, measure: (source: RunningModel, result: RunningModel) => Promise<Result>): Promise<Result> {
  const first = await source({ ...options, sleepBetweenRuns: true })
  try {
    const second = await result({ ...options, sleepBetweenRuns: true })
    try {
      return await measure(first, second)
    } finally {
      await second.close()
    }
  } finally {
    await first.close()
  }
}
