/** Files that came through a browser: one folder for each batch, so that a model lies beside its external data. */
import { createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '#shared/errors'
import { fileError } from './file-error'

const MAX_NAME_BYTES = 200
const MAX_DEPTH = 8
const MAX_AGE_MS = 24 * 60 * 60 * 1000
const RESERVED_ON_WINDOWS = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** One path segment from a stranger made into a name that is safe in any folder. */
function safeName(name: string): string {
  const cleaned = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}<>:"|?*/\\]/gu, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '')
  const usable = cleaned === '' ? 'file' : RESERVED_ON_WINDOWS.test(cleaned) ? `_${cleaned}` : cleaned
  return cutToBytes(usable, MAX_NAME_BYTES)
}

/** The end is kept: the extension says what the file is. */
function cutToBytes(name: string, limit: number): string {
  const characters = [...name]
  while (Buffer.byteLength(characters.join('')) > limit) characters.splice(Math.floor(characters.length / 3), 1)
  return characters.join('')
}

/** A relative path (`folder/model.onnx`, as a dropped folder gives it) with every segment made safe; never leaves its root. */
function safeRelativePath(path: string): string {
  const segments = path.split(/[/\\]/).filter((segment) => !['', '.', '..'].includes(segment))
  const safe = segments.slice(-MAX_DEPTH).map(safeName)
  return safe.length === 0 ? 'file' : join(...safe)
}

export interface ImportOptions {
  readonly folder: string
  /** Chosen by the window; the same for files that belong together. */
  readonly batch: string
  /** As the browser gives it. */
  readonly name: string
  readonly sizeBytes: number
  readonly content: Readable
}

/**
 * Writes one uploaded file and returns its path. A failed upload leaves no file.
 * Throws AppError bad-usage (batch name, size that does not match), disk-full, permission-denied.
 */
export async function importFile({ folder, batch, name, sizeBytes, content }: ImportOptions): Promise<string> {
  if (!/^[A-Za-z0-9-]{8,64}$/.test(batch)) throw new AppError({ code: 'bad-usage', message: 'The batch of uploaded files has no valid name.' })
  const root = join(folder, batch)
  const relative = safeRelativePath(name)
  try {
    mkdirSync(join(root, relative, '..'), { recursive: true })
  } catch (error) {
    throw fileError(error, root)
  }
  const { bavail, bsize } = statfsSync(root)
  if (sizeBytes > bavail * bsize) {
    throw new AppError({ code: 'disk-full', message: `'${relative}' does not fit: the disk has ${String(Math.floor((bavail * bsize) / 1e6))} MB left.`, hint: 'Free some space and try again.' })
  }
  const path = freePath(root, relative)
  try {
    await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    const written = statSync(path).size
    if (written !== sizeBytes) throw new AppError({ code: 'truncated', message: `'${relative}' arrived with ${String(written)} of ${String(sizeBytes)} bytes.`, hint: 'Drop it again.' })
  } catch (error) {
    rmSync(path, { force: true })
    throw fileError(error, path)
  }
  return path
}

function freePath(root: string, relative: string): string {
  for (let n = 1; ; n++) {
    const path = join(root, n === 1 ? relative : relative.replace(/(\.[^.]*)?$/, ` (${String(n)})$1`))
    if (!existsSync(path)) return path
  }
}

/** Removes batches older than a day of which nothing is in `keep` (recent files). */
export function removeOldImports(folder: string, keep: readonly string[]): void {
  if (!existsSync(folder)) return
  for (const batch of readdirSync(folder)) {
    const path = join(folder, batch)
    const stats = statSync(path, { throwIfNoEntry: false })
    // Another studio that starts may have removed it.
    const isOld = stats !== undefined && Date.now() - stats.mtimeMs > MAX_AGE_MS
    if (isOld && !keep.some((kept) => kept.startsWith(path + sep))) rmSync(path, { recursive: true, force: true })
  }
}
