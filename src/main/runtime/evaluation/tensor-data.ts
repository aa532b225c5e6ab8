/** Samples that are tensors already: `.npz`, `.npy`, folders of them, ONNX `test_data_set_*`. */
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { AppError } from '#shared/errors'
import type { TensorPreprocessing } from '#shared/evaluation/preprocessing'
import { DATA_TYPES, type DataTypeName } from '#shared/onnx/data-type'
import { bytesOf, numbersFromBytes } from '#shared/onnx/tensor-data'
import type { BoundArray } from '../bind-array'
import { isFloat } from '../convert-elements'
import { type DataArray, openNpyFile, openNpzArrays } from '../data-array'
import { type DataPart, findData, isLabelName } from '../find-data'
import { modelInputs } from '../model-inputs'
import type { Feeds, TensorValue } from '../model-runner'
import { feedsOf } from '../sample-feeds'
import { openTensorProtoFile } from '../tensor-proto-file'
import type { EvaluationData, EvaluationSample, OpenDataOptions } from './evaluation-data'
import { fileFingerprint, listFingerprint, withFile } from './fingerprint'
import { type RawLabel, readLabel } from './label'

/** Labels of one number or word each are read together up to so many. */
const MOST_AT_ONCE = 1_000_000

/** Labels of all samples of a part, read when it is its turn. */
type LabelReader = () => AsyncGenerator<RawLabel>

export async function openTensorData(options: OpenDataOptions & { readonly card: TensorPreprocessing }): Promise<EvaluationData> {
  const { path, model, card, labels, labelsPath } = options
  const inputs = modelInputs(model)
  const parts = (await findData(path, inputs)).map((part) => ({ ...part, bound: part.bound.map((array) => withScale(array, card)) }))
  const sampleCount = parts.reduce((sum, part) => sum + part.samples, 0)
  const readers = labels === 'none' ? null : await labelReaders(path, labelsPath, parts)
  return {
    kind: 'tensors',
    description: `${sampleCount === 1 ? '1 sample' : `${sampleCount} samples`} of ${basename(path)}`,
    sampleCount,
    classNames: null,
    fingerprint: () => withFile(statSync(path).isDirectory() ? listFingerprint(filesUnder(path)) : fileFingerprint(path), labelsPath),
    async *samples(from, { signal, ...reading } = {}) {
      let number = 0
      for (const [at, part] of parts.entries()) {
        if (number + part.samples <= from) {
          number += part.samples
          continue
        }
        const raw = readers?.[at]?.()
        try {
          for await (const feeds of feedsOf(part, inputs, reading)) {
            signal?.throwIfAborted()
            const next = await raw?.next()
            const label = next === undefined || next.done === true ? null : next.value
            // Named by their number from 0, as in arrays.
            if (number++ >= from) yield toSample(String(number - 1), shifted(feeds, card), readLabel(label, { kind: labels, classNames: null }))
          }
        } finally {
          await raw?.return(undefined)
        }
      }
    },
  }
}

function toSample(name: string, feeds: Feeds, label: ReturnType<typeof readLabel>): EvaluationSample {
  return 'problem' in label ? { name, problem: label.problem } : { name, feeds, label: label.label }
}

/** The card's scale instead of the one calibration takes by itself. */
function withScale(bound: BoundArray, card: TensorPreprocessing): BoundArray {
  return isFloat(bound.input.dataType) && (card.input === null || card.input === bound.input.name) ? { ...bound, scale: card.scale } : { ...bound, scale: 1 }
}

function shifted(feeds: Feeds, { mean, std, input }: TensorPreprocessing): Feeds {
  if (mean === 0 && std === 1) return feeds
  return new Map([...feeds].map(([name, value]): [string, TensorValue] => {
    if (value.dataType !== DATA_TYPES.float32.code || (input !== null && input !== name)) return [name, value]
    const values = numbersFromBytes('float32', value.bytes, value.bytes.byteLength / 4) as Float32Array
    return [name, { ...value, bytes: bytesOf(values.map((number) => (number - mean) / std)) }]
  }))
}

