import type { ModelDocument } from '#shared/onnx/document'
import type { PassContext } from '../pass'
import { type ChannelGraph, costModel, type Shares } from './channel-graph'
import { type Damage, evenPlan, evenPlanFor, evenSteps, greedyPlans, type Plan, type PlanGroup, planGroups, scoredDamage, unitsToRemove } from './plan'
import { measureCurves, measuredDamage } from './sensitivity-curves'
import type { PruneOptions } from './prune-options'
import { measureTimeCost } from './time-cost'
import { fasterPlan, firstFastEnough } from './time-plans'
import { scoreUnits, type UnitScores } from './unit-scores'

/** Samples for measuring layer by layer: a session for each step makes it dear. */
const CURVE_SAMPLES = 32
const CURVE_STEPS = 5

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
  const even = () => evenPlanFor(planned, { cost, amount })
  if (distribution === 'even' && target !== 'latency') return even()
  const time = distribution === 'latency' ? await measureTimeCost(document, graph, { planned, scores, context }) : null
  const choosing = { options, context, scores, planned: time?.planned ?? planned }
  const damage = await damageOf(document, graph, choosing)
  if (target === 'latency') {
    const plans = damage ? greedyPlans(choosing.planned, { cost: time?.cost ?? cost, amount: 1 }, damage) : evenSteps(planned)
    return firstFastEnough(document, graph, { plans, amount, context, scores })
  }
  if (!damage) throw new Error('internal: nothing says what a cut costs')
  const plan = greedyPlans(choosing.planned, { cost, amount, ...(time && { worth: time.cost }) }, damage).at(-1) ?? []
  return time ? fasterPlan(document, graph, { plan, even: even(), context, scores }) : plan
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
