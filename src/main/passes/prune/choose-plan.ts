import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import { firstSample } from '../../runtime/profile-model'
import { latencyRatio, timeInTurns } from '../../runtime/time-in-turns'
import type { PassContext } from '../pass'
import { type ChannelGraph, costModel, type Shares } from './channel-graph'
import { cutModel } from './cut-model'
import { type Damage, evenPlan, evenPlanFor, greedyPlans, type Plan, type PlanGroup, planGroups, scoredDamage, unitsToRemove } from './plan'
import { measureCurves, measuredDamage } from './sensitivity-curves'
import type { PruneOptions } from './prune-options'
import { scoreUnits, type UnitScores } from './unit-scores'

/** Samples for measuring layer by layer: a session for each step makes it dear. */
const CURVE_SAMPLES = 32
const CURVE_STEPS = 5
const LATENCY_RUNS = 15
const LATENCY_BUDGET_MS = 1500
/** Latency is measured for some plans only, halving what lies between. */
const LATENCY_TRIES = 6

export interface ChosenPlan {
  readonly plan: Plan
  readonly scores: UnitScores
  readonly removed: ReadonlySet<number>
}

/** Decides which channels go. The document stays as it is. Throws AppError `invalid-data` where data is needed and missing. */
export async function choosePlan(document: ModelDocument, graph: ChannelGraph, options: PruneOptions, context: PassContext): Promise<ChosenPlan> {
  context.progress('scoring', 0)
  const isReal = context.calibration !== null && !context.calibration.synthetic
  // Random inputs say nothing of which channels matter.
  const method = isReal || (options.importance !== 'activation' && options.importance !== 'reconstruction') ? options.importance : 'l2'
  const scores = await scoreUnits(document, graph, { method, context, limit: Math.min(options.calibrationSamples, 64) })
  const planned = planGroups(graph.groups, { roundTo: options.roundTo, mostOfGroup: options.mostOfLayer })
  const plan = await planFor(document, graph, { options, context, scores, planned })
  return { plan, scores, removed: unitsToRemove(plan, graph.groups, scores) }
}

interface Planning {
  readonly options: PruneOptions
  readonly context: PassContext
  readonly scores: UnitScores
  readonly planned: readonly PlanGroup[]
}

async function planFor(document: ModelDocument, graph: ChannelGraph, { options, context, scores, planned }: Planning): Promise<Plan> {
  const { target, amount, distribution } = options
  if (target === 'channels' && distribution === 'even') return evenPlan(planned, amount)
  const cost = costOf(document, graph, target)
  const damage = await damageOf(document, graph, { options, context, scores, planned })
  if (target !== 'latency') return damage ? (greedyPlans(planned, { cost, amount }, damage).at(-1) ?? []) : evenPlanFor(planned, { cost, amount })
  const plans = damage ? greedyPlans(planned, { cost, amount: 1 }, damage) : Array.from({ length: 40 }, (_, step) => evenPlan(planned, (step + 1) / 40))
  return firstFastEnough(document, graph, { plans, amount, context, scores })
}

function costOf(document: ModelDocument, graph: ChannelGraph, target: PruneOptions['target']): (left: Shares) => number {
  const costs = costModel(document, graph)
  if (target === 'channels') return (left) => graph.groups.reduce((sum, { index, units, lock }) => sum + (lock ? 0 : units.length * (left[index] ?? 1)), 0)
  if (target === 'parameters') return costs.parameters
  if (target === 'size') return costs.sizeBytes
  // A model whose shapes are open has no count of MACs: its parameters stand for them.
  return costs.macs(graph.groups.map(() => 1)) > 0 ? costs.macs : costs.parameters
}

async function damageOf(document: ModelDocument, graph: ChannelGraph, { options, context, scores, planned }: Planning): Promise<Damage | null> {
  if (options.distribution === 'even') return null
  if (options.distribution === 'importance') return scoredDamage(scores)
  return measuredDamage(await measureCurves(document, graph, { planned, scores, context, limit: Math.min(CURVE_SAMPLES, options.calibrationSamples), steps: CURVE_STEPS }))
}

/** The first of plans that cut ever more which saves enough time, by halving; the last one where none does. */
async function firstFastEnough(document: ModelDocument, graph: ChannelGraph, { plans, amount, context, scores }: { plans: readonly Plan[]; amount: number; context: PassContext; scores: UnitScores }): Promise<Plan> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Measuring latency needs inputs.', hint: 'Give calibration data, or choose synthetic inputs.' })
  const feeds = await firstSample(calibration)
  const source = await runner.load(document, { sleepBetweenRuns: true })
  let [low, high] = [0, plans.length - 1]
  try {
    for (let attempt = 0; attempt < LATENCY_TRIES && low < high; attempt++) {
      const middle = (low + high) >> 1
      context.progress('timing', attempt / LATENCY_TRIES, `${attempt + 1} / ${LATENCY_TRIES}`)
      const cut = await runner.load(await cutModel(document.model, graph, unitsToRemove(plans[middle] ?? [], graph.groups, scores)), { sleepBetweenRuns: true })
      try {
        const { p50 } = latencyRatio(await timeInTurns(source, cut, feeds, { runs: LATENCY_RUNS, warmup: 2, budgetMs: LATENCY_BUDGET_MS, signal }))
        if (p50 <= 1 - amount) high = middle
        else low = middle + 1
      } finally {
        await cut.close()
      }
    }
  } finally {
    await source.close()
  }
  return plans[high] ?? []
}
