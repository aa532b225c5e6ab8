import type { LatencyRatio } from '#shared/measurement'
import { AppError } from '#shared/errors'
import { percentile, relativeSpread, timeRun } from './latency'
import type { Feeds, RunningModel } from './model-runner'

export interface TurnOptions {
  readonly runs: number
  readonly warmup: number
  /**
   * A turn of a quick model is several inferences, about this long together, and its latency their median: one alone is at the mercy of
   * whatever else the processor does. 0, the default: one inference.
   */
  readonly turnMs?: number
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
export async function timeInTurns(a: RunningModel, b: RunningModel, feeds: Feeds, options: TurnOptions): Promise<[number, number][]> {
  return takeTurns(a, b, options, (model) => timeTurn(model, feeds, options.turnMs ?? 0))
}

/**
 * The same in processor time of this process, ms for each inference: what a busy machine cannot stretch. For models that were loaded with one thread,
 * where it is what they would take on a quiet machine; nothing else may run in the process.
 */
export async function processorTimesInTurns(a: RunningModel, b: RunningModel, feeds: Feeds, options: TurnOptions): Promise<[number, number][]> {
  return takeTurns(a, b, options, (model) => useOfTurn(model, feeds, options.turnMs ?? 0))
}

async function takeTurns(a: RunningModel, b: RunningModel, { runs, warmup, budgetMs = Infinity, signal, progress }: TurnOptions, take: (model: RunningModel) => Promise<number>): Promise<[number, number][]> {
  const times: [number, number][] = []
  const end = performance.now() + budgetMs
  for (let run = -warmup; run < runs; run++) {
    if (signal?.aborted) throw new AppError({ code: 'cancelled', message: 'The work was cancelled.' })
    const pair: [number, number] = [await take(a), await take(b)]
    if (run >= 0) times.push(pair)
    progress?.(run)
    if (times.length >= FEWEST_RUNS && performance.now() > end) break
  }
  return times
}

const MOST_IN_TURN = 100

/** Median of inferences in a row. */
async function timeTurn(model: RunningModel, feeds: Feeds, turnMs: number): Promise<number> {
  const times = [await timeRun(model, feeds)]
  const end = performance.now() + turnMs
  while (performance.now() < end && times.length < MOST_IN_TURN) times.push(await timeRun(model, feeds))
  return percentile(times.sort((a, b) => a - b), 50)
}

async function useOfTurn(model: RunningModel, feeds: Feeds, turnMs: number): Promise<number> {
  const [started, used] = [performance.now(), process.cpuUsage()]
  let done = 0
  do {
    await model.run(feeds)
    done++
  } while (performance.now() - started < turnMs && done < MOST_IN_TURN)
  const { user, system } = process.cpuUsage(used)
  return (user + system) / 1000 / done
}

/** Latency of the second model as a share of the first's, pair by pair. */
export function latencyRatio(times: readonly (readonly [number, number])[]): LatencyRatio {
  const ratios = times.map(([timeA, timeB]) => timeB / timeA).toSorted((a, b) => a - b)
  return { p50: percentile(ratios, 50), p10: percentile(ratios, 10), p90: percentile(ratios, 90), spread: relativeSpread(ratios) }
}
