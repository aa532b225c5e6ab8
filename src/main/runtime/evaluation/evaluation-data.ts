import type { DataKind } from '#shared/evaluation/guess-preprocessing'
import type { Preprocessing } from '#shared/evaluation/preprocessing'
import type { LabelKind } from '#shared/evaluation/metric'
import type { Model } from '#shared/onnx/records'
import type { Reading } from '../data-array'
import type { Feeds } from '../model-runner'
import type { Label } from './label'

/** One sample ready to be run, or why it is left out. */
export type EvaluationSample =
  | { readonly name: string; readonly feeds: Feeds; readonly label: Label | null }
  | { readonly name: string; readonly problem: string }

/** Samples with labels. Listing is done, values are read while iterating, a few samples ahead of what is asked for. */
export interface EvaluationData {
  readonly kind: DataKind
  /** For people: what was found. */
  readonly description: string
  readonly sampleCount: number
  /** Names of the classes in the order of the model's outputs, as far as the data says. */
  readonly classNames: readonly string[] | null
  /** Changes when the data changes: of files and their sizes and times, or of the bytes of a single file. */
  fingerprint(): Promise<string>
  /** From sample `from` on. Iterating ends with the generator. With `reuseMemory` a sample may be good only until the next is asked for. */
  samples(from: number, options?: Reading & { readonly signal?: AbortSignal | undefined }): AsyncGenerator<EvaluationSample>
}

export interface OpenDataOptions {
  /** A folder or a file. */
  readonly path: string
  /** A file of labels (CSV, JSON, .npy, .npz, text); where null they are looked for in the data itself. */
  readonly labelsPath: string | null
  readonly labels: LabelKind
  readonly model: Model
  /** Where the model lies: tokenizers and class names beside it are found. */
  readonly modelPath: string
  readonly card: Preprocessing
}
