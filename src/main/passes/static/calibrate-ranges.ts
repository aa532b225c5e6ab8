import { RANGE_METHODS } from '#shared/measurement'
import type { Edit } from '#shared/onnx/document'
import type { ValueType } from '#shared/onnx/records'
import type { PassContext } from '../pass'
import type { Histogram } from './histogram'
import { fillHistograms, observeExtremes } from './observe-activations'
import { RangeCollector } from './range-collector'
import { leastDivergenceRange, leastSquaresRange, percentileRange, type Quantizer } from './search-range'
import type { ValueRange } from './value-range'

export const CALIBRATION_METHODS = RANGE_METHODS
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number]

export interface RangeMethod {
  readonly method: CalibrationMethod
  /** For the method of that name: how much of the values to keep, in per cent. */
  readonly percentile: number
  /** What the values will be quantized to. */
  readonly quantizer: Quantizer
}

export interface Calibration {
  readonly context: PassContext
  readonly maxSamples: number
  readonly exact: boolean
  readonly methodOf: (name: string) => RangeMethod
  /** Values that are never below 0. */
  readonly nonNegative: ReadonlySet<string>
  /** What is known of a value's type: of those that may not be float32, the tensors themselves are looked at. */
  readonly typeOf: (name: string) => ValueType | null
}

/**
 * The range of each of `names` (float32 values of the main graph, its inputs included) over at most `maxSamples` calibration samples.
 * Min-max and moving average (the mean of the samples' ranges) take one pass over them, the others two: the second fills a
 * histogram for each value. Memory does not grow with the number of samples. Values of another type and those that were NaN or
 * infinite are left out of the result; so are empty ones. Throws AppError `invalid-data` without samples.
 */
export async function calibrateRanges(edit: Edit, names: readonly string[], { context, maxSamples, exact, methodOf, nonNegative, typeOf }: Calibration): Promise<Map<string, ValueRange>> {
  const methods = new Map(names.map((name) => [name, methodOf(name)]))
  const isSearchedFor = (name: string) => isSearched(methodOf(name))
  const split = names.some(isSearchedFor) ? 0.5 : 1
  const takesMean = (name: string) => methods.get(name)?.method === 'moving-average'
  const collector = new RangeCollector(takesMean)
  const share = { from: 0, to: split }
  await observeExtremes(edit, names, { context, maxSamples, exact, nonNegative, typeOf, share, together: !names.some(takesMean), add: (name, extremes) => collector.add(name, extremes) })
  const ranges = collector.ranges()
  if (split === 1) return ranges
  const histograms = await fillHistograms(edit, new Map([...ranges].filter(([name]) => isSearchedFor(name))), { context, maxSamples, exact, share: { from: split, to: 1 } })
  for (const [name, histogram] of histograms) {
    const method = methods.get(name)
    if (method) ranges.set(name, searchedRange(histogram, method) ?? histogram.range)
  }
  return ranges
}

/** Whether a range is searched for in a histogram, instead of taken from the samples' extremes. */
export function isSearched({ method }: Pick<RangeMethod, 'method'>): boolean {
  return method !== 'min-max' && method !== 'moving-average'
}

/** The range that one of the searching methods takes from a histogram; null for the others. */
export function searchedRange(histogram: Histogram, { method, percentile, quantizer }: RangeMethod): ValueRange | null {
  switch (method) {
    case 'percentile':
      return percentileRange(histogram, percentile)
    case 'mse':
      return leastSquaresRange(histogram, quantizer)
    case 'entropy':
      return leastDivergenceRange(histogram, quantizer)
    default:
      return null
  }
}
