import type { DataSource } from '#shared/ipc/jobs'
import type { Model } from '#shared/onnx/records'
import type { CalibrationData } from '../passes/pass'
import { readSamples } from './bind-array'
import type { Reading } from './data-array'
import { type DataPart, findData } from './find-data'
import { type ModelInput, modelInputs } from './model-inputs'
import type { Feeds, ModelRunner, TensorValue } from './model-runner'
import { openSyntheticInputs } from './synthetic-inputs'

export interface DataOptions {
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  readonly dims?: Readonly<Record<string, number>>
  /** Tries out guessed shapes of synthetic inputs; without one the first guess stands. */
  readonly runner?: ModelRunner
  readonly signal?: AbortSignal
}

/**
 * Samples for the inputs of `model`. Files are looked through now (shapes, types, counts) and read while iterating, one
 * sample at a time whatever their number.
 *
 * Throws AppError `not-found`, `not-supported` or `invalid-data`, naming the tensor; iterating throws `invalid-data` or
 * `truncated` where the values themselves are bad. See `bind-array.ts` for what a sample is and how types are converted.
 */
export async function openCalibrationData(source: DataSource, model: Model, options: DataOptions = {}): Promise<CalibrationData> {
  const inputs = modelInputs(model)
  if (source.kind === 'synthetic') return openSyntheticInputs(model, inputs, { ...options, samples: source.samples })
  const parts = await findData(source.path, inputs)
  const sampleCount = parts.reduce((sum, { samples }) => sum + samples, 0)
  return {
    sampleCount,
    synthetic: false,
    description: describeParts(source.path, sampleCount, parts),
    async *samples(reading) {
      for (const part of parts) {
        for await (const feeds of feedsOf(part, inputs, reading)) {
          options.signal?.throwIfAborted()
          yield feeds
        }
      }
    },
  }
}

/** The samples of one part in order. */
export async function* feedsOf({ bound, samples }: DataPart, inputs: readonly ModelInput[], reading: Reading = {}): AsyncGenerator<Feeds> {
  const readers = bound.map((array) => ({ array, values: readSamples(array, reading), repeated: null as TensorValue | null }))
  try {
    for (let sample = 0; sample < samples; sample++) {
      const feeds = new Map<string, TensorValue>()
      for (const reader of readers) {
        const value = reader.repeated ?? (await nextValue(reader.values))
        // One sample where others have many serves for all: lengths, thresholds, sample rates.
        if (reader.array.samples === 1) reader.repeated = value
        feeds.set(reader.array.input.name, value)
      }
      if (feeds.size !== inputs.length) throw new Error('internal: not every input is bound')
      yield feeds
    }
  } finally {
    for (const { values } of readers) await values.return(undefined)
  }
}

async function nextValue(values: AsyncGenerator<TensorValue>): Promise<TensorValue> {
  const next = await values.next()
  if (next.done === true) throw new Error('internal: fewer samples than announced')
  return next.value
}

function describeParts(path: string, sampleCount: number, parts: readonly DataPart[]): string {
  const notes = new Set(parts.flatMap(({ bound }) => bound.flatMap((array) => array.notes)))
  const ignored = new Set(parts.flatMap((part) => part.ignored))
  // Notes name files: of a folder of thousands the first few say enough.
  const shown = [...notes].slice(0, 3)
  if (notes.size > shown.length) shown.push(`and ${notes.size - shown.length} more files alike`)
  if (ignored.size > 0) shown.push(`not used: ${[...ignored].join(', ')}`)
  return [`${path}: ${sampleCount} ${sampleCount === 1 ? 'sample' : 'samples'}`, ...shown].join('; ')
}
