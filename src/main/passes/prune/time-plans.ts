/** Plans of cuts, timed as whole models beside their source. */
import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import { firstSample } from '../../runtime/profile-model'
import { latencyRatio, processorTimesInTurns } from '../../runtime/time-in-turns'
import type { PassContext } from '../pass'
import type { ChannelGraph } from './channel-graph'
import { cutModel } from './cut-model'
import { type Plan, unitsToRemove } from './plan'
import type { UnitScores } from './unit-scores'

interface Timing {
  readonly context: PassContext
  readonly scores: UnitScores
}

const TURNS = { runs: 30, warmup: 3, turnMs: 5, budgetMs: 2500 }
/** With more, and by the clock, waiting for other work on a busy machine is measured too, and a plan chosen by that is chosen by chance. */
const THREADS = 1

/** `plan`, or the even one where that is measured to be as fast. */
export async function fasterPlan(document: ModelDocument, graph: ChannelGraph, { plan, even, ...timing }: Timing & { readonly plan: Plan; readonly even: Plan }): Promise<Plan> {
  return timePlans(document, graph, timing, async (ratioOf) => {
    const [ratio, evenRatio] = [await ratioOf(plan), await ratioOf(even)]
    const isFaster = ratio < evenRatio
    const message = `Cut where outputs lose least for the time saved, the model takes ×${ratio.toFixed(2)} of its time; with the same part of every layer gone, ×${evenRatio.toFixed(2)}${isFaster ? '' : ', so that was done'}.`
    timing.context.report({ severity: 'info', code: 'plans-timed', message })
    return isFaster ? plan : even
  })
}

/** The first of plans that cut ever more which saves `amount` of the time, 0…1, by halving; the last one where none does. */
export async function firstFastEnough(document: ModelDocument, graph: ChannelGraph, { plans, amount, ...timing }: Timing & { readonly plans: readonly Plan[]; readonly amount: number }): Promise<Plan> {
  const tries = Math.ceil(Math.log2(Math.max(2, plans.length)))
  return timePlans(document, graph, timing, async (ratioOf) => {
    let [low, high] = [0, plans.length - 1]
    for (let attempt = 0; low < high; attempt++) {
      timing.context.progress('timing', attempt / tries, `${attempt + 1} / ${tries}`)
      const middle = (low + high) >> 1
      if ((await ratioOf(plans[middle] ?? [])) <= 1 - amount) high = middle
      else low = middle + 1
    }
    return plans[high] ?? []
  })
}

async function timePlans<Result>(document: ModelDocument, graph: ChannelGraph, { context, scores }: Timing, choose: (ratioOf: (plan: Plan) => Promise<number>) => Promise<Result>): Promise<Result> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Measuring latency needs inputs.', hint: 'Give calibration data, or choose synthetic inputs.' })
  const feeds = await firstSample(calibration)
  const options = { threads: THREADS, sleepBetweenRuns: true }
  const source = await runner.load(document, options)
  try {
    return await choose(async (plan) => {
      const cut = await runner.load(await cutModel(document.model, graph, unitsToRemove(plan, graph.groups, scores)), options)
      try {
        return latencyRatio(await processorTimesInTurns(source, cut, feeds, { ...TURNS, signal })).p50
      } finally {
        await cut.close()
      }
    })
  } finally {
    await source.close()
  }
}
