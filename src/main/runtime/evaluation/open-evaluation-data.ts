/** Which kind of data lies at a path, the card for it, and opening it. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { AppError } from '#shared/errors'
import { type DataKind, guessPreprocessing } from '#shared/evaluation/guess-preprocessing'
import { type Preprocessing, preprocessingOf, TensorPreprocessing } from '#shared/evaluation/preprocessing'
import type { Model } from '#shared/onnx/records'
import { typeView } from '#shared/onnx/view/type-text'
import { findData } from '../find-data'
import { modelInputs } from '../model-inputs'
import type { EvaluationData, OpenDataOptions } from './evaluation-data'
import { openImageData, PICTURES } from './image-data'
import { openSoundData } from './sound-data'
import { openTableData } from './table-data'
import { openTensorData } from './tensor-data'
import { openTextData } from './text-data'

const WHAT_IS_ACCEPTED = 'Give a folder of pictures or WAV files, an .npz or .npy file, a .csv table, a .jsonl of texts, or ONNX test_data_set_* folders.'

const KIND_OF_FILE: Readonly<Record<string, DataKind>> = { '.npz': 'tensors', '.npy': 'tensors', '.pb': 'tensors', '.jsonl': 'texts', '.csv': 'table', '.tsv': 'table', '.wav': 'sounds' }

/** Throws AppError `not-found`, `invalid-data` where a folder is empty, `not-supported`. */
export function dataKind(path: string): DataKind {
  if (!existsSync(path)) throw new AppError({ code: 'not-found', message: `There is no data at '${path}'.`, hint: WHAT_IS_ACCEPTED })
  if (!statSync(path).isDirectory()) {
    const kind = kindOfFile(path)
    if (kind === null) throw new AppError({ code: 'not-supported', message: `'${basename(path)}' is not a kind of data that can be read.`, hint: WHAT_IS_ACCEPTED })
    return kind
  }
  const counts = new Map<DataKind, number>()
  for (const name of namesUnder(path)) {
    const kind = kindOfFile(name)
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  // Tables and lists beside pictures or sounds are their labels.
  const kind = (['images', 'sounds', 'tensors', 'texts', 'table'] as const).find((one) => counts.has(one))
  if (kind === undefined) throw new AppError({ code: 'invalid-data', message: `The folder '${basename(path)}' holds no data that can be read.`, hint: WHAT_IS_ACCEPTED })
  return kind
}

/** Of a folder and the folders in it; deep ones are not looked into. */
function* namesUnder(folder: string, depth = 3): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) yield entry.name
    else if (entry.isDirectory() && depth > 0) yield* namesUnder(`${folder}/${entry.name}`, depth - 1)
  }
}

function kindOfFile(name: string): DataKind | null {
  const extension = extname(name).toLowerCase()
  return PICTURES.has(extension) ? 'images' : (KIND_OF_FILE[extension] ?? null)
}

/**
 * The card for this model and data: the one the model carries, where it is for this kind of data, else a guess.
 * Throws AppError `not-supported` where the model has no input such data could feed.
 */
export async function chooseCard(path: string, model: Model): Promise<Preprocessing> {
  const kind = dataKind(path)
  const carried = preprocessingOf(model.metadata)
  const inputs = modelInputs(model)
  const guess = guessPreprocessing(
    kind,
    model.graph.inputs.filter(({ name }) => inputs.some((input) => input.name === name)).map(({ name, type }) => ({ name, dtype: typeView(type).type, shape: typeView(type).shape })),
  )
  if (!guess) throw new AppError({ code: 'not-supported', message: `The model has no input that ${kind} could feed.`, hint: 'Give tensors, as an .npz with an array for each input.' })
  if (carried && carried.kind === guess.kind) return carried
  if (kind !== 'tensors') return guess
  // Bytes of pictures in an array: models that take floats want 0…1, as calibration assumes too.
  const [part] = await findData(path, inputs)
  const scaled = part?.bound.find(({ scale }) => scale !== 1)
  return TensorPreprocessing.parse({ kind: 'tensor', ...(scaled && { scale: scaled.scale, input: scaled.input.name }) })
}

/** Throws AppError where the data cannot be read at all; single samples that cannot are told of while iterating. */
export async function openEvaluationData(options: OpenDataOptions): Promise<EvaluationData> {
  const kind = dataKind(options.path)
  const { card } = options
  if (kind === 'tensors' && card.kind === 'tensor') return openTensorData({ ...options, card })
  if (kind === 'table' && card.kind === 'tensor') return openTableData({ ...options, card })
  if (kind === 'images' && card.kind === 'image') return openImageData({ ...options, card })
  if (kind === 'sounds' && card.kind === 'audio') return openSoundData({ ...options, card })
  if (kind === 'texts' && card.kind === 'text') return openTextData({ ...options, card })
  throw new AppError({ code: 'bad-usage', message: `The preprocessing is for another kind of data than the ${kind} in '${basename(options.path)}'.`, hint: 'Leave the preprocessing out to have it guessed.' })
}
