import type { Edit } from '#shared/onnx/document'
import type { Graph } from '#shared/onnx/records'
import { isSearched, type RangeMethod, searchedRange } from './calibrate-ranges'
import { canCountInBodies, fillBodyHistograms, observeBodyExtremes } from './observe-body-values'
import { RangeCollector } from './range-collector'
import type { ActivationSource } from './run-samples'
import type { ValueRange } from './value-range'

export interface BodyCalibration extends Omit<ActivationSource, 'share'> {
  readonly methodOf: (body: Graph, name: string) => RangeMethod
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
  const split = searches ? 0.5 : 1
  await observeBodyExtremes(edit, all, { ...source, share: { from: 0, to: split } }, ({ body, name }, extremes) => collectors.get(body)?.add(name, extremes))
  const ranges = new Map([...collectors].map(([body, collector]) => [body, collector.ranges()]))
  if (!searches) return ranges
  const counted = all.flatMap(({ body, name, method }) => {
    const range = ranges.get(body)?.get(name)
    return range && range.max > range.min && isSearched(method) ? [{ body, name, method, range }] : []
  })
  const histograms = await fillBodyHistograms(edit, counted, { ...source, share: { from: split, to: 1 } })
  for (const [at, { body, name, method, range }] of counted.entries()) {
    const histogram = histograms[at]
    ranges.get(body)?.set(name, (histogram && searchedRange(histogram, method)) ?? range)
  }
  return ranges
}
