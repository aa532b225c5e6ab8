import { availableParallelism } from 'node:os'
import type { Feeds } from '../../runtime/model-runner'
import type { CalibrationData } from '../pass'

/** More would only cost memory: each sample under way holds the activations of a whole inference. */
const MOST_AT_ONCE = 8

export interface SampleWork<Result> {
  readonly data: CalibrationData
  readonly limit: number
  readonly signal: AbortSignal
  /** Runs one sample. Several are under way at once, one for each core. */
  readonly run: (feeds: Feeds) => Promise<Result>
  /** Takes the results, in the order of the samples. */
  readonly take: (result: Result, done: number) => void
}

/**
 * Runs samples side by side, each on one thread: onnxruntime wastes most of its time on keeping threads of one inference in step.
 * Returns how many there were. No more results wait than there are cores, whatever the number of samples.
 */
export async function runSamples<Result>({ data, limit, signal, run, take }: SampleWork<Result>): Promise<number> {
  const samples = data.samples()[Symbol.asyncIterator]()
  const waiting = new Map<number, Result>()
  let [started, done, isOver] = [0, 0, false]
  async function work(): Promise<void> {
    while (!isOver && started < limit) {
      signal.throwIfAborted()
      const at = started++
      const next = await samples.next()
      if (next.done === true) {
        isOver = true
        return
      }
      waiting.set(at, await run(next.value))
      for (let result = waiting.get(done); result !== undefined; result = waiting.get(done)) {
        waiting.delete(done++)
        take(result, done)
      }
    }
  }
  const workers = Math.max(1, Math.min(availableParallelism(), MOST_AT_ONCE, limit))
  // All must have ended before the session is closed, whichever of them failed.
  const outcomes = await Promise.allSettled(
    Array.from({ length: workers }, () =>
      work().catch((error: unknown) => {
        isOver = true
        throw error
      }),
    ),
  )
  await samples.return?.()
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return done
}
