/** What calibration sees of activations: their extremes, and how often values occur between them. */
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Model, ValueType } from '#shared/onnx/records'
import type { Feeds, TensorValue } from '../../runtime/model-runner'
import { Histogram } from './histogram'
import { forAnyBatch, samplesAtOnce } from './join-samples'
import { type Extremes, observationOptions, observedModel } from './observed-model'
import { type ActivationSource, runSamples } from './run-samples'
import type { ValueRange } from './value-range'

export interface Observed extends ActivationSource {
  /** Values that are never below 0. */
  readonly nonNegative: ReadonlySet<string>
  /** What is known of a value's type: of those that may not be float32, the tensors themselves are looked at. */
  readonly typeOf: (name: string) => ValueType | null
  /** Where several samples may be looked at together; only their common extremes are shown then. */
  readonly together?: boolean
  /** Called with the extremes of each value in each sample, in the order of the samples; null where it is not float32. */
  readonly add: (name: string, extremes: Extremes | null) => void
}

/** Shows the smallest and largest value of each of `names` in each sample. Throws AppError `invalid-data` where there are no samples. */
export async function observeExtremes(edit: Edit, names: readonly string[], { add, together = false, ...observed }: Observed): Promise<void> {
  const { context } = observed
  const reduced = names.filter((name) => isFloat32Type(observed.typeOf(name)))
  const untyped = names.filter((name) => !reduced.includes(name))
  const inputs = untyped.filter((name) => edit.main.inputs.some((input) => input.name === name))
  const whole = untyped.filter((name) => !inputs.includes(name))
  const observer = observedModel(edit, { reduced, whole, nonNegative: observed.nonNegative, areChannels: (name) => areChannels(observed.typeOf(name)) })
  const { outputs } = observer
  // Exact ranges are those of samples computed one by one.
  const atOnce = together && !observed.exact && whole.length === 0 ? samplesAtOnce(observer.computed, observed.typeOf) : 1
  const model = atOnce === 1 ? observer.model : forAnyBatch(observer.model)
  const running = outputs.length === 0 ? null : await context.runner.load(model, observationOptions(edit.main, observed))
  const show = (values: ReadonlyMap<string, TensorValue>, feeds: Feeds) => {
    for (const [name, found] of observer.extremes(values)) add(name, found)
    for (const name of inputs) add(name, extremesOf(feeds.get(name)))
    for (const name of whole) add(name, extremesOf(values.get(name)))
  }
  try {
    await runSamples({ ...observed, running, outputs, atOnce, show })
  } finally {
    await running?.close()
  }
}

/** Runs a model on each sample and shows what it gives. Throws AppError `invalid-data` where there are no samples. */
export async function observeOutputs({ model, outputs }: { readonly model: Model; readonly outputs: readonly string[] }, source: ActivationSource, show: (values: ReadonlyMap<string, TensorValue>) => void): Promise<void> {
  const running = await source.context.runner.load(model, observationOptions(model.graph, source))
  try {
    await runSamples({ ...source, running, outputs, show })
  } finally {
    await running.close()
  }
}

/** A histogram of each value with a range, over that range; values whose range is a point have none. */
export async function fillHistograms(edit: Edit, ranges: ReadonlyMap<string, ValueRange>, source: ActivationSource): Promise<Map<string, Histogram>> {
  const { context } = source
  const histograms = new Map([...ranges].filter(([, { min, max }]) => max > min).map(([name, range]) => [name, new Histogram(range)]))
  const inputs = new Set(edit.main.inputs.map(({ name }) => name))
  const outputs = [...histograms.keys()].filter((name) => !inputs.has(name))
  const { model } = observedModel(edit, { reduced: [], whole: outputs, nonNegative: new Set(), areChannels: () => false })
  const running = outputs.length === 0 ? null : await context.runner.load(model, observationOptions(edit.main, source))
  const show = (values: ReadonlyMap<string, TensorValue>, feeds: Feeds) => {
    for (const [name, histogram] of histograms) {
      const value = values.get(name) ?? feeds.get(name)
      if (value) histogram.add(float32View(value.bytes))
    }
  }
  try {
    await runSamples({ ...source, running, outputs, show })
  } finally {
    await running?.close()
  }
  return histograms
}

export function isFloat32Type(type: ValueType | null): boolean {
  return type?.kind === 'tensor' && type.dataType === DATA_TYPES.float32.code
}

/** Whether it is [batch, channels, height, width] with something in each channel. */
function areChannels(type: ValueType | null): boolean {
  return type?.kind === 'tensor' && type.shape?.length === 4 && type.shape.slice(2).every((dim) => typeof dim === 'number' && dim > 0)
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
