/** Which files at a path are samples, and which input each array in them feeds. */
import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { AppError } from '#shared/errors'
import { bindArray, type BoundArray } from './bind-array'
import { type DataArray, openNpyFile, openNpzArrays } from './data-array'
import { describeInput, type ModelInput } from './model-inputs'
import { openTensorProtoFile } from './tensor-proto-file'

/** Arrays that are read side by side: one file, or one `test_data_set_*` folder. */
export interface DataPart {
  readonly samples: number
  readonly bound: readonly BoundArray[]
  /** Names of arrays that no input takes. */
  readonly ignored: readonly string[]
}

const KINDS = ['.npz', '.npy', '.pb'] as const
/** Arrays that go with samples but are never inputs. */
const LABELS = /^(labels?|targets?|y|y_(train|test|true))$/i

const WHAT_IS_ACCEPTED = 'Give an .npz or .npy file, a folder of such files, or a folder of ONNX test_data_set_* folders.'

/** Whether an array of this name holds labels. */
export function isLabelName(name: string): boolean {
  return LABELS.test(name)
}

/** Throws AppError `not-found`, `not-supported` or `invalid-data`. */
export async function findData(path: string, inputs: readonly ModelInput[]): Promise<DataPart[]> {
  const info = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') throw new AppError({ code: 'permission-denied', message: `No permission to read '${path}'.` })
    throw new AppError({ code: 'not-found', message: `There is no data at '${path}'.`, hint: WHAT_IS_ACCEPTED })
  })
  if (info.isDirectory()) return findInFolder(path, inputs)
  return [await partOfFile(path, inputs)]
}

async function findInFolder(folder: string, inputs: readonly ModelInput[]): Promise<DataPart[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  // Numbers count as numbers, so that input_10 comes after input_9; the language is fixed, so that the order is the same everywhere.
  const { compare } = new Intl.Collator('en', { numeric: true })
  const names = entries.map(({ name }) => name).toSorted(compare)
  const sets = names.filter((name) => /^test_data_set_\d+$/.test(name))
  if (sets.length > 0) return Promise.all(sets.map((name) => partOfTestSet(join(folder, name), inputs)))
  if (names.some((name) => /^input_\d+\.pb$/.test(name))) return [await partOfTestSet(folder, inputs)]
  const kinds = KINDS.filter((kind) => names.some((name) => extname(name).toLowerCase() === kind))
  const [kind] = kinds
  if (kind === undefined) {
    throw new AppError({ code: 'invalid-data', message: `The folder '${basename(folder)}' holds no data that can be read.`, hint: WHAT_IS_ACCEPTED })
  }
  if (kinds.length > 1) {
    throw new AppError({ code: 'invalid-data', message: `The folder '${basename(folder)}' mixes ${kinds.join(' and ')} files.`, hint: 'Keep one kind in a folder.' })
  }
  const paths = names.filter((name) => extname(name).toLowerCase() === kind).map((name) => join(folder, name))
  if (kind === '.npy' && namesAreInputs(paths, inputs)) return [await partOfNamedFiles(paths, inputs)]
  const parts: DataPart[] = []
  for (const path of paths) parts.push(await partOfFile(path, inputs))
  return parts
}

async function partOfFile(path: string, inputs: readonly ModelInput[]): Promise<DataPart> {
  const kind = extname(path).toLowerCase()
  if (kind === '.npz') {
    const arrays = await openNpzArrays(path)
    if (arrays.length === 0) throw new AppError({ code: 'invalid-data', message: `${basename(path)} holds no arrays.` })
    return matchArrays(arrays, inputs, { label: basename(path), wholeTensor: false })
  }
  if (kind === '.npy') return matchArrays([await openNpyFile(path)], inputs, { label: basename(path), wholeTensor: false })
  if (kind === '.pb') return matchArrays([await openTensorProtoFile(path)], inputs, { label: basename(path), wholeTensor: true })
  throw new AppError({ code: 'not-supported', message: `'${basename(path)}' is not a kind of data that can be read.`, hint: WHAT_IS_ACCEPTED })
}

async function partOfTestSet(folder: string, inputs: readonly ModelInput[]): Promise<DataPart> {
  const label = basename(folder)
  const names = (await readdir(folder)).filter((name) => /^input_\d+\.pb$/.test(name))
  const arrays = new Map<number, DataArray>()
  for (const name of names) arrays.set(Number(/\d+/.exec(name)?.[0]), await openTensorProtoFile(join(folder, name)))
  const byName = new Map([...arrays.values()].map((array) => [array.name, array]))
  // Names win where they are those of inputs; many writers leave them out or number the tensors instead.
  const named = inputs.every(({ name }) => byName.has(name))
  const bound = inputs.map((input, at) => {
    const array = named ? byName.get(input.name) : arrays.get(at)
    if (!array) throw missingInput(label, input, `input_${at}.pb`)
    return bindArray(array, input, { wholeTensor: true })
  })
  return { samples: 1, bound, ignored: [] }
}

function namesAreInputs(paths: readonly string[], inputs: readonly ModelInput[]): boolean {
  const names = new Set(paths.map((path) => basename(path, extname(path))))
  return inputs.length > 1 || inputs.every(({ name }) => names.has(name))
}

async function partOfNamedFiles(paths: readonly string[], inputs: readonly ModelInput[]): Promise<DataPart> {
  const arrays: DataArray[] = []
  for (const path of paths) arrays.push({ ...(await openNpyFile(path)), name: basename(path, extname(path)) })
  return matchArrays(arrays, inputs, { label: 'The folder', wholeTensor: false })
}

interface MatchOptions {
  /** Where the arrays come from, for messages. */
  readonly label: string
  readonly wholeTensor: boolean
}

function matchArrays(arrays: readonly DataArray[], inputs: readonly ModelInput[], { label, wholeTensor }: MatchOptions): DataPart {
  const byName = new Map(arrays.map((array) => [array.name, array]))
  const candidates = arrays.filter(({ name }) => name === null || !LABELS.test(name))
  const bound = inputs.map((input) => {
    const onlyOne = inputs.length === 1 && candidates.length === 1 ? candidates[0] : undefined
    const array = byName.get(input.name) ?? onlyOne
    if (!array) throw missingInput(label, input, arrays.map(({ name }) => name ?? '(no name)').join(', '))
    return bindArray(array, input, { wholeTensor })
  })
  const taken = new Set(bound.map(({ array }) => array))
  const counts = bound.filter(({ samples }) => samples > 1)
  const [first] = counts
  const other = counts.find(({ samples }) => samples !== first?.samples)
  if (first && other) {
    throw new AppError({
      code: 'invalid-data',
      message: `${first.array.label} holds ${first.samples} samples but ${other.array.label} holds ${other.samples}.`,
      hint: 'All inputs need as many samples, or a single one that is used for all.',
    })
  }
  return { samples: first?.samples ?? 1, bound, ignored: arrays.filter((array) => !taken.has(array)).map(({ name, label: own }) => name ?? own) }
}

function missingInput(label: string, input: ModelInput, found: string): AppError {
  return new AppError({
    code: 'invalid-data',
    message: `${label} has nothing for the model's input '${input.name}' (${describeInput(input)}); looked at: ${found}.`,
    hint: 'Name each array after the input it is for.',
  })
}
