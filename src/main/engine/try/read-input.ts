/** What somebody gives a model to try: made into its inputs, and shown as the model was given it. */
import { basename, extname, join } from 'node:path'
import { AppError } from '#shared/errors'
import type { ImagePreprocessing } from '#shared/evaluation/preprocessing'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { Model } from '#shared/onnx/records'
import { gesturePoints, strokesOf } from '#shared/samples/gesture-points'
import type { TryInput, TryPreview, TryTask } from '#shared/samples/try'
import { openCalibrationData } from '../../runtime/calibration-data'
import type { EvaluationData } from '../../runtime/evaluation/evaluation-data'
import type { Label } from '../../runtime/evaluation/label'
import { chooseCard, openEvaluationData } from '../../runtime/evaluation/open-evaluation-data'
import { modelInputs } from '../../runtime/model-inputs'
import type { Feeds, ModelRunner, TensorValue } from '../../runtime/model-runner'
import { numbersOf } from '../../runtime/evaluation/read-prediction'
import { pictureSize, readPicture, showPicture } from './picture'
import { audioCard, imageCard, type ResolvedTask } from './resolve-task'
import { readSound, soundPeaks, soundTensor } from './sound'
import { idTensor, openTokenizer } from './tokens'

export interface PreparedInput {
  readonly feeds: Feeds
  readonly preview: TryPreview
  /** The label of an example, in words. */
  readonly expected: string | null
  /** Tokens of a text, the special ones included. */
  readonly tokens: readonly string[]
}

export interface ReadInputOptions {
  readonly modelPath: string
  readonly model: Model
  readonly resolved: ResolvedTask
  readonly runner: ModelRunner
}

const EXPECTED: Readonly<Record<TryTask['kind'], string>> = {
  'classify-picture': 'a picture (PNG, JPEG, WebP, GIF, TIFF, AVIF)',
  'edit-picture': 'a picture (PNG, JPEG, WebP, GIF, TIFF, AVIF)',
  'read-picture': 'a picture (PNG, JPEG, WebP, GIF, TIFF, AVIF)',
  'understand-text': 'a text',
  'translate-text': 'a text',
  'classify-sound': 'a sound (WAV)',
  'classify-gesture': 'a gesture drawn with the mouse',
  'score-features': 'numbers, one for each feature',
  tensors: 'tensors (.npz, .npy, or a folder of ONNX test data)',
}

const GIVEN: Readonly<Record<Exclude<TryInput['kind'], 'file'>, string>> = {
  example: 'an example',
  text: 'a text',
  recording: 'a sound',
  strokes: 'a gesture',
  rows: 'a row of numbers',
  synthetic: 'random tensors',
}

/** Throws AppError `invalid-data`, saying what is expected, where the input is of another kind. */
export async function readInput(input: TryInput, options: ReadInputOptions): Promise<PreparedInput> {
  const { resolved, model } = options
  const { task, folder } = resolved
  if (input.kind === 'example') return readExample(input.index, options)
  switch (task.kind) {
    case 'classify-picture':
    case 'edit-picture':
    case 'read-picture':
      if (input.kind === 'file' && !['.wav', '.npz', '.npy', '.onnx', '.txt', '.csv', '.json'].includes(extname(input.path).toLowerCase())) return pictureInput(input.path, options)
      break
    case 'classify-sound':
      if (input.kind === 'file' && extname(input.path).toLowerCase() === '.wav') {
        return fromTensor(await readSound(input.path, audioCard(resolved.card), soundRank(model)), options)
      }
      if (input.kind === 'recording') return fromTensor(soundTensor(Float32Array.from(input.samples), audioCard(resolved.card), soundRank(model)), options)
      break
    case 'understand-text':
    case 'translate-text':
      if (input.kind === 'text') return textInput(input.text, join(folder, task.tokenizer), model)
      break
    case 'classify-gesture':
      if (input.kind === 'strokes') {
        const values = gesturePoints(input.strokes, task.points)
        if (!values) throw new AppError({ code: 'invalid-data', message: 'There is no stroke to go by: a single point is not enough.', hint: 'Draw a line at least.' })
        return fromTensor({ dataType: DATA_TYPES.float32.code, dims: [1, 3, task.points], bytes: bytesOf(values) }, options)
      }
      break
    case 'score-features':
      if (input.kind === 'rows' && input.rows.every((row) => row.length === task.features.length)) {
        return fromTensor({ dataType: DATA_TYPES.float32.code, dims: [input.rows.length, task.features.length], bytes: bytesOf(Float32Array.from(input.rows.flat())) }, options)
      }
      break
    case 'tensors':
      if (input.kind === 'file' || input.kind === 'synthetic') return tensorInput(input, options)
  }
  const given = input.kind === 'file' ? `'${basename(input.path)}'` : GIVEN[input.kind]
  throw new AppError({ code: 'invalid-data', message: `This model takes ${EXPECTED[task.kind]}, not ${given}.` })
}

async function pictureInput(path: string, options: ReadInputOptions): Promise<PreparedInput> {
  const { model, resolved } = options
  const card = imageCard(resolved.card)
  const input = modelInputs(model).find(({ name }) => name === card.input)
  if (!input) throw new AppError({ code: 'invalid-data', message: `The preprocessing is for the input '${card.input}', which the model does not have.` })
  const sized = resolved.task.kind === 'edit-picture' ? await withPictureSize(path, card, { model, maxSide: resolved.task.maxSide }) : card
  return fromTensor(await readPicture(path, sized, input), options)
}

