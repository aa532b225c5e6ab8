/** What the model's outputs lose as one group after another is cut, each alone: ratio against error. */
import type { ModelDocument } from '#shared/onnx/document'
import type { PassContext } from '../pass'
import type { ChannelGraph, ChannelGroup } from './channel-graph'
import { cutModel } from './cut-model'
import { type Damage, type PlanGroup, unitsToRemove } from './plan'
import { outputErrors, runReference } from './relative-error'
import type { UnitScores } from './unit-scores'

export interface CurvePoint {
  /** Units left. */
  readonly count: number
  /** ‖difference‖² / ‖reference‖² over the outputs, each output by its own size; 0 where nothing was cut. */
  readonly error: number
}

export interface GroupCurve {
  readonly group: ChannelGroup
  /** From all units down. */
  readonly points: readonly CurvePoint[]
}

export interface CurveOptions {
  readonly planned: readonly PlanGroup[]
  readonly scores: UnitScores
  readonly context: Pick<PassContext, 'calibration' | 'runner' | 'signal' | 'progress'>
  /** At most so many samples. */
  readonly limit: number
  /** At most so many counts of each group are tried; those between are interpolated. */
  readonly steps: number
}

/** Throws AppError `invalid-data` without samples, and what running throws. */
export async function measureCurves(document: ModelDocument, graph: ChannelGraph, { planned, scores, context, limit, steps }: CurveOptions): Promise<GroupCurve[]> {
  const reference = await runReference(document, context, limit)
  const free = planned.filter(({ counts }) => counts.length > 1)
  const tried = free.map(({ group, counts }) => ({ group, counts: spreadOut(counts.slice(1), steps) }))
  const total = tried.reduce((sum, { counts }) => sum + counts.length, 0)
  const curves: GroupCurve[] = []
  let done = 0
  for (const { group, counts } of tried) {
    const points: CurvePoint[] = [{ count: group.units.length, error: 0 }]
    for (const count of counts) {
      context.signal.throwIfAborted()
      context.progress('sensitivity', done / total, `${++done} / ${total}`)
      const plan = graph.groups.map(({ index, units }) => (index === group.index ? count : units.length))
      const cut = await cutModel(document.model, graph, unitsToRemove(plan, graph.groups, scores))
      points.push({ count, error: await outputErrors(cut, reference, context) })
    }
    curves.push({ group, points })
  }
  return curves
}

/** Damage from the curves, straight between the counts that were tried. A cut never counts as less than a smaller one. */
export function measuredDamage(curves: readonly GroupCurve[]): Damage {
  const byGroup = new Map(curves.map(({ group, points }) => [group.index, rising(points)]))
  return ({ index }, count) => {
    const points = byGroup.get(index) ?? []
    const above = points.findLast((point) => point.count >= count)
    const below = points.find((point) => point.count <= count)
    if (!above || !below || above.count === below.count) return above?.error ?? 0
    return above.error + ((below.error - above.error) * (above.count - count)) / (above.count - below.count)
  }
}

function rising(points: readonly CurvePoint[]): CurvePoint[] {
  let most = 0
  return points.map(({ count, error }) => ({ count, error: (most = Math.max(most, error)) }))
}

/** First, last, and evenly between. */
function spreadOut(counts: readonly number[], steps: number): number[] {
  if (counts.length <= steps) return [...counts]
  return Array.from({ length: steps }, (_, at) => counts[Math.round((at * (counts.length - 1)) / Math.max(1, steps - 1))] as number)
}
