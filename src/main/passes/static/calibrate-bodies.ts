import type { Edit } from '#shared/onnx/document'
import type { Graph } from '#shared/onnx/records'
import type { TensorValue } from '../../runtime/model-runner'
import { opsetVersion } from '../constants'
import { float32Numbers } from '../recovery/observe'
import { COUNTING_OPSET, countsOver, EXTREMES } from './body-measures'
import { isSearched, type RangeMethod, searchedRange } from './calibrate-ranges'
import { Histogram } from './histogram'
import { observeOutputs } from './observe-activations'
import { bringOut, type Wanted } from './observe-bodies'
import type { Extremes } from './observed-model'
import { RangeCollector } from './range-collector'
import type { ActivationSource } from './run-samples'
import type { ValueRange } from './value-range'

export interface BodyCalibration extends Omit<ActivationSource, 'share'> {
  readonly methodOf: (body: Graph, name: string) => RangeMethod
}

/** Whether ranges of values within bodies can be searched for: in older opsets nothing counts there. */
export function canCountInBodies({ model }: Pick<Edit, 'model'>): boolean {
  return opsetVersion(model) >= COUNTING_OPSET
}

/**
 * The range over the samples of each of `values` (float32 ones of bodies that can be observed, see `observableBodies`), by the same
 * methods as `calibrateRanges`; where nothing can be counted, by the extremes. Values that were never computed, and those that were NaN or
 * infinite, are left out. Memory grows neither with samples nor with rounds. Throws AppError `invalid-data` without samples.
 */
export async function calibrateBodies(edit: Edit, values: ReadonlyMap<Graph, readonly string[]>, { methodOf, ...source }: BodyCalibration): Promise<Map<Graph, Map<string, ValueRange>>> {
  const all = [...values].flatMap(([body, names]) => names.map((name) => ({ body, name, method: methodOf(body, name) })))
  const searches = canCountInBodies(edit) && all.some(({ method }) => isSearched(method))
  const collectors = new Map([...values.keys()].map((body) => [body, new RangeCollector((name) => methodOf(body, name).method === 'moving-average')]))
  const share = { from: 0, to: searches ? 0.5 : 1 }
  const extremes = all.flatMap(({ body, name }) => Object.values(EXTREMES).map((measure): Wanted => ({ body, name, measure })))
  await observe(edit, extremes, { ...source, share }, (outputs) => {
    for (const [at, { body, name }] of all.entries()) {
      const [min = NaN, max = NaN, sum = NaN] = outputs.slice(3 * at, 3 * at + 3).map((value) => float32Numbers(value)[0])
      const found: Extremes = Number.isNaN(sum) ? { min: NaN, max: NaN } : { min, max }
      if (Number.isNaN(sum) || min <= max) collectors.get(body)?.add(name, found)
    }
  })
  const ranges = new Map([...collectors].map(([body, collector]) => [body, collector.ranges()]))
  if (!searches) return ranges

  const counted = all.flatMap(({ body, name, method }) => {
    const range = ranges.get(body)?.get(name)
    return range && range.max > range.min && isSearched(method) ? [{ body, name, method, histogram: new Histogram(range), measure: countsOver(range) }] : []
  })
  if (counted.length === 0) return ranges
  await observe(edit, counted, { ...source, share: { from: share.to, to: 1 } }, (outputs) => {
    for (const [at, { histogram }] of counted.entries()) if (outputs[at]) histogram.addCounts(float32Numbers(outputs[at]))
  })
  for (const { body, name, method, histogram } of counted) ranges.get(body)?.set(name, searchedRange(histogram, method) ?? histogram.range)
  return ranges
}

/** Shows what is wanted, in that order, of each sample. */
async function observe(edit: Edit, wanted: readonly Wanted[], source: ActivationSource, show: (outputs: readonly TensorValue[]) => void): Promise<void> {
  const brought = bringOut(edit, wanted)
  await observeOutputs(brought, source, (values) => {
    show(brought.outputs.map((name) => {
      const value = values.get(name)
      if (!value) throw new Error(`internal: no output '${name}'`)
      return value
    }))
  })
}
