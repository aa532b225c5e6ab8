import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Feeds, RunningModel, TensorValue } from '../../runtime/model-runner'
import type { CalibrationData, PassContext } from '../pass'
import { Histogram } from './histogram'
import { type Extremes, observableOptimization, observedModel } from './observed-model'
import { runSamples } from './run-samples'
import { leastDivergenceRange, leastSquaresRange, percentileRange, type Quantizer } from './search-range'
import type { ValueRange } from './value-range'

export const CALIBRATION_METHODS = ['min-max', 'moving-average', 'percentile', 'mse', 'entropy'] as const
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number]

export interface Calibration {
  readonly context: PassContext
  readonly maxSamples: number
  readonly method: CalibrationMethod
  /** For the method of that name: how much of the values to keep, in per cent. */
  readonly percentile: number
  /** What the values will be quantized to. */
  readonly quantizer: Quantizer
  /** Values that are never below 0. */
  readonly nonNegative: ReadonlySet<string>
  /** Values that are float32 for certain: of others, the tensors themselves are looked at. */
  readonly isFloat32: (name: string) => boolean
}

/**
 * The range of each of `names` (float32 values of the main graph, its inputs included) over at most `maxSamples` calibration samples.
 * Min-max and moving average (the mean of the samples' ranges) take one pass over them, the others two: the second fills a
 * histogram for each value. Memory does not grow with the number of samples. Values of another type and those that were NaN or
 * infinite are left out of the result; so are empty ones.
 */
export async function calibrateRanges(edit: Edit, names: readonly string[], calibration: Calibration): Promise<Map<string, ValueRange>> {
  const { context, method } = calibration
  const data = context.calibration
  if (!data) throw new AppError({ code: 'invalid-data', message: 'Static quantization needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const passes = method === 'min-max' || method === 'moving-average' ? 1 : 2
  const collector = new RangeCollector(method === 'moving-average')
  const done = await observeExtremes(edit, names, { ...calibration, data, share: 1 / passes, collector })
  if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  const ranges = collector.ranges()
  return passes === 1 ? ranges : searchRanges(edit, ranges, { ...calibration, data })
}

class RangeCollector {
  readonly #known = new Map<string, { min: number; max: number; samples: number }>()
  readonly #unusable = new Set<string>()

  constructor(readonly takesMean: boolean) {}

  add(name: string, extremes: Extremes | null): void {
    if (!extremes || Number.isNaN(extremes.max) || extremes.max === Infinity || extremes.min === -Infinity) {
      // An empty value has no largest one; it says nothing about the range.
      if (!extremes || extremes.min <= extremes.max || Number.isNaN(extremes.max)) this.#unusable.add(name)
      return
    }
    const known = this.#known.get(name)
    if (!known) {
      this.#known.set(name, { ...extremes, samples: 1 })
      return
    }
    known.samples++
    if (this.takesMean) {
      known.min += (extremes.min - known.min) / known.samples
      known.max += (extremes.max - known.max) / known.samples
    } else {
      known.min = Math.min(known.min, extremes.min)
      known.max = Math.max(known.max, extremes.max)
    }
  }

  ranges(): Map<string, ValueRange> {
    const usable = [...this.#known].filter(([name, { max }]) => !this.#unusable.has(name) && max !== -Infinity)
    return new Map(usable.map(([name, { min, max }]) => [name, { min: Math.fround(min), max: Math.fround(max) }]))
  }
}

type Observation = Calibration & { readonly data: CalibrationData; readonly share: number; readonly collector: RangeCollector }

async function observeExtremes(edit: Edit, names: readonly string[], observation: Observation): Promise<number> {
  const { context, data, maxSamples, collector, share } = observation
  const inputs = names.filter((name) => edit.main.inputs.some((input) => input.name === name))
  const computed = names.filter((name) => !inputs.includes(name))
  const reduced = computed.filter(observation.isFloat32)
  const whole = computed.filter((name) => !reduced.includes(name))
  const observed = observedModel(edit, reduced, observation.nonNegative)
  const outputs = [...observed.outputs, ...whole]
  const running = outputs.length === 0 ? null : await context.runner.load(observed.model, { optimization: observableOptimization(edit.main), threads: 1, extraOutputs: whole })
  try {
    const total = Math.min(data.sampleCount, maxSamples)
    return await runSamples({
      data,
      limit: maxSamples,
      signal: context.signal,
      async run(feeds) {
        const values = running ? await running.run(readBy(running, feeds), outputs) : new Map<string, TensorValue>()
        const extremes: [string, Extremes | null][] = [...observed.extremes(values)]
        for (const name of inputs) extremes.push([name, extremesOf(feeds.get(name))])
        for (const name of whole) extremes.push([name, extremesOf(values.get(name))])
        return extremes
      },
      take(extremes, done) {
        for (const [name, found] of extremes) collector.add(name, found)
        context.progress('calibrating', (share * done) / total, `${done} / ${total}`)
      },
    })
  } finally {
    await running?.close()
  }
}

/** Inputs that no observed value comes from are not there any more. */
function readBy(running: RunningModel, feeds: Feeds): Feeds {
  return new Map([...feeds].filter(([name]) => running.inputNames.includes(name)))
}

/** Null where the values are not float32. */
function extremesOf(value: TensorValue | undefined): Extremes | null {
  if (value?.dataType !== DATA_TYPES.float32.code) return null
  let [min, max] = [Infinity, -Infinity]
  for (const number of float32View(value.bytes)) {
    if (number < min) min = number
    if (number > max) max = number
    // NaN compares as neither.
    if (number !== number) return { min: NaN, max: NaN }
  }
  return { min, max }
}

async function searchRanges(edit: Edit, seen: ReadonlyMap<string, ValueRange>, calibration: Calibration & { readonly data: CalibrationData }): Promise<Map<string, ValueRange>> {
  const { context, data, maxSamples } = calibration
  const histograms = new Map([...seen].filter(([, { min, max }]) => max > min).map(([name, range]) => [name, new Histogram(range)]))
  const inputs = new Set(edit.main.inputs.map(({ name }) => name))
  const computed = [...histograms.keys()].filter((name) => !inputs.has(name))
  const model = { ...edit.model, graph: { ...edit.main, outputs: computed.map((name) => ({ name, type: null })) } }
  const running = computed.length === 0 ? null : await context.runner.load(model, { optimization: observableOptimization(edit.main), threads: 1 })
  try {
    const total = Math.min(data.sampleCount, maxSamples)
    await runSamples({
      data,
      limit: maxSamples,
      signal: context.signal,
      async run(feeds) {
        const values = running ? await running.run(readBy(running, feeds), computed) : new Map<string, TensorValue>()
        // At once, so that no sample's tensors wait for another's.
        for (const [name, histogram] of histograms) {
          const value = values.get(name) ?? feeds.get(name)
          if (value) histogram.add(float32View(value.bytes))
        }
        return true
      },
      take: (_, done) => context.progress('calibrating', 0.5 + (0.5 * done) / total, `${done} / ${total}, histograms`),
    })
  } finally {
    await running?.close()
  }
  return new Map([...seen].map(([name, range]) => [name, chosenRange(histograms.get(name), calibration) ?? range]))
}

function chosenRange(histogram: Histogram | undefined, { method, percentile, quantizer }: Calibration): ValueRange | null {
  if (!histogram) return null
  if (method === 'percentile') return percentileRange(histogram, percentile)
  return method === 'mse' ? leastSquaresRange(histogram, quantizer) : leastDivergenceRange(histogram, quantizer)
}

function float32View(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}
