/** Which kind of data lies at a path. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { AppError } from '#shared/errors'
import type { DataKind } from '#shared/evaluation/guess-preprocessing'
import type { Preprocessing } from '#shared/evaluation/preprocessing'

/** What libvips reads in the builds that npm has. */
export const PICTURES: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif'])

const WHAT_IS_ACCEPTED = 'Give a folder of pictures or WAV files, an .npz or .npy file, a .csv table, a .jsonl of texts, or ONNX test_data_set_* folders.'

const KIND_OF_FILE: Readonly<Record<string, DataKind>> = { '.npz': 'tensors', '.npy': 'tensors', '.pb': 'tensors', '.jsonl': 'texts', '.csv': 'table', '.tsv': 'table', '.wav': 'sounds' }

/** Throws AppError `not-found`, `invalid-data` where a folder is empty, `not-supported`. */
export function dataKind(path: string): DataKind {
  if (!existsSync(path)) throw new AppError({ code: 'not-found', message: `There is no data at '${path}'.`, hint: WHAT_IS_ACCEPTED })
  if (!statSync(path).isDirectory()) {
    const kind = kindOfFile(path)
    if (kind === null) throw new AppError({ code: 'not-supported', message: `'${basename(path)}' is not a kind of data that can be read.`, hint: WHAT_IS_ACCEPTED })
    return kind
  }
  const counts = new Map<DataKind, number>()
  for (const name of namesUnder(path)) {
    const kind = kindOfFile(name)
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  // Tables and lists beside pictures or sounds are their labels.
  const kind = (['images', 'sounds', 'tensors', 'texts', 'table'] as const).find((one) => counts.has(one))
  if (kind === undefined) throw new AppError({ code: 'invalid-data', message: `The folder '${basename(path)}' holds no data that can be read.`, hint: WHAT_IS_ACCEPTED })
  return kind
}

/** Of a folder and the folders in it; deep ones are not looked into. */
function* namesUnder(folder: string, depth = 3): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) yield entry.name
    else if (entry.isDirectory() && depth > 0) yield* namesUnder(`${folder}/${entry.name}`, depth - 1)
  }
}

function kindOfFile(name: string): DataKind | null {
  const extension = extname(name).toLowerCase()
  return PICTURES.has(extension) ? 'images' : (KIND_OF_FILE[extension] ?? null)
}

/** Whether the card says how data of this kind is prepared. */
export function isCardFor(card: Preprocessing, kind: DataKind): boolean {
  const kinds = { image: ['images'], audio: ['sounds'], text: ['texts'], tensor: ['tensors', 'table'] } as const satisfies Record<Preprocessing['kind'], readonly DataKind[]>
  return kinds[card.kind].some((one) => one === kind)
}
