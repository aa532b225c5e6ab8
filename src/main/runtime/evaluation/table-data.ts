/** CSV tables: one row a sample. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'csv-parse'
import { AppError } from '#shared/errors'
import type { TensorPreprocessing } from '#shared/evaluation/preprocessing'
import { DATA_TYPES, type DataTypeName } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import { type ModelInput, modelInputs } from '../model-inputs'
import type { Feeds, TensorValue } from '../model-runner'
import { convertElements, isFloat } from '../convert-elements'
import type { EvaluationData, EvaluationSample, OpenDataOptions } from './evaluation-data'
import { fileFingerprint } from './fingerprint'
import { readLabel } from './label'

const LABEL_COLUMN = /^(label|class|category|target|y|species|outcome)$/i

/**
 * Columns named like inputs feed those; else all but the label, in their order, are one row of the only input. The label is the column
 * called so, or the last. Throws AppError `invalid-data` where the columns do not fit.
 */
export async function openTableData(options: OpenDataOptions & { readonly card: TensorPreprocessing }): Promise<EvaluationData> {
  const { path, model, labels } = options
  const inputs = modelInputs(model)
  const { header, rows, words } = await survey(path, { withLabels: labels !== 'none' })
  if (rows === 0) throw new AppError({ code: 'invalid-data', message: `The table '${basename(path)}' holds no rows.` })
  const labelColumn = labels === 'none' ? -1 : labelColumnOf(header)
  const counted = rows === 1 ? '1 row' : `${rows} rows`
  const columns = columnsOf({ header, inputs, labelColumn, path })
  const classNames = labels === 'class' && words.length > 0 ? words : null
  return {
    kind: 'table',
    description: labelColumn < 0 ? `${counted} of ${basename(path)}` : `${counted} of ${basename(path)}, label in '${header[labelColumn] ?? ''}'`,
    sampleCount: rows,
    classNames,
    fingerprint: () => fileFingerprint(path),
    async *samples(from, { signal } = {}) {
      let number = 0
      for await (const row of rowsOf(path)) {
        signal?.throwIfAborted()
        if (number++ > from) yield toSample(row, String(number), { ...options, columns, labelColumn, classNames })
      }
    },
  }
}

/** The header included. */
async function* rowsOf(path: string): AsyncGenerator<string[]> {
  const stream = createReadStream(path)
  try {
    const delimiter = path.toLowerCase().endsWith('.tsv') ? ['\t'] : [',', ';', '\t']
    const parser = stream.pipe(parse({ bom: true, delimiter, relax_column_count: true, skip_empty_lines: true, trim: true }))
    for await (const row of parser) yield row as string[]
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    throw new AppError({ code: 'invalid-data', message: `The table '${basename(path)}' cannot be read: ${error instanceof Error ? error.message : String(error)}.` }, { cause: error })
  } finally {
    stream.destroy()
  }
}

async function survey(path: string, { withLabels }: { readonly withLabels: boolean }): Promise<{ header: string[]; rows: number; words: string[] }> {
  let header: string[] | null = null
  let rows = 0
  const words = new Set<string>()
  for await (const row of rowsOf(path)) {
    if (!header) {
      header = row
      continue
    }
    rows++
    const word = withLabels ? row[labelColumnOf(header)] : undefined
    if (word !== undefined && words.size < 10_000) words.add(word)
  }
  return { header: header ?? [], rows, words: [...words].some((word) => !Number.isFinite(Number(word))) ? [...words].toSorted() : [] }
}

function labelColumnOf(header: readonly string[]): number {
  const named = header.findIndex((name) => LABEL_COLUMN.test(name))
  return named >= 0 ? named : header.length - 1
}

interface InputColumns {
  readonly input: ModelInput
  readonly columns: readonly number[]
}

function columnsOf({ header, inputs, labelColumn, path }: { header: readonly string[]; inputs: readonly ModelInput[]; labelColumn: number; path: string }): InputColumns[] {
  const byName = inputs.map((input) => ({ input, columns: [header.indexOf(input.name)] }))
  if (byName.every(({ columns: [at = -1] }) => at >= 0)) return byName
  const [input, ...others] = inputs
  const wanted = input?.shape?.at(-1)
  // A label that nobody asked for is there all the same.
  const aside = labelColumn < 0 && wanted === header.length - 1 ? labelColumnOf(header) : labelColumn
  const features = header.map((_, at) => at).filter((at) => at !== aside)
  if (!input || others.length > 0 || (typeof wanted === 'number' && wanted !== features.length)) {
    throw new AppError({
      code: 'invalid-data',
      message: `The columns of '${basename(path)}' (${header.join(', ')}) do not fit the model: ${inputs.map(({ name, shape }) => `${name} [${shape?.map((dim) => dim ?? '?').join(', ') ?? '…'}]`).join(', ')}.`,
      hint: 'Name columns after inputs, or give as many columns as the one input takes, and the label last.',
    })
  }
  return [{ input, columns: features }]
}

interface ReadOptions extends OpenDataOptions {
  readonly card: TensorPreprocessing
  readonly columns: readonly InputColumns[]
  readonly labelColumn: number
  readonly classNames: readonly string[] | null
}

/** Samples are named by their line, the header being the first. */
function toSample(row: readonly string[], name: string, { card, columns, labelColumn, classNames, labels }: ReadOptions): EvaluationSample {
  const word = row[labelColumn]
  const read = readLabel(word === undefined || word === '' ? null : { kind: 'word', word }, { kind: labels, classNames })
  if ('problem' in read) return { name, problem: read.problem }
  const feeds: [string, TensorValue][] = []
  for (const { input, columns: own } of columns) {
    const cells = own.map((at) => row[at] ?? '')
    const value = toTensor(cells, input, card)
    if ('problem' in value) return { name, problem: value.problem }
    feeds.push([input.name, value])
  }
  return { name, feeds: new Map(feeds) satisfies Feeds, label: read.label }
}

function toTensor(cells: readonly string[], { name, dataType, shape }: ModelInput, card: TensorPreprocessing): TensorValue | { problem: string } {
  const dims = shape?.length === 1 ? [cells.length] : [1, cells.length]
  if (dataType === 'string') return { dataType: DATA_TYPES.string.code, dims, bytes: new Uint8Array(0), strings: cells }
  const numbers = cells.map((cell) => (cell === '' ? NaN : Number(cell)))
  const bad = numbers.findIndex((number) => !Number.isFinite(number))
  if (bad >= 0) return { problem: `has '${cells[bad] ?? ''}' where '${name}' wants a number` }
  const scaled = isFloat(dataType) && (card.input === null || card.input === name) ? numbers.map((number) => (number * card.scale - card.mean) / card.std) : numbers
  const converted = convertElements(bytesOf(Float64Array.from(scaled)), { from: 'float64', to: dataType satisfies DataTypeName })
  if ('problem' in converted) return { problem: `does not fit '${name}': ${converted.problem}` }
  return { dataType: DATA_TYPES[dataType].code, dims, bytes: converted.bytes }
}
