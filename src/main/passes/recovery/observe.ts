/** Looking at values of a model while samples run through it, one sample in memory at a time. */
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Model } from '#shared/onnx/records'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { ModelRunner, RunnerOptions, TensorValue } from '../../runtime/model-runner'
import type { CalibrationData } from '../pass'
import { upstreamModel } from './upstream-model'

/** What of a pass's or a job's context observing takes. */
export interface Observer {
  readonly calibration: CalibrationData | null
  readonly runner: ModelRunner
  readonly signal: AbortSignal
}

export interface Observation extends RunnerOptions {
  /** Values of the main graph to look at. */
  readonly names: readonly string[]
  /** At most so many samples. */
  readonly limit: number
}

export type Values = ReadonlyMap<string, TensorValue>

/**
 * Runs the layers of `model` up to `names` on the calibration samples and shows each sample's values. Kernels compute as those of phones
 * do. Throws AppError `invalid-data` without samples, `runtime-rejected` where the model does not run.
 */
export async function observe(model: Model, { calibration, runner, signal }: Observer, { names, limit, ...options }: Observation, visit: (values: Values) => void | Promise<void>): Promise<void> {
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'This pass needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const running = await runner.load(upstreamModel(model, names), { exactIntegers: true, ...options })
  try {
    let done = 0
    for await (const feeds of calibration.samples()) {
      if (done++ === limit) break
      signal.throwIfAborted()
      await visit(await running.run(feeds, names))
    }
    if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  } finally {
    await running.close()
  }
}

/** Mean of each channel (axis 1) of float32 values `[batch, channel, …]` over at most `limit` samples, by value name. */
export async function channelMeans(model: Model, names: readonly string[], observer: Observer, limit: number): Promise<Map<string, Float64Array>> {
  const sums = new Map<string, { values: Float64Array; elements: number }>()
  await observe(model, observer, { names, limit }, (values) => {
    for (const name of names) {
      const value = values.get(name)
      const numbers = float32Numbers(value)
      const { channels, inner } = channelsOf(value)
      const sum = sums.get(name) ?? { values: new Float64Array(channels), elements: 0 }
      for (let block = 0, at = 0; at < numbers.length; block++) {
        let total = 0
        for (const end = at + inner; at < end; at++) total += numbers[at] as number
        const channel = block % channels
        sum.values[channel] = (sum.values[channel] ?? NaN) + total
      }
      sum.elements += numbers.length / channels
      sums.set(name, sum)
    }
  })
  return new Map([...sums].map(([name, { values, elements }]) => [name, values.map((total) => total / elements)]))
}

/** Elements side by side that belong to one channel, and how many channels there are. */
function channelsOf(value: TensorValue | undefined): { channels: number; inner: number } {
  const dims = value?.dims ?? []
  return { channels: dims[1] ?? 1, inner: dims.slice(2).reduce((product, dim) => product * dim, 1) }
}

/** The numbers of a float32 value; throws AppError `not-supported` for other types. May be a view. */
export function float32Numbers(value: TensorValue | undefined): Float32Array {
  if (!value) throw new Error('internal: a value was not fetched')
  if (value.dataType !== DATA_TYPES.float32.code) throw new AppError({ code: 'not-supported', message: 'Values that are not float32 cannot be compared here.' })
  return numbersFromBytes('float32', value.bytes, value.bytes.length / 4) as Float32Array
}

/** Widens `range` by the values of each channel (axis 1). */
export function widenByChannel(value: TensorValue | undefined, { min, max }: { readonly min: Float64Array; readonly max: Float64Array }): void {
  const numbers = float32Numbers(value)
  const { channels, inner } = channelsOf(value)
  for (let block = 0, at = 0; at < numbers.length; block++) {
    const channel = block % channels
    let [least, most] = [min[channel] ?? NaN, max[channel] ?? NaN]
    for (const end = at + inner; at < end; at++) {
      const number = numbers[at] as number
      if (number < least) least = number
      if (number > most) most = number
    }
    min[channel] = least
    max[channel] = most
  }
}
