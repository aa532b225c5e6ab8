/** The files of a folder that are samples, and what says their labels: folders of classes, or a file of labels beside them. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { AppError } from '#shared/errors'
import type { LabelKind } from '#shared/evaluation/metric'
import type { RawLabel } from './label'
import { readLabelFile } from './label-file'

export interface SampleFile {
  readonly path: string
  /** Within the folder, with forward slashes. */
  readonly name: string
  readonly label: RawLabel | null
}

export interface SampleFiles {
  readonly files: readonly SampleFile[]
  readonly classNames: readonly string[] | null
  /** For people: how they got their labels. */
  readonly origin: string
}

const { compare } = new Intl.Collator('en', { numeric: true })
/** `labels.txt` and `classes.json` are lists of class names; `labels.json` is read as labels of files. */
const LABEL_FILES = /^((labels?|annotations?|instances.*|ground_?truth|gt|metadata|transcripts?)\.(csv|tsv|json)|(gt|ground_?truth|transcripts?)\.txt)$/i

/**
 * Samples of `extensions` under `path` (a folder, or one file), in the order of their names. Throws AppError `invalid-data` where there is
 * none, or no labels where a metric needs them.
 */
export function listSampleFiles(path: string, extensions: ReadonlySet<string>, { labels, labelsPath }: { readonly labels: LabelKind; readonly labelsPath: string | null }): SampleFiles {
  if (!statSync(path).isDirectory()) {
    const known = labelsPath === null ? null : readLabelFile(labelsPath)
    return { files: [{ path, name: basename(path), label: known?.labels.get(basename(path)) ?? null }], classNames: known?.classNames ?? null, origin: '' }
  }
  const names = namesIn(path, extensions)
  if (names.length === 0) throw new AppError({ code: 'invalid-data', message: `The folder '${basename(path)}' holds no samples.`, hint: `Put ${[...extensions].slice(0, 4).join(', ')} files into it, one folder for each class.` })
  const found = labelsPath ?? findLabelFile(path)
  if (found !== null) return fromLabelFile(path, names, found)
  if (labels === 'class') return fromFolders(path, names)
  return { files: names.map((name) => ({ path: join(path, name), name, label: null })), classNames: null, origin: '' }
}

/** For people: `3 pictures of cats, labels of labels.csv`. */
export function describeFiles(counted: string, path: string, { origin }: SampleFiles): string {
  return origin === '' ? `${counted} of ${basename(path)}` : `${counted} of ${basename(path)}, ${origin}`
}

function fromLabelFile(path: string, names: readonly string[], labelsPath: string): SampleFiles {
  const { labels, classNames } = readLabelFile(labelsPath)
  const short = (name: string) => basename(name, extname(name))
  const loose = new Map([...labels].flatMap(([key, label]) => [[basename(key), label] as const, [short(key), label] as const]))
  const files = names.map((name) => ({ path: join(path, name), name, label: labels.get(name) ?? labels.get(basename(name)) ?? loose.get(basename(name)) ?? loose.get(short(name)) ?? null }))
  return { files, classNames: classNames ?? wordClasses(files), origin: `labels of ${basename(labelsPath)}` }
}

/** Words that are not all numbers stand for classes in the order of the alphabet, as training tools number them. */
function wordClasses(files: readonly SampleFile[]): string[] | null {
  const words = new Set(files.flatMap(({ label }) => (label?.kind === 'word' ? [label.word] : [])))
  if (words.size === 0 || words.size > 100_000 || [...words].every((word) => /^-?\d+(\.\d+)?$/.test(word))) return null
  return [...words].toSorted()
}

/** The first folder of each name is its class: folders named by numbers are those classes, others count in the order of the alphabet. */
function fromFolders(path: string, names: readonly string[]): SampleFiles {
  const folders = [...new Set(names.flatMap((name) => (name.includes('/') ? [name.slice(0, name.indexOf('/'))] : [])))].toSorted()
  if (folders.length === 0) {
    throw new AppError({
      code: 'invalid-data',
      message: `The samples in '${basename(path)}' have no labels.`,
      hint: 'Put them into one folder for each class, add labels.csv with a file and a label in each row, or compare with the source by cosine or SQNR.',
    })
  }
  const numbered = folders.every((folder) => /^\d+$/.test(folder))
  const label = (name: string): RawLabel | null => (name.includes('/') ? { kind: 'word', word: numbered ? String(Number(name.slice(0, name.indexOf('/')))) : name.slice(0, name.indexOf('/')) } : null)
  return {
    files: names.map((name) => ({ path: join(path, name), name, label: label(name) })),
    classNames: numbered ? null : folders,
    origin: folders.length === 1 ? '1 folder of classes' : `${folders.length} folders of classes`,
  }
}

function findLabelFile(folder: string): string | null {
  const name = readdirSync(folder).toSorted(compare).find((one) => LABEL_FILES.test(one))
  return name === undefined ? null : join(folder, name)
}

function namesIn(folder: string, extensions: ReadonlySet<string>, prefix = '', depth = 4): string[] {
  const entries = readdirSync(join(folder, prefix), { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && extensions.has(extname(entry.name).toLowerCase())).map(({ name }) => `${prefix}${name}`)
  const folders = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
  return [...files.toSorted(compare), ...folders.toSorted(compare).flatMap((name) => namesIn(folder, extensions, `${prefix}${name}/`, depth - 1))]
}

/** `folder/images` beside `folder/masks` or `folder/targets`: null where the folder is not laid out so. */
export function sideFolder(path: string, names: readonly string[]): { samples: string; side: string } | null {
  const samples = ['images', 'inputs', 'input', 'lr'].map((name) => join(path, name)).find((folder) => existsSync(folder))
  const side = names.map((name) => join(path, name)).find((folder) => existsSync(folder))
  return samples === undefined || side === undefined ? null : { samples, side }
}
