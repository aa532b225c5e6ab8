/** NumPy's `.npz`: a zip of `.npy` members, plain or deflated, read as streams. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createInflateRaw } from 'node:zlib'
import { open as openZipCallback, type Entry, type ZipFile } from 'yauzl'
import { AppError } from '#shared/errors'

/** Reading and unpacking go through other threads piece by piece; with the usual 16 kB, waiting for them takes longer than the work. */
const PIECE_BYTES = 256 * 1024
const [STORED, DEFLATED] = [0, 8]

export interface NpzMember {
  /** Name of the array, without `.npy`. */
  readonly name: string
  readonly sizeBytes: number
  open(): Promise<Readable>
}

export interface NpzFile {
  readonly members: readonly NpzMember[]
  close(): void
}

/** Reads the directory only. Throws AppError `invalid-data` where it is not a zip or is encrypted. */
export async function openNpz(path: string): Promise<NpzFile> {
  const zip = await openZip(path)
  try {
    const entries = await readEntries(zip, path)
    const members = entries
      .filter(({ fileName }) => fileName.endsWith('.npy'))
      .map((entry): NpzMember => ({ name: entry.fileName.slice(0, -'.npy'.length), sizeBytes: entry.uncompressedSize, open: () => openMember(zip, entry, path) }))
    return { members, close: () => zip.close() }
  } catch (error) {
    zip.close()
    throw error
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    openZipCallback(path, { lazyEntries: true, autoClose: false, decodeStrings: true }, (error, zip) => {
      if (error) reject(toNpzError(error, path))
      else resolve(zip)
    })
  })
}

function readEntries(zip: ZipFile, path: string): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = []
    zip.on('entry', (entry: Entry) => {
      entries.push(entry)
      zip.readEntry()
    })
    zip.on('end', () => resolve(entries))
    zip.on('error', (error: Error) => reject(toNpzError(error, path)))
    zip.readEntry()
  })
}

async function openMember(zip: ZipFile, entry: Entry, path: string): Promise<Readable> {
  const isKnown = entry.compressionMethod === STORED || entry.compressionMethod === DEFLATED
  if (!isKnown || entry.isEncrypted() || entry.compressedSize === 0) return zip.openReadStreamPromise(entry)
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
  const stored = createReadStream(path, { start: fileDataStart, end: fileDataStart + entry.compressedSize - 1, highWaterMark: PIECE_BYTES })
  if (entry.compressionMethod === STORED) return stored
  // An error of either ends both; the reader meets it in the stream it reads.
  return pipeline(stored, createInflateRaw({ chunkSize: PIECE_BYTES }), () => undefined)
}

/** What a damaged zip or its compression throws; errors of the file system go on as they are. */
export function toNpzError(error: unknown, path: string): Error {
  if (!(error instanceof Error)) return new Error(`internal: thrown while reading a zip: ${String(error)}`)
  if (error instanceof AppError || 'syscall' in error) return error
  return new AppError({
    code: 'invalid-data',
    message: `'${basename(path)}' is not a readable .npz archive: ${error.message}.`,
    hint: 'Write it again with numpy.savez or numpy.savez_compressed.',
  }, { cause: error })
}
