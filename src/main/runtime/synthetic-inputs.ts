/** Random inputs of the right shape for models without data at hand: enough to time a model, not to judge its accuracy. */
import { AppError } from '#shared/errors'
import { DATA_TYPES, rawByteLength } from '#shared/onnx/data-type'
import type { Model } from '#shared/onnx/records'
import { bytesOf } from '#shared/onnx/tensor-data'
import { seededRandom } from '#shared/seeded-random'
import type { CalibrationData } from '../passes/pass'
import { convertElements, isConvertible, isFloat } from './convert-elements'
import { guessShapes, SHAPE_GUESSES } from './guess-shapes'
import { integerLimit } from './integer-limit'
import { describeDims, type ModelInput } from './model-inputs'
import type { Feeds, ModelRunner, TensorValue } from './model-runner'
import { toRuntimeError } from './ort-error'

export interface SyntheticOptions {
  readonly samples: number
  readonly dims?: Readonly<Record<string, number>>
  readonly runner?: ModelRunner
  readonly signal?: AbortSignal
}

type Shapes = ReadonlyMap<string, readonly number[]>

const MAX_INPUT_BYTES = 2 ** 31 - 1

/**
 * The same samples for the same model and options, always. Dimensions that the model leaves open are taken from `dims`, else
 * guessed; with a `runner` the guesses are tried out until the model runs.
 *
 * Throws AppError `runtime-rejected` where no guess works, `not-supported` for element types that cannot be made up.
 */
export async function openSyntheticInputs(model: Model, inputs: readonly ModelInput[], options: SyntheticOptions): Promise<CalibrationData> {
  const { samples, dims = {}, runner, signal } = options
  const limits = new Map(inputs.map((input) => [input.name, integerLimit(model, input.name)]))
  const make = (shapes: Shapes, sample: number): Feeds =>
    new Map(inputs.map((input, at) => [input.name, makeTensor(input, shapes.get(input.name) ?? [], { seed: sample * 1009 + at, limit: limits.get(input.name) ?? null })]))
  const shapes = await chooseShapes(model, inputs, { dims, runner, signal, feeds: (guess) => make(guess, 0) })
  return {
    sampleCount: samples,
    synthetic: true,
    description: `synthetic (random from a fixed seed, ${samples} ${samples === 1 ? 'sample' : 'samples'}; ${inputs.map(({ name }) => `${name} ${describeDims(shapes.get(name) ?? [])}`).join(', ')}): accuracy figures and ranges do not hold for real data`,
    async *samples() {
      for (let sample = 0; sample < samples; sample++) {
        signal?.throwIfAborted()
        yield make(shapes, sample)
      }
    },
  }
}

interface ChoiceOptions {
  readonly dims: Readonly<Record<string, number>>
  readonly runner: ModelRunner | undefined
  readonly signal: AbortSignal | undefined
  readonly feeds: (shapes: Shapes) => Feeds
}

async function chooseShapes(model: Model, inputs: readonly ModelInput[], { dims, runner, signal, feeds }: ChoiceOptions): Promise<Shapes> {
  const first = guessShapes(model, inputs, { dims, guess: SHAPE_GUESSES[0] })
  if (!runner || !first.isGuess) return first.shapes
  // As little optimisation as possible: this session only answers whether shapes fit.
  const running = await runner.load(model, { optimization: 'none' })
  try {
    if (running.outputNames.length === 0) return first.shapes
    let rejection: AppError | null = null
    for (const guess of SHAPE_GUESSES) {
      signal?.throwIfAborted()
      const { shapes } = guessShapes(model, inputs, { dims, guess })
      try {
        await running.run(feeds(shapes))
        return shapes
      } catch (error) {
        const reason = toRuntimeError(error, 'run the model')
        if (reason.code !== 'runtime-rejected') throw reason
        rejection ??= reason
      }
    }
    throw new AppError({
      code: 'runtime-rejected',
      message: `No input shape was found with which the model runs. With the first guess, ${rejection?.message ?? 'it failed'}`,
      hint: `Give the open dimensions a size (${first.open.join(', ')}), or give real inputs.`,
    })
  } finally {
    await running.close()
  }
}

interface ValueOptions {
  readonly seed: number
  /** Integers are below this; null where nothing is known. */
  readonly limit: number | null
}

function makeTensor(input: ModelInput, dims: readonly number[], { seed, limit }: ValueOptions): TensorValue {
  const dataType = DATA_TYPES[input.dataType].code
  const count = dims.reduce((a, b) => a * b, 1)
  if (count * 8 > MAX_INPUT_BYTES || (rawByteLength(dataType, count) ?? 0) > MAX_INPUT_BYTES) {
    throw new AppError({ code: 'invalid-data', message: `Input '${input.name}' of shape ${describeDims(dims)} is too large to make up.` })
  }
  if (input.dataType === 'string') return { dataType, dims, bytes: new Uint8Array(0), strings: Array.from({ length: count }, (_, at) => `text ${at + 1}`) }
  if (!isConvertible(input.dataType)) {
    throw new AppError({ code: 'not-supported', message: `Input '${input.name}' is ${input.dataType}, for which no values can be made up.`, hint: 'Give real inputs.' })
  }
  const values = new Float64Array(count)
  const value = valueMaker(input, dims, { seed, limit })
  for (let at = 0; at < count; at++) values[at] = value()
  const converted = convertElements(bytesOf(values), { from: 'float64', to: input.dataType })
  if ('problem' in converted) throw new Error(`internal: made up a value that does not fit: ${converted.problem}`)
  return { dataType, dims, bytes: converted.bytes }
}

function valueMaker(input: ModelInput, dims: readonly number[], { seed, limit }: ValueOptions): () => number {
  const random = seededRandom(seed + 0x9e3779b9)
  const name = input.name.toLowerCase()
  if (/mask/.test(name)) return () => 1
  if (isFloat(input.dataType)) {
    // Pictures are 0…1 after the usual preprocessing, and so are thresholds; signals swing around zero.
    return dims.length === 4 || dims.length <= 1 ? random : () => 2 * random() - 1
  }
  if (dims.length === 0 && /^(sr|sample_?rate|sampling_?rate)$/.test(name)) return () => 16000
  if (input.dataType === 'uint8' && dims.length >= 3) return () => Math.floor(random() * 256)
  return () => Math.floor(random() * Math.min(limit ?? 2, 30000, input.dataType === 'bool' ? 2 : input.dataType === 'int8' || input.dataType === 'uint8' ? 127 : Infinity))
}
