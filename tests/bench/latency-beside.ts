/** Latency of one model as a share of another's, so that the machine's other work does not decide it. */
import { percentile } from '../../src/main/runtime/latency'
import type { Feeds, RunnerOptions, RunningModel } from '../../src/main/runtime/model-runner'
import { latencyRatio, timeInTurns } from '../../src/main/runtime/time-in-turns'
import { type Figure, spreadOf } from './bench'

export type Loading = (options: RunnerOptions) => Promise<RunningModel>

export interface Beside {
  readonly source: Loading
  readonly result: Loading
  readonly feeds: Feeds
}

/** Each turn is several inferences, and its latency their median; the figure is the median over turns. */
const TURNS = { runs: 120, warmup: 10, turnMs: 15, budgetMs: 30_000 }
const ONE_THREAD_TURNS = { turns: 60, warmup: 5, turnMs: 10, budgetMs: 15_000 }

/** With as many threads as onnxruntime takes; the note has one thread alone, by the clock and by processor time, which waiting is no part of. */
export async function latencyBeside(models: Beside): Promise<Omit<Figure, 'name'>> {
  const times = await withBoth(models, {}, (source, result) => timeInTurns(source, result, models.feeds, TURNS))
  const { p50, p10, p90 } = latencyRatio(times)
  const alone = await withBoth(models, { threads: 1 }, (source, result) => oneThread(source, result, models.feeds))
  const [before, after] = [0, 1].map((side) => percentile(times.map((pair) => pair[side] ?? NaN).toSorted((a, b) => a - b), 50))
  const note = `${ms(after)} against ${ms(before)} ms, ×${(1 / p50).toFixed(2)} as fast; on one thread ×${alone.wall.toFixed(3)} of the time, ×${alone.processor.toFixed(3)} of the processor time`
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

async function oneThread(source: RunningModel, result: RunningModel, feeds: Feeds): Promise<{ wall: number; processor: number }> {
  const { turns, warmup, turnMs, budgetMs } = ONE_THREAD_TURNS
  const [wall, processor]: [number[], number[]] = [[], []]
  const end = performance.now() + budgetMs
  for (let turn = -warmup; turn < turns && (turn < 3 || performance.now() < end); turn++) {
    const [a, b] = [await oneTurn(source, feeds, turnMs), await oneTurn(result, feeds, turnMs)]
    if (turn < 0) continue
    wall.push(b.wall / a.wall)
    processor.push(b.processor / a.processor)
  }
  return { wall: spreadOf(wall).value, processor: spreadOf(processor).value }
}

/** Median by the clock, and mean of processor time, of inferences in a row. */
async function oneTurn(model: RunningModel, feeds: Feeds, turnMs: number): Promise<{ wall: number; processor: number }> {
  const [started, used] = [performance.now(), process.cpuUsage()]
  const times: number[] = []
  do {
    const from = performance.now()
    await model.run(feeds)
    times.push(performance.now() - from)
  } while (performance.now() - started < turnMs)
  const { user, system } = process.cpuUsage(used)
  return { wall: spreadOf(times).value, processor: (user + system) / times.length }
}
