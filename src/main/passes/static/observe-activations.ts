/** What calibration sees of activations: their extremes, and how often values occur between them. */
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import type { Feeds, RunningModel, TensorValue } from '../../runtime/model-runner'
import type { CalibrationData, PassContext } from '../pass'
import { collectGarbage } from '../../runtime/process-memory'
import { Histogram } from './histogram'
import { type Extremes, observableOptimization, observedModel } from './observed-model'
import type { ValueRange } from './value-range'

/** So much of samples is run until what they left is freed: formats that are not read in place leave the samples, onnxruntime its outputs. */
const COLLECTED_BYTES = 8 * 1024 * 1024

export interface ActivationSource {
  readonly context: Pick<PassContext, 'calibration' | 'runner' | 'signal' | 'progress'>
  readonly maxSamples: number
  /** Part of the pass's progress that this is, 0…1. */
  readonly share: { readonly from: number; readonly to: number }
}

export interface Observed extends ActivationSource {
  /** Values that are never below 0. */
  readonly nonNegative: ReadonlySet<string>
  /** Values that are float32 for certain: of others, the tensors themselves are looked at. */
  readonly isFloat32: (name: string) => boolean
  /** Called with the extremes of each value in each sample, in the order of the samples; null where it is not float32. */
  readonly add: (name: string, extremes: Extremes | null) => void
}

/** Shows the smallest and largest value of each of `names` in each sample. Throws AppError `invalid-data` where there are no samples. */
export async function observeExtremes(edit: Edit, names: readonly string[], observed: Observed): Promise<void> {
  const { context, add } = observed
  const data = calibrationData(context)
  const inputs = names.filter((name) => edit.main.inputs.some((input) => input.name === name))
  const computed = names.filter((name) => !inputs.includes(name))
  const reduced = computed.filter(observed.isFloat32)
  const whole = computed.filter((name) => !reduced.includes(name))
  const observer = observedModel(edit, reduced, observed.nonNegative)
  const outputs = [...observer.outputs, ...whole]
  const running = outputs.length === 0 ? null : await context.runner.load(observer.model, { optimization: observableOptimization(edit.main), threads: 1, spareMemory: true, extraOutputs: whole })
  try {
    const done = await runSamples(data, observed, async (feeds) => {
      const values = running ? await running.run(readBy(running, feeds), outputs) : new Map<string, TensorValue>()
      for (const [name, found] of observer.extremes(values)) add(name, found)
      for (const name of inputs) add(name, extremesOf(feeds.get(name)))
      for (const name of whole) add(name, extremesOf(values.get(name)))
    })
    if (done === 0) throw withoutSamples()
  } finally {
    await running?.close()
  }
}

/** Runs a model on each sample and shows what it gives. Throws AppError `invalid-data` where there are no samples. */
export async function observeOutputs({ model, outputs }: { readonly model: Model; readonly outputs: readonly string[] }, source: ActivationSource, show: (values: ReadonlyMap<string, TensorValue>) => void): Promise<void> {
  const { context } = source
  const data = calibrationData(context)
  const running = await context.runner.load(model, { optimization: 'none', threads: 1, spareMemory: true })
  try {
    const done = await runSamples(data, source, async (feeds) => show(await running.run(readBy(running, feeds), outputs)))
    if (done === 0) throw withoutSamples()
  } finally {
    await running.close()
  }
}

/** A histogram of each value with a range, over that range; values whose range is a point have none. */
export async function fillHistograms(edit: Edit, ranges: ReadonlyMap<string, ValueRange>, source: ActivationSource): Promise<Map<string, Histogram>> {
  const { context } = source
  const data = calibrationData(context)
  const histograms = new Map([...ranges].filter(([, { min, max }]) => max > min).map(([name, range]) => [name, new Histogram(range)]))
  const inputs = new Set(edit.main.inputs.map(({ name }) => name))
  const computed = [...histograms.keys()].filter((name) => !inputs.has(name))
  const model = { ...edit.model, graph: { ...edit.main, outputs: computed.map((name) => ({ name, type: null })) } }
  const running = computed.length === 0 ? null : await context.runner.load(model, { optimization: observableOptimization(edit.main), threads: 1, spareMemory: true })
  try {
    await runSamples(data, source, async (feeds) => {
      const values = running ? await running.run(readBy(running, feeds), computed) : new Map<string, TensorValue>()
      for (const [name, histogram] of histograms) {
        const value = values.get(name) ?? feeds.get(name)
        if (value) histogram.add(float32View(value.bytes))
      }
    })
  } finally {
    await running?.close()
  }
  return histograms
}

/**
 * Shows the samples one by one and returns how many there were. Each is run on one thread: several add in another order, and the last bit
 * of a range would depend on the number of cores.
 */
async function runSamples(data: CalibrationData, { context, maxSamples, share }: ActivationSource, run: (feeds: Feeds) => Promise<void>): Promise<number> {
  const total = Math.min(data.sampleCount, maxSamples)
  let [done, readBytes] = [0, 0]
  for await (const feeds of data.samples({ reuseMemory: true })) {
    context.signal.throwIfAborted()
    await run(feeds)
    for (const { bytes } of feeds.values()) readBytes += bytes.length
    if (readBytes > COLLECTED_BYTES) {
      collectGarbage()
      readBytes = 0
    }
    context.progress('calibrating', share.from + ((share.to - share.from) * ++done) / total, `${done} / ${total}`)
    if (done === total) break
  }
  return done
}

function calibrationData({ calibration }: ActivationSource['context']): CalibrationData {
  if (calibration) return calibration
  throw new AppError({ code: 'invalid-data', message: 'Static quantization needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
}

function withoutSamples(): AppError {
  return new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
}

/** Inputs that no observed value comes from are not there any more. */
function readBy(running: RunningModel, feeds: Feeds): Feeds {
  return new Map([...feeds].filter(([name]) => running.inputNames.includes(name)))
}

/** Null where the values are not float32. */
function extremesOf(value: TensorValue | undefined): Extremes | null {
  if (value?.dataType !== DATA_TYPES.float32.code) return null
  let [min, max] = [Infinity, -Infinity]
  const numbers = float32View(value.bytes)
  // By index: iterators take three times as long here.
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] as number
    if (number < min) min = number
    if (number > max) max = number
    // NaN compares as neither.
    if (number !== number) return { min: NaN, max: NaN }
  }
  return { min, max }
}

function float32View(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}
