import type { DeployOptions, DeployResult, PhoneLatency } from '#shared/deploy'
import { phoneName } from '#shared/device'
import type { KernelProfile } from '#shared/measurement'
import { summarizeLatency } from '../runtime/latency'
import { latencyRatio } from '../runtime/time-in-turns'
import { adapterOf, type DeployRun, type DeployRunOptions, withDeployRun } from './deploy-run'
import type { RunFigures } from './device-adapter'
import { type PhoneTarget, withPlannedPhone } from './with-planned-phone'

/** Each turn starts the program anew, so that a phone that heats up or slows down meets both models. */
const TURNS = 5

export type DeployBesideOptions = Omit<DeployRunOptions, 'path'> & PhoneTarget & { readonly source: string; readonly result: string }

export interface DeployedBeside {
  readonly beside: PhoneLatency
  /** The same, each model by itself; the source first. */
  readonly runs: readonly [DeployResult, DeployResult]
}

/**
 * Times a result on a phone beside its source, in turns within one connection, `options.runs` of each in all; a browser, which runs a page
 * once, has one turn of each. Throws AppError as `deployModel` does.
 */
export async function deployBeside({ source, result, ...deploy }: DeployBesideOptions): Promise<DeployedBeside> {
  deploy.progress('connecting', 0)
  return withPlannedPhone(deploy, async (planned) => {
    const { isRepeatable, name } = await adapterOf(planned, deploy.options)
    const turns = isRepeatable ? Math.min(TURNS, deploy.options.runs) : 1
    const stage = createStage(deploy.progress)
    const options = { ...deploy.options, runs: Math.ceil(deploy.options.runs / turns), kernels: false }
    const prepare = <T>(path: string, work: (run: DeployRun) => Promise<T>, own: Partial<DeployOptions> = {}) => withDeployRun(planned, { ...deploy, path, options: { ...options, ...own }, progress: stage.progress }, work)
    if (!isRepeatable) {
      const before = await prepare(source, async (run) => run.finish(await run.run()))
      stage.enter(0.5, 0.5)
      const after = await prepare(result, async (run) => run.finish(await run.run()))
      return besideOf([before, after], [[before.latency.p50Ms, after.latency.p50Ms]])
    }
    return prepare(source, (a) => {
      stage.enter(0.3, 0.5)
      return prepare(result, async (b) => {
        const figures: [RunFigures, RunFigures][] = []
        for (let turn = 0; turn < turns; turn++) {
          stage.enter(0.6 + (0.3 * turn) / turns, 0)
          figures.push([await a.run(), await b.run()])
        }
        const before = await finishTurns(a, figures.map(([first]) => first))
        const timed = await finishTurns(b, figures.map(([, second]) => second))
        stage.enter(0.9, 0.1)
        // In a run of its own, of a model whose nodes have names: the timed one is the one that is kept.
        const kernels = name === 'native' ? await prepare(result, async (run) => (await run.run()).kernels, { kernels: true, runs: 1, warmup: 0 }) : []
        const after = { ...timed, kernels }
        return besideOf([before, after], figures.map(([first, second]) => [medianOf(first), medianOf(second)]))
      })
    })
  })
}

/** Places what each part tells of its own progress within the whole. */
function createStage(progress: DeployRunOptions['progress']) {
  let [start, length] = [0, 0.5]
  return {
    enter(from: number, share: number) {
      start = from
      length = share
    },
    progress: (phase: string, fraction: number | null, detail?: string) => progress(phase, fraction === null ? null : start + length * fraction, detail),
  }
}

async function finishTurns(run: DeployRun, turns: readonly RunFigures[]): Promise<DeployResult> {
  const [first] = turns
  if (first === undefined) throw new Error('internal: nothing was run on the phone')
  const peaks = turns.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? [])
  const result = await run.finish({ ...first, samplesMs: turns.flatMap(({ samplesMs }) => samplesMs), peakMemoryBytes: peaks.length === 0 ? null : Math.max(...peaks) })
  return { ...result, conditions: { ...result.conditions, runs: result.samplesMs.length } }
}

/** @param turns medians of source and result in each turn, ms. */
function besideOf(runs: readonly [DeployResult, DeployResult], turns: readonly (readonly [number, number])[]): DeployedBeside {
  const [source, { latency, conditions, facts, adapter, outputError, kernels }] = runs
  return {
    beside: { serial: facts.serial, phone: phoneName(facts), adapter, turns: turns.length, source: source.latency, result: latency, ratio: latencyRatio(turns), conditions, outputError, opCounts: kernels.length === 0 ? null : countOperators(kernels) },
    runs,
  }
}

function countOperators(kernels: readonly KernelProfile[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { opType } of kernels) counts[opType] = (counts[opType] ?? 0) + 1
  return counts
}

function medianOf({ samplesMs }: RunFigures): number {
  return summarizeLatency(samplesMs).p50Ms
}
