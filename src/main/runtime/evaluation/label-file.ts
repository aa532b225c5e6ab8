/** Files that say what samples are: CSV, JSON, COCO. */
import { readFileSync, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { fileError } from '../../workspace/file-error'
import type { RawLabel } from './label'

export interface LabelFile {
  /** By file name, as the file gives it: with folders or without. */
  readonly labels: ReadonlyMap<string, RawLabel>
  /** In the order of the model's classes, where the file says it. */
  readonly classNames: readonly string[] | null
}

const MOST_BYTES = 512 * 1024 * 1024
const FILE_COLUMN = /^(file|file_?name|image|img|path|name|id|audio|wav)$/i
const LABEL_COLUMN = /^(label|class|category|target|text|transcript|caption|score|value|y|answer)$/i

/** Boxes in pixels of the picture as it is in its file: `[x, y, width, height]`. */
const Coco = z.object({
  images: z.array(z.object({ id: z.union([z.number(), z.string()]), file_name: z.string() })),
  annotations: z.array(z.object({ image_id: z.union([z.number(), z.string()]), category_id: z.number(), bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional() })),
  categories: z.array(z.object({ id: z.number(), name: z.string() })).default([]),
})
const Word = z.union([z.string(), z.number(), z.boolean()]).transform((value) => (typeof value === 'boolean' ? (value ? '1' : '0') : String(value)))
const Value = z.union([Word.transform((word): RawLabel => ({ kind: 'word', word })), z.array(z.number()).transform((values): RawLabel => ({ kind: 'numbers', dims: [values.length], values, integers: false }))])

/** Throws AppError `invalid-data` where the file is in no known form, and where it cannot be read. */
export function readLabelFile(path: string): LabelFile {
  const text = readText(path)
  const extension = extname(path).toLowerCase()
  if (extension === '.json') return fromJson(path, text)
  if (extension === '.csv' || extension === '.tsv' || extension === '.txt') return fromTable(path, text)
  throw invalid(path, 'only .csv, .tsv, .txt and .json are read')
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MOST_BYTES) throw invalid(path, 'it is too large for a file of labels')
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileError(error, path)
  }
}

/** Rows as lists of words. Throws AppError `invalid-data`. */
function parseTable(path: string, text: string): string[][] {
  try {
    const delimiter = path.toLowerCase().endsWith('.tsv') ? ['\t'] : [',', ';', '\t']
    return parse(text, { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true, trim: true })
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error))
  }
}

function fromTable(path: string, text: string): LabelFile {
  const rows = parseTable(path, text)
  const [header = []] = rows
  const fileColumn = header.findIndex((name) => FILE_COLUMN.test(name))
  const labelColumn = header.findIndex((name) => LABEL_COLUMN.test(name))
  const named = fileColumn >= 0 || labelColumn >= 0
  const [from, to] = [Math.max(0, fileColumn), labelColumn >= 0 ? labelColumn : fileColumn === 1 ? 0 : 1]
  const labels = new Map<string, RawLabel>()
  for (const row of named ? rows.slice(1) : rows) {
    const [file, word] = [row[from], row[to]]
    if (file !== undefined && word !== undefined && word !== '') labels.set(file, { kind: 'word', word })
  }
  if (labels.size === 0) throw invalid(path, 'it has no rows of a file name and a label')
  return { labels, classNames: null }
}

function fromJson(path: string, text: string): LabelFile {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error))
  }
  const coco = Coco.safeParse(raw)
  if (coco.success) return fromCoco(coco.data)
  const map = z.record(z.string(), Value).safeParse(raw)
  if (map.success) return { labels: new Map(Object.entries(map.data)), classNames: null }
  const list = z.array(z.record(z.string(), z.unknown())).safeParse(raw)
  if (!list.success) throw invalid(path, 'it is neither COCO, nor an object from file name to label, nor a list of objects with file and label')
  const labels = new Map<string, RawLabel>()
  for (const entry of list.data) {
    const file = Object.keys(entry).find((key) => FILE_COLUMN.test(key))
    const key = Object.keys(entry).find((one) => LABEL_COLUMN.test(one))
    const value = Value.safeParse(key === undefined ? undefined : entry[key])
    if (file !== undefined && value.success) labels.set(String(entry[file]), value.data)
  }
  if (labels.size === 0) throw invalid(path, 'no object in its list has a file and a label')
  return { labels, classNames: null }
}

/** Classes are numbered in the order of their ids, as models trained on COCO number them. */
function fromCoco({ images, annotations, categories }: z.infer<typeof Coco>): LabelFile {
  const ids = (categories.length > 0 ? categories.map(({ id }) => id) : [...new Set(annotations.map(({ category_id: id }) => id))]).toSorted((a, b) => a - b)
  const index = new Map(ids.map((id, at) => [id, at]))
  const names = new Map(categories.map(({ id, name }) => [id, name]))
  const byImage = new Map<number | string, typeof annotations>()
  for (const annotation of annotations) byImage.set(annotation.image_id, [...(byImage.get(annotation.image_id) ?? []), annotation])
  const withBoxes = annotations.some(({ bbox }) => bbox !== undefined)
  const labels = new Map<string, RawLabel>()
  for (const { id, file_name: file } of images) {
    const own = byImage.get(id) ?? []
    if (withBoxes) {
      const boxes = own.flatMap(({ bbox, category_id: category }) => (bbox ? [{ classIndex: index.get(category) ?? 0, x1: bbox[0], y1: bbox[1], x2: bbox[0] + bbox[2], y2: bbox[1] + bbox[3] }] : []))
      labels.set(file, { kind: 'boxes', boxes })
    } else if (own[0]) labels.set(file, { kind: 'word', word: String(index.get(own[0].category_id) ?? 0) })
  }
  return { labels, classNames: categories.length > 0 ? ids.map((id) => names.get(id) ?? String(id)) : null }
}

function invalid(path: string, why: string): AppError {
  return new AppError({
    code: 'invalid-data',
    message: `The labels in '${basename(path)}' cannot be read: ${why}.`,
    hint: 'Give a CSV with a file and a label in each row, or JSON: {"file": "label"} or COCO.',
  })
}
