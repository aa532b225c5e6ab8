import type { Edit } from '#shared/onnx/document'
import type { Graph } from '#shared/onnx/records'
import { observeOutputs } from './observe-activations'
import { observedBodies } from './observe-bodies'
import { scalarOf } from './observed-model'
import { RangeCollector } from './range-collector'
import type { ActivationSource } from './run-samples'
import type { ValueRange } from './value-range'

export interface BodyCalibration extends Omit<ActivationSource, 'share'> {
  /** Of which values the mean of the samples' extremes is taken instead of the furthest. */
  readonly takesMean: (name: string) => boolean
}

/**
 * The range over the samples of each of `values` (float32 ones of bodies that can be observed, see `observableBodies`). Values that
 * were never computed, and those that were NaN or infinite, are left out. Throws AppError `invalid-data` without samples.
 */
export async function calibrateBodies(edit: Edit, values: ReadonlyMap<Graph, readonly string[]>, { takesMean, ...source }: BodyCalibration): Promise<Map<Graph, Map<string, ValueRange>>> {
  const observer = observedBodies(edit, values)
  const collectors = new Map([...values.keys()].map((body) => [body, new RangeCollector(takesMean)]))
  await observeOutputs(observer, { ...source, share: { from: 0, to: 1 } }, (outputs) => {
    for (const { body, name, extremes } of observer.extremes((output) => scalarOf(outputs, output))) collectors.get(body)?.add(name, extremes)
  })
  return new Map([...collectors].map(([body, collector]) => [body, collector.ranges()]))
}
