import { existsSync } from 'node:fs'
import type { Diagnostic } from '#shared/diagnostic'
import { preprocessingOf } from '#shared/evaluation/preprocessing'
import type { DataSource } from '#shared/ipc/jobs'
import type { Model } from '#shared/onnx/records'
import type { CalibrationData } from '../passes/pass'
import { dataKind, isCardFor } from './evaluation/data-kind'
import { type DataPart, findData } from './find-data'
import { modelInputs } from './model-inputs'
import type { ModelRunner } from './model-runner'
import { feedsOf } from './sample-feeds'
import { openSyntheticInputs } from './synthetic-inputs'

export interface DataOptions {
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  readonly dims?: Readonly<Record<string, number>>
  /** Tries out guessed shapes of synthetic inputs; without one the first guess stands. */
  readonly runner?: ModelRunner
  readonly signal?: AbortSignal
  /** Where the model lies: tokenizers beside it are found. */
  readonly modelPath?: string
  /** Is told what was assumed of data that has to be prepared, and which samples were left out. */
  readonly report?: (diagnostic: Diagnostic) => void
}

/**
 * Samples for the inputs of `model`: tensors as they are, pictures, sounds, texts and table rows by the preprocessing card of the source, else of
 * the model, else a guess. Files are looked through now (shapes, types, counts) and read while iterating, one
 * sample at a time whatever their number.
 *
 * Throws AppError `not-found`, `not-supported` or `invalid-data`, naming the tensor; iterating throws `invalid-data` or
 * `truncated` where the values themselves are bad. See `bind-array.ts` for what a sample is and how types are converted.
 */
export async function openCalibrationData(source: DataSource, model: Model, options: DataOptions = {}): Promise<CalibrationData> {
  const inputs = modelInputs(model)
  if (source.kind === 'synthetic') return openSyntheticInputs(model, inputs, { ...options, samples: source.samples })
  const kind = existsSync(source.path) ? dataKind(source.path) : 'tensors'
  const card = [source.card, preprocessingOf(model.metadata)].find((one) => one && isCardFor(one, kind)) ?? null
  if (kind !== 'tensors' || card) {
    // Tokenizers and readers of tables are large; most jobs do without.
    const { openPreparedSamples } = await import('./evaluation/prepared-samples')
    return openPreparedSamples(source.path, model, { ...options, card })
  }
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

function describeParts(path: string, sampleCount: number, parts: readonly DataPart[]): string {
  const notes = new Set(parts.flatMap(({ bound }) => bound.flatMap((array) => array.notes)))
  const ignored = new Set(parts.flatMap((part) => part.ignored))
  // Notes name files: of a folder of thousands the first few say enough.
  const shown = [...notes].slice(0, 3)
  if (notes.size > shown.length) shown.push(`and ${notes.size - shown.length} more files alike`)
  if (ignored.size > 0) shown.push(`not used: ${[...ignored].join(', ')}`)
  return [`${path}: ${sampleCount === 1 ? '1 sample' : `${sampleCount} samples`}`, ...shown].join('; ')
}
