/** The card for data and a model, and opening the data. */
import { basename } from 'node:path'
import { AppError } from '#shared/errors'
import { guessPreprocessing } from '#shared/evaluation/guess-preprocessing'
import { type Preprocessing, preprocessingOf, TensorPreprocessing } from '#shared/evaluation/preprocessing'
import type { Model } from '#shared/onnx/records'
import { typeView } from '#shared/onnx/view/type-text'
import { findData } from '../find-data'
import { modelInputs } from '../model-inputs'
import { dataKind } from './data-kind'
import type { EvaluationData, OpenDataOptions } from './evaluation-data'
import { openImageData } from './image-data'
import { openSoundData } from './sound-data'
import { openTableData } from './table-data'
import { openTensorData } from './tensor-data'
import { openTextData } from './text-data'

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
