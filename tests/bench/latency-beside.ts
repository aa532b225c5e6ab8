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

/** With as many threads as onnxruntime takes; the note has one thread alone by processor time, which waiting is no part of. */
export async function latencyBeside(models: Beside): Promise<Omit<Figure, 'name'>> {
  const times = await withBoth(models, {}, (source, result) => timeInTurns(source, result, models.feeds, TURNS))
  const { p50, p10, p90 } = latencyRatio(times)
  const alone = await withBoth(models, { threads: 1 }, (source, result) => processorTimesInTurns(source, result, models.feeds, ONE_THREAD_TURNS))
  const [before, after] = [0, 1].map((side) => percentile(times.map((pair) => pair[side] ?? NaN).toSorted((a, b) => a - b), 50))
  const note = `${ms(after)} against ${ms(before)} ms, ×${(1 / p50).toFixed(2)} as fast; on one thread ×${latencyRatio(alone).p50.toFixed(3)} of the processor time`
  return { unit: '×', value: p50, p10, p90, runs: times.length, note }
}

function ms(value = NaN): string {
  return value.toFixed(3)
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
