/** Folders of pictures. */
import { existsSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { AppError } from '#shared/errors'
import type { Box } from '#shared/evaluation/detection'
import type { ImagePreprocessing } from '#shared/evaluation/preprocessing'
import { type ModelInput, modelInputs } from '../model-inputs'
import { PICTURES } from './data-kind'
import { decodeMask, decodePicture, decodeWhole, picturePlacement, pixelsToTensor, type Placement } from './decode-image'
import type { EvaluationData, EvaluationSample, OpenDataOptions } from './evaluation-data'
import { listFingerprint, withFile } from './fingerprint'
import { type Label, readLabel } from './label'
import { describeFiles, listSampleFiles, type SampleFile, sideFolder } from './list-files'
import { lookAhead } from './look-ahead'

/** Pictures decoded ahead of the one that is run: as many as libuv has threads. */
const AHEAD = 4

/** Throws AppError `invalid-data` where there are no pictures, labels or input for them. */
export async function openImageData(options: OpenDataOptions & { readonly card: ImagePreprocessing }): Promise<EvaluationData> {
  const { path, labels, labelsPath } = options
  const input = imageInput(options)
  const aside = labels === 'mask' ? sideOf(path, ['masks', 'labels', 'annotations']) : labels === 'tensor' && labelsPath === null ? sideOf(path, ['targets', 'target', 'hr', 'outputs']) : null
  const listed = listSampleFiles(aside?.samples ?? path, PICTURES, { labels, labelsPath })
  const { files, classNames } = listed
  const readOne = (file: SampleFile) => readSample(file, { ...options, input, classNames, side: aside?.side ?? null })
  return {
    kind: 'images',
    description: describeFiles(files.length === 1 ? '1 picture' : `${files.length} pictures`, path, listed),
    sampleCount: files.length,
    classNames,
    fingerprint: () => withFile(listFingerprint(files.map((file) => file.path)), labelsPath),
    async *samples(from, { signal } = {}) {
      for await (const sample of lookAhead(files.slice(from), AHEAD, readOne)) {
        signal?.throwIfAborted()
        yield sample
      }
    },
  }
}

function sideOf(path: string, names: readonly string[]): { samples: string; side: string } | null {
  return statSync(path).isDirectory() ? sideFolder(path, names) : null
}

function imageInput({ model, card }: OpenDataOptions & { readonly card: ImagePreprocessing }): ModelInput {
  const inputs = modelInputs(model)
  const input = inputs.find(({ name }) => name === card.input)
  if (!input) throw new AppError({ code: 'invalid-data', message: `The preprocessing is for the input '${card.input}', which the model does not have: ${inputs.map(({ name }) => name).join(', ')}.`, hint: 'Correct the name of the input.' })
  const others = inputs.filter((one) => one !== input)
  if (others.length > 0) {
    throw new AppError({ code: 'not-supported', message: `Pictures feed '${input.name}', but the model also wants ${others.map(({ name }) => `'${name}'`).join(', ')}.`, hint: 'Give tensors, as an .npz with an array for each input.' })
  }
  return input
}

interface ReadOptions extends OpenDataOptions {
  readonly card: ImagePreprocessing
  readonly input: ModelInput
  readonly classNames: readonly string[] | null
  /** Folder of masks or target pictures. */
  readonly side: string | null
}

async function readSample(file: SampleFile, options: ReadOptions): Promise<EvaluationSample> {
  const { name } = file
  const { input, card, labels, classNames, side } = options
  try {
    // Labels first: a picture without one need not be decoded.
    const read = side === null ? readLabel(file.label, { kind: labels, classNames }) : { label: await sideLabel(file, options, side) }
    if ('problem' in read) return { name, problem: read.problem }
    const pixels = await decodePicture(file.path, card)
    const feeds = new Map([[input.name, pixelsToTensor(pixels, card, { dataType: input.dataType, rank: input.shape?.length ?? 4 })]])
    return { name, feeds, label: read.label?.kind === 'boxes' ? await placedLabel(read.label.boxes, file.path, card) : read.label }
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid-data') return { name, problem: error.message }
    throw error
  }
}

async function sideLabel(file: SampleFile, { labels, card }: ReadOptions, side: string): Promise<Label> {
  const own = ['.png', extname(file.name)].map((extension) => join(side, `${file.name.slice(0, -extname(file.name).length)}${extension}`)).find((path) => existsSync(path))
  if (own === undefined) throw new AppError({ code: 'invalid-data', message: `has no picture of its name in '${basename(side)}'` })
  if (labels === 'mask') {
    const { data, width, height } = await decodeMask(own, card)
    return { kind: 'mask', classes: data, width, height }
  }
  const { data, width, height, channels } = await decodeWhole(own)
  // As models give pictures: planes of 0…1.
  const plane = width * height
  const values = Float32Array.from({ length: data.length }, (_, at) => (data[(at % plane) * channels + Math.floor(at / plane)] ?? 0) / 255)
  return { kind: 'tensor', dims: [channels, height, width], values }
}

/** Only boxes need to know the picture's own size, and asking for it takes as long as decoding a small picture. */
async function placedLabel(boxes: readonly Box[], path: string, card: ImagePreprocessing): Promise<Label> {
  const placement = await picturePlacement(path, card)
  return { kind: 'boxes', boxes: boxes.map((box) => placed(box, placement)) }
}

function placed({ classIndex, x1, y1, x2, y2 }: Box, { scaleX, scaleY, offsetX, offsetY }: Placement): Box {
  return { classIndex, x1: x1 * scaleX + offsetX, y1: y1 * scaleY + offsetY, x2: x2 * scaleX + offsetX, y2: y2 * scaleY + offsetY }
}
