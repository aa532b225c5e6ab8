/** What the model's outputs lose as one group after another is cut, each alone: ratio against error. */
import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import { dataTypeName } from '#shared/onnx/data-type'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { RunningModel, TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'
import type { ChannelGraph, ChannelGroup } from './channel-graph'
import { cutModel } from './cut-model'
import { type Damage, type PlanGroup, unitsToRemove } from './plan'
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
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Measuring what each layer loses needs calibration data.', hint: 'Give a folder, an .npz or .npy file.' })
  const reference = await runner.load(document)
  const expected: ReadonlyMap<string, TensorValue>[] = []
  try {
    await runSome(reference, context, limit, (values) => void expected.push(values))
  } finally {
    await reference.close()
  }
  const free = planned.filter(({ counts }) => counts.length > 1)
  const tried = free.map(({ group, counts }) => ({ group, counts: spreadOut(counts.slice(1), steps) }))
  const total = tried.reduce((sum, { counts }) => sum + counts.length, 0)
  const curves: GroupCurve[] = []
  let done = 0
  for (const { group, counts } of tried) {
    const points: CurvePoint[] = [{ count: group.units.length, error: 0 }]
    for (const count of counts) {
      signal.throwIfAborted()
      context.progress('sensitivity', done / total, `${++done} / ${total}`)
      const plan = graph.groups.map(({ index, units }) => (index === group.index ? count : units.length))
      const cut = await cutModel(document.model, graph, unitsToRemove(plan, graph.groups, scores))
      const running = await runner.load(cut)
      const error = new RelativeError()
      try {
        await runSome(running, context, limit, (values, at) => error.add(expected[at], values))
      } finally {
        await running.close()
      }
      points.push({ count, error: error.value })
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

async function runSome(running: RunningModel, { calibration, signal }: CurveOptions['context'], limit: number, take: (values: ReadonlyMap<string, TensorValue>, at: number) => void): Promise<void> {
  let done = 0
  for await (const feeds of calibration?.samples() ?? []) {
    signal.throwIfAborted()
    take(await running.run(new Map([...feeds].filter(([name]) => running.inputNames.includes(name)))), done)
    if (++done === limit) return
  }
}

/** First, last, and evenly between. */
function spreadOut(counts: readonly number[], steps: number): number[] {
  if (counts.length <= steps) return [...counts]
  return Array.from({ length: steps }, (_, at) => counts[Math.round((at * (counts.length - 1)) / Math.max(1, steps - 1))] as number)
}

class RelativeError {
  readonly #sums = new Map<string, { difference: number; reference: number }>()

  add(expected: ReadonlyMap<string, TensorValue> | undefined, found: ReadonlyMap<string, TensorValue>): void {
    for (const [name, value] of expected ?? []) {
      const type = dataTypeName(value.dataType)
      const other = found.get(name)
      if (!type || !type.startsWith('float') || other?.dims.join() !== value.dims.join()) continue
      const count = value.dims.reduce((product, dim) => product * dim, 1)
      const [a, b] = [numbersFromBytes(type, value.bytes, count), numbersFromBytes(type, other.bytes, count)]
      const sum = this.#sums.get(name) ?? { difference: 0, reference: 0 }
      for (let at = 0; at < count; at++) {
        const [x, y] = [Number(a[at]), Number(b[at])]
        sum.reference += x * x
        sum.difference += (x - y) ** 2
      }
      this.#sums.set(name, sum)
    }
  }

  get value(): number {
    const parts = [...this.#sums.values()].map(({ difference, reference }) => (difference === 0 ? 0 : difference / reference))
    return parts.length === 0 ? 0 : parts.reduce((sum, part) => sum + part, 0) / parts.length
  }
}