/** A model that edits pictures of any size gets the picture's own shape, up to `maxSide`. */
async function withPictureSize(path: string, card: ImagePreprocessing, { model, maxSide }: { model: Model; maxSide: number }): Promise<ImagePreprocessing> {
  const shape = modelInputs(model).find(({ name }) => name === card.input)?.shape ?? []
  const [height, width] = card.layout === 'nchw' ? shape.slice(-2) : shape.slice(-3, -1)
  if (typeof height === 'number' && typeof width === 'number') return card
  const size = await pictureSize(path)
  const scale = Math.min(1, maxSide / Math.max(size.width, size.height))
  const side = (length: number) => Math.max(8, Math.round((length * scale) / 2) * 2)
  return { ...card, resize: 'stretch', width: side(size.width), height: side(size.height) }
}

function textInput(text: string, tokenizerPath: string, model: Model): PreparedInput {
  if (text.trim() === '') throw new AppError({ code: 'invalid-data', message: 'The text is empty.', hint: 'Type something to try.' })
  const encoded = openTokenizer(tokenizerPath).encode(text)
  const inputs = modelInputs(model)
  const length = inputs.find(({ name }) => name === 'input_ids')?.shape?.at(-1)
  const most = typeof length === 'number' ? length : encoded.ids.length
  const ids = encoded.ids.length <= most ? encoded.ids : [...encoded.ids.slice(0, most - 1), encoded.ids.at(-1) ?? 0]
  const filled = Array.from({ length: most }, (_, at) => ids[at] ?? 0)
  const feeds = new Map([['input_ids', idTensor(filled)], ['attention_mask', idTensor(filled.map((_, at) => (at < ids.length ? 1 : 0)))]])
  const tokens = encoded.tokens.slice(0, ids.length)
  return { feeds, preview: { kind: 'text', text, tokens: tokens.filter((token) => !/^\[(CLS|SEP|PAD)\]$/.test(token)) }, expected: null, tokens }
}

async function tensorInput(input: Extract<TryInput, { kind: 'file' | 'synthetic' }>, { model, runner }: ReadInputOptions): Promise<PreparedInput> {
  const data = await openCalibrationData(input.kind === 'synthetic' ? { kind: 'synthetic', samples: 1 } : { kind: 'path', path: input.path }, model, { runner })
  for await (const feeds of data.samples()) return { feeds, preview: { kind: 'tensors', description: data.description }, expected: null, tokens: [] }
  throw new AppError({ code: 'invalid-data', message: 'The data holds no sample.' })
}

/** A single tensor for the model's only input, shown by its task. */
async function fromTensor(value: TensorValue, options: ReadInputOptions): Promise<PreparedInput> {
  const [only] = modelInputs(options.model)
  if (!only) throw new AppError({ code: 'not-supported', message: 'The model has no input.' })
  return { feeds: new Map([[only.name, value]]), preview: await previewOf(value, options.resolved), expected: null, tokens: [] }
}

async function previewOf(value: TensorValue, { task, card }: ResolvedTask): Promise<TryPreview> {
  const { values, dims } = numbersOf(new Map([['', value]]))
  switch (task.kind) {
    case 'classify-picture':
    case 'edit-picture':
    case 'read-picture':
      return { kind: 'picture', picture: await showPicture(values, dims, imageCard(card)) }
    case 'classify-sound':
      return { kind: 'sound', seconds: values.length / task.sampleRate, peaks: soundPeaks(values) }
    case 'classify-gesture':
      return { kind: 'strokes', strokes: strokesOf(values) }
    case 'score-features':
      return { kind: 'rows', rows: Array.from({ length: dims[0] ?? 0 }, (_, at) => Array.from(Array.prototype.slice.call(values, at * task.features.length, (at + 1) * task.features.length) as number[])) }
    case 'understand-text':
    case 'translate-text':
    case 'tensors':
      return { kind: 'tensors', description: dims.join(' × ') }
  }
}

function soundRank(model: Model): number {
  return modelInputs(model)[0]?.shape?.length ?? 2
}

async function readExample(index: number, options: ReadInputOptions): Promise<PreparedInput> {
  const data = await openExamples(options)
  if (!data) throw new AppError({ code: 'invalid-data', message: `This model has no examples of its own; it takes ${EXPECTED[options.resolved.task.kind]}.` })
  for await (const sample of data.samples(index)) {
    if ('problem' in sample) throw new AppError({ code: 'invalid-data', message: `Example ${sample.name} ${sample.problem}.` })
    const [value] = sample.feeds.values()
    if (!value) throw new Error('internal: a sample without inputs')
    return { feeds: sample.feeds, preview: await previewOf(value, options.resolved), expected: labelText(sample.label, options.resolved.task), tokens: [] }
  }
  throw new AppError({ code: 'invalid-data', message: `There is no example ${index + 1}; there are ${data.sampleCount}.` })
}

/** The evaluation samples of a model whose inputs can be shown; null for others. Texts and tables have suggestions and rows instead. */
export async function openExamples({ modelPath, model, resolved }: Pick<ReadInputOptions, 'modelPath' | 'model' | 'resolved'>): Promise<EvaluationData | null> {
  const { evaluation, task } = resolved
  if (!evaluation || !['classify-picture', 'edit-picture', 'read-picture', 'classify-sound', 'classify-gesture'].includes(task.kind)) return null
  const card = await chooseCard(evaluation.path, model)
  return openEvaluationData({ path: evaluation.path, labelsPath: null, labels: evaluation.labels, model, modelPath, card })
}

function labelText(label: Label | null, task: TryTask): string | null {
  if (label?.kind === 'text') return label.text
  if (label?.kind !== 'class') return null
  return ('labels' in task ? task.labels?.[label.index] : undefined) ?? String(label.index)
}