async function labelReaders(path: string, labelsPath: string | null, parts: readonly DataPart[]): Promise<LabelReader[]> {
  if (labelsPath !== null) {
    if (parts.length !== 1) throw new AppError({ code: 'bad-usage', message: 'A file of labels goes with one file of samples, not with a folder of them.' })
    return [await readerOf(await labelArrays(labelsPath), labelsPath, parts[0]?.samples ?? 0)]
  }
  const info = statSync(path)
  if (info.isFile()) return [await readerOf(await labelArrays(path), path, parts[0]?.samples ?? 0)]
  const names = readdirSync(path).toSorted(new Intl.Collator('en', { numeric: true }).compare)
  const sets = names.filter((name) => /^test_data_set_\d+$/.test(name)).map((name) => join(path, name))
  if (sets.length > 0) return sets.map(expectedOutput)
  if (names.includes('output_0.pb')) return [expectedOutput(path)]
  const own = names.find((name) => isLabelName(basename(name, extname(name))) && ['.npy', '.npz'].includes(extname(name)))
  if (own !== undefined) return [await readerOf(await labelArrays(join(path, own)), join(path, own), parts[0]?.samples ?? 0)]
  const files = names.filter((name) => extname(name) === '.npz').map((name) => join(path, name))
  if (files.length === 0) throw noLabels(path)
  return Promise.all(files.map(async (file, at) => readerOf(await labelArrays(file), file, parts[at]?.samples ?? 0)))
}

async function labelArrays(path: string): Promise<DataArray[]> {
  if (extname(path).toLowerCase() === '.npy') return [{ ...(await openNpyFile(path)), name: 'label' }]
  if (extname(path).toLowerCase() !== '.npz') throw new AppError({ code: 'not-supported', message: `'${basename(path)}' is no file of labels for tensors.`, hint: 'Give an .npz with an array called label, or an .npy.' })
  return openNpzArrays(path)
}

async function readerOf(arrays: readonly DataArray[], path: string, samples: number): Promise<LabelReader> {
  const array = arrays.find(({ name }) => name !== null && isLabelName(name))
  if (!array) throw noLabels(path)
  const [count = 0, ...dims] = array.dims
  if (count !== samples) throw new AppError({ code: 'invalid-data', message: `There are ${samples} samples but ${count} labels (${array.label}).` })
  const size = dims.reduce((product, dim) => product * dim, 1)
  return async function* labels() {
    if (size === 1 && count <= MOST_AT_ONCE) {
      for await (const { bytes, strings } of array.read(count, 1)) {
        const values = strings ? [] : numbersOf(array.dataType, bytes, count)
        for (let at = 0; at < count; at++) yield strings ? { kind: 'word', word: strings[at] ?? '' } : { kind: 'numbers', dims, values: [values[at] ?? 0], integers: !isFloat(array.dataType) }
      }
      return
    }
    for await (const { bytes, strings } of array.read(size, count)) {
      if (strings) yield { kind: 'word', word: strings[0] ?? '' }
      else yield { kind: 'numbers', dims, values: numbersOf(array.dataType, bytes, size), integers: !isFloat(array.dataType) }
    }
  }
}

/** The first output that a test set expects. */
function expectedOutput(folder: string): LabelReader {
  return async function* labels() {
    const array = await openTensorProtoFile(join(folder, 'output_0.pb'))
    const size = array.dims.reduce((product, dim) => product * dim, 1)
    for await (const { bytes, strings } of array.read(size, 1)) {
      if (strings) yield { kind: 'word', word: strings[0] ?? '' }
      else yield { kind: 'numbers', dims: array.dims, values: numbersOf(array.dataType, bytes, size), integers: !isFloat(array.dataType) }
    }
  }
}

function numbersOf(type: DataTypeName, bytes: Uint8Array, count: number): ArrayLike<number> {
  const numbers = numbersFromBytes(type, bytes, count)
  return numbers instanceof BigInt64Array || numbers instanceof BigUint64Array ? Float64Array.from(numbers, Number) : numbers
}

function noLabels(path: string): AppError {
  return new AppError({
    code: 'invalid-data',
    message: `There are no labels in '${basename(path)}' of '${basename(dirname(path))}'.`,
    hint: "Add an array called 'label' with one entry for each sample, give a file of labels, or compare with the source by cosine or SQNR.",
  })
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}
