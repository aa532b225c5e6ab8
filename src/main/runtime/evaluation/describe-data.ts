/** What the window asks before an evaluation starts, and to show samples afterwards. */
import { statSync } from 'node:fs'
import { extname, join, resolve, sep } from 'node:path'
import { AppError } from '#shared/errors'
import type { EvaluationSetup } from '#shared/evaluation/evaluation-setup'
import { preprocessingOf } from '#shared/evaluation/preprocessing'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import { type DataArray, openNpyFile, openNpzArrays } from '../data-array'
import { isLabelName } from '../find-data'
import { openModelFile } from '../model-file'
import { modelInputs } from '../model-inputs'
import { type Pixels, thumbnail } from './decode-image'
import { dataKind, PICTURES } from './data-kind'
import { chooseCard, openEvaluationData } from './open-evaluation-data'
import { findTokenizer } from './tokenize'

const SIDE = 96

/** Kind and number of samples, and the card to begin with. Throws what opening model and data throws. */
export async function describeEvaluation(modelPath: string, dataPath: string): Promise<EvaluationSetup> {
  const file = openModelFile(modelPath)
  try {
    const card = await chooseCard(dataPath, file.model)
    const data = await openEvaluationData({ path: dataPath, labelsPath: null, labels: 'none', model: file.model, modelPath, card }).catch((error: unknown) => {
      // Without its tokenizer a text set can still be described: the person names one.
      if (error instanceof AppError && error.code === 'not-found' && card.kind === 'text') return null
      throw error
    })
    return {
      kind: dataKind(dataPath),
      sampleCount: data?.sampleCount ?? null,
      description: data?.description ?? '',
      card,
      cardFrom: preprocessingOf(file.model.metadata)?.kind === card.kind ? 'model' : 'guess',
      inputs: modelInputs(file.model).map(({ name }) => name),
      tokenizer: card.kind === 'text' ? findTokenizer([dataPath, modelPath]) : null,
    }
  } finally {
    file.close()
  }
}

/** Small pictures of samples as data URLs; those that are no pictures are left out. */
export async function sampleThumbnails(dataPath: string, names: readonly string[]): Promise<Record<string, string>> {
  const info = statSync(dataPath, { throwIfNoEntry: false })
  if (!info) throw new AppError({ code: 'not-found', message: `There is no data at '${dataPath}'.` })
  const found: Record<string, string> = {}
  const put = async (name: string, source: string | Pixels) => {
    const bytes = await thumbnail(source, SIDE).catch((error: unknown) => {
      // A sample that cannot be decoded was told of when it was left out.
      if (error instanceof AppError) return null
      throw error
    })
    if (bytes) found[name] = `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`
  }
  if (info.isDirectory()) {
    for (const name of names) {
      const path = pictureAt(dataPath, name)
      if (path !== null) await put(name, path)
    }
    return found
  }
  if (PICTURES.has(extname(dataPath).toLowerCase())) {
    for (const name of names) await put(name, dataPath)
    return found
  }
  for (const [name, pixels] of await arrayPictures(dataPath, names)) await put(name, pixels)
  return found
}

/** Inside the folder only: names come from the window. */
function pictureAt(folder: string, name: string): string | null {
  if (!PICTURES.has(extname(name).toLowerCase())) return null
  for (const path of [resolve(folder, name), resolve(join(folder, 'images'), name)]) {
    if (path.startsWith(resolve(folder) + sep) && statSync(path, { throwIfNoEntry: false })?.isFile()) return path
  }
  return null
}

/** Samples of the first array that looks like pictures, `[N, C, H, W]` or `[N, H, W, C]`, in one pass over the file. */
async function arrayPictures(path: string, names: readonly string[]): Promise<Map<string, Pixels>> {
  const kind = extname(path).toLowerCase()
  if (kind !== '.npz' && kind !== '.npy') return new Map()
  const arrays = kind === '.npz' ? await openNpzArrays(path) : [await openNpyFile(path)]
  const array = arrays.find(({ name, dims }) => (name === null || !isLabelName(name)) && shapeOf(dims) !== null)
  const wanted = new Set(names.map(Number).filter(Number.isInteger))
  if (!array || wanted.size === 0) return new Map()
  const size = array.dims.slice(1).reduce((product, dim) => product * dim, 1)
  const pictures = new Map<string, Pixels>()
  let at = 0
  for await (const { bytes } of array.read(size, Math.min(array.dims[0] ?? 0, Math.max(...wanted) + 1))) {
    if (wanted.has(at)) pictures.set(String(at), toPixels(array, bytes, size))
    at++
  }
  return pictures
}

function shapeOf(dims: readonly number[]): { channels: number; height: number; width: number; last: boolean } | null {
  if (dims.length !== 4) return null
  const [, a = 0, b = 0, c = 0] = dims
  if ((a === 1 || a === 3) && b > 3 && c > 3) return { channels: a, height: b, width: c, last: false }
  return (c === 1 || c === 3) && a > 3 && b > 3 ? { channels: c, height: a, width: b, last: true } : null
}

/** Stretched to 0…255 by their own range unless they are bytes already. */
function toPixels(array: DataArray, bytes: Uint8Array, size: number): Pixels {
  const shape = shapeOf(array.dims)
  if (!shape) throw new Error('internal: the array holds no pictures')
  const { channels, height, width, last } = shape
  const numbers = numbersFromBytes(array.dataType, bytes, size)
  const values = Float64Array.from({ length: size }, (_, at) => Number(numbers[at]))
  const [low, high] = array.dataType === 'uint8' ? [0, 255] : values.reduce(([min, max], value) => [Math.min(min ?? value, value), Math.max(max ?? value, value)], [Infinity, -Infinity])
  const scale = 255 / Math.max((high ?? 1) - (low ?? 0), 1e-12)
  const data = new Uint8Array(size)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const from = last ? pixel * channels + channel : channel * width * height + pixel
      data[pixel * channels + channel] = Math.round(((values[from] ?? 0) - (low ?? 0)) * scale)
    }
  }
  return { data, width, height, channels }
}
