/** Looking at values of a model while samples run through it, one sample in memory at a time. */
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Model } from '#shared/onnx/records'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { ModelRunner, RunnerOptions, RunningModel, TensorValue } from '../../runtime/model-runner'
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
export async function observe(model: Model, observer: Observer, observation: Observation, visit: (values: Values) => void): Promise<void> {
  await observeAll([{ model, observation }], observer, ([values]) => visit(values as Values))
}

export interface Observed {
  readonly model: Model
  readonly observation: Observation
}

/** As {@link observe}, for several models side by side: `visit` gets the values of each for the same sample, in their order. */
export async function observeAll(observed: readonly Observed[], { calibration, runner, signal }: Observer, visit: (values: readonly Values[]) => void): Promise<void> {
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'This pass needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const limit = Math.min(...observed.map(({ observation }) => observation.limit))
  const running: RunningModel[] = []
  try {
    for (const { model, observation } of observed) {
      const { names, limit: _, ...options } = observation
      running.push(await runner.load(upstreamModel(model, names), { exactIntegers: true, ...options }))
    }
    let done = 0
    for await (const feeds of calibration.samples()) {
      if (done++ === limit) break
      signal.throwIfAborted()
      const values: Values[] = []
      for (const [at, one] of running.entries()) values.push(await one.run(feeds, observed[at]?.observation.names))
      visit(values)
    }
    if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  } finally {
    for (const one of running) await one.close()
  }
}

/** The numbers of a float32 value; throws AppError `not-supported` for other types. May be a view. */
export function float32Numbers(value: TensorValue | undefined): Float32Array {
  if (!value) throw new Error('internal: a value was not fetched')
  if (value.dataType !== DATA_TYPES.float32.code) throw new AppError({ code: 'not-supported', message: 'Values that are not float32 cannot be compared here.' })
  return numbersFromBytes('float32', value.bytes, value.bytes.length / 4) as Float32Array
}

/** Calls `visit` with each element and the index of its channel, which is along axis 1 (`[batch, channel, …]`). */
export function eachByChannel(value: TensorValue | undefined, visit: (number: number, channel: number) => void): void {
  const numbers = float32Numbers(value)
  const dims = value?.dims ?? []
  const channels = dims[1] ?? 1
  const size = dims.slice(2).reduce((product, dim) => product * dim, 1)
  for (let at = 0, channel = 0; at < numbers.length; channel = (channel + 1) % channels) {
    for (const end = at + size; at < end; at++) visit(numbers[at] as number, channel)
  }
}
