/** What calibration sees of values within If, Loop and Scan: their extremes, and how often values occur between them. */
import type { Edit } from '#shared/onnx/document'
import type { Graph } from '#shared/onnx/records'
import type { TensorValue } from '../../runtime/model-runner'
import { opsetVersion } from '../constants'
import { float32Numbers } from '../recovery/observe'
import { COUNTING_OPSET, countsOver, EXTREMES } from './body-measures'
import { Histogram } from './histogram'
import { observeOutputs } from './observe-activations'
import { bringOut, type Wanted } from './observe-bodies'
import type { Extremes } from './observed-model'
import type { ActivationSource } from './run-samples'
import type { ValueRange } from './value-range'

/** A float32 value of a body that can be observed (see `observableBodies`). */
export interface BodyValue {
  readonly body: Graph
  readonly name: string
}

/** Whether histograms can be had of values within bodies: in older opsets nothing counts there. */
export function canCountInBodies({ model }: Pick<Edit, 'model'>): boolean {
  return opsetVersion(model) >= COUNTING_OPSET
}

/** Shows the extremes of each value in each sample that came to it, NaN where it held one. Throws AppError `invalid-data` without samples. */
export async function observeBodyExtremes<Value extends BodyValue>(edit: Edit, values: readonly Value[], source: ActivationSource, add: (value: Value, extremes: Extremes) => void): Promise<void> {
  const wanted = values.flatMap(({ body, name }) => Object.values(EXTREMES).map((measure): Wanted => ({ body, name, measure })))
  await observeInBodies(edit, wanted, source, (outputs) => {
    for (const [at, value] of values.entries()) {
      const [min = NaN, max = NaN, sum = NaN] = outputs.slice(3 * at, 3 * at + 3).map((output) => float32Numbers(output)[0])
      if (Number.isNaN(sum)) add(value, { min: NaN, max: NaN })
      else if (min <= max) add(value, { min, max })
    }
  })
}

/** A histogram of each value over its range, which is no point. */
export async function fillBodyHistograms(edit: Edit, values: readonly (BodyValue & { readonly range: ValueRange })[], source: ActivationSource): Promise<Histogram[]> {
  const histograms = values.map(({ range }) => new Histogram(range))
  if (values.length === 0) return histograms
  await observeInBodies(edit, values.map(({ body, name, range }) => ({ body, name, measure: countsOver(range) })), source, (outputs) => {
    for (const [at, histogram] of histograms.entries()) if (outputs[at]) histogram.addCounts(float32Numbers(outputs[at]))
  })
  return histograms
}

/** Shows what is wanted, in that order, of each sample. Throws AppError `invalid-data` without samples. */
export async function observeInBodies(edit: Edit, wanted: readonly Wanted[], source: ActivationSource, show: (outputs: readonly TensorValue[]) => void): Promise<void> {
  const brought = bringOut(edit, wanted)
  await observeOutputs(brought, source, (values) => {
    show(brought.outputs.map((name) => {
      const value = values.get(name)
      if (!value) throw new Error(`internal: no output '${name}'`)
      return value
    }))
  })
}
