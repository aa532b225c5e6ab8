/** What a model does, as far as trying it out must know: a sample's entry says it, else inputs and outputs let it be guessed. */
import { dirname, join, resolve } from 'node:path'
import { guessPreprocessing, type InputShape } from '#shared/evaluation/guess-preprocessing'
import type { LabelKind } from '#shared/evaluation/metric'
import { metricTraits } from '#shared/evaluation/metric'
import { type AudioPreprocessing, type ImagePreprocessing, type Preprocessing, preprocessingOf } from '#shared/evaluation/preprocessing'
import type { Model } from '#shared/onnx/records'
import { typeView } from '#shared/onnx/view/type-text'
import type { SampleEntry } from '#shared/samples/sample'
import type { TryTask } from '#shared/samples/try'
import { findClassNames } from '../../runtime/evaluation/class-names'
import { modelInputs } from '../../runtime/model-inputs'

export interface ResolvedTask {
  readonly task: TryTask
  /** Files that the task names lie here. */
  readonly folder: string
  readonly card: Preprocessing | null
  /** The model's own data with labels, where it is a sample. */
  readonly evaluation: { readonly path: string; readonly labels: LabelKind } | null
}

export interface ResolveTaskOptions {
  readonly modelPath: string
  readonly model: Model
  readonly samples: { readonly folder: string; readonly entries: readonly SampleEntry[] }
}

export function resolveTask({ modelPath, model, samples }: ResolveTaskOptions): ResolvedTask {
  const entry = samples.entries.find((sample) => join(samples.folder, sample.model) === resolve(modelPath))
  const folder = dirname(resolve(modelPath))
  if (!entry) return { ...guessTask(model, modelPath), folder, evaluation: null }
  const labels = entry.metric === null ? 'none' : metricTraits[entry.metric].labels
  return {
    task: entry.try,
    folder,
    card: entry.preprocessing ?? guessImageCard(model),
    evaluation: entry.evaluation === null ? null : { path: join(samples.folder, entry.evaluation), labels },
  }
}

function guessTask(model: Model, modelPath: string): { task: TryTask; card: Preprocessing | null } {
  const labels = findClassNames({ model, modelPath, dataPath: modelPath })
  const carried = preprocessingOf(model.metadata)
  if (carried?.kind === 'audio') return { task: { kind: 'classify-sound', labels, sampleRate: carried.sampleRate }, card: carried }
  const card = carried?.kind === 'image' ? carried : guessImageCard(model)
  const outcome = card === null ? null : pictureTask(model)
  if (card === null || outcome === null) return { task: { kind: 'tensors' }, card: null }
  return { task: outcome === 'edit' ? { kind: 'edit-picture', maxSide: 256 } : { kind: 'classify-picture', labels }, card }
}

/** Null unless the model takes one picture and nothing else. */
function guessImageCard(model: Model): ImagePreprocessing | null {
  const inputs = inputShapes(model)
  const [only] = inputs
  if (inputs.length !== 1 || only?.shape?.length !== 4) return null
  const channels = [only.shape[1], only.shape[3]]
  if (!channels.some((dim) => dim === 1 || dim === 3)) return null
  const card = guessPreprocessing('images', inputs)
  return card?.kind === 'image' ? card : null
}

function pictureTask(model: Model): 'classify' | 'edit' | null {
  const type = model.graph.outputs[0]?.type
  const dims = type?.kind === 'tensor' ? (type.shape ?? null) : null
  if (dims === null || model.graph.outputs.length > 2) return null
  if (dims.length === 2 || (dims.length === 4 && dims[2] === 1 && dims[3] === 1)) return 'classify'
  return dims.length === 4 && (dims[1] === 1 || dims[1] === 3) ? 'edit' : null
}

function inputShapes(model: Model): InputShape[] {
  const fed = new Set(modelInputs(model).map(({ name }) => name))
  return model.graph.inputs.filter(({ name }) => fed.has(name)).map(({ name, type }) => ({ name, dtype: typeView(type).type, shape: typeView(type).shape }))
}

/** The card of a task that has pictures or sounds; a sample without one is a mistake in its manifest. */
export function imageCard(card: Preprocessing | null): ImagePreprocessing {
  if (card?.kind !== 'image') throw new Error('internal: the task has no preprocessing for pictures')
  return card
}

export function audioCard(card: Preprocessing | null): AudioPreprocessing {
  if (card?.kind !== 'audio') throw new Error('internal: the task has no preprocessing for sounds')
  return card
}
