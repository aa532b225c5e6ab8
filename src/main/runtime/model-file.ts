/** ONNX model files with their external data: opening, saving, hashing. */
import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { ByteSource } from '#shared/onnx/byte-source'
import { decodeModel } from '#shared/onnx/codec/decode'
import { findTensorProblems } from '#shared/onnx/codec/tensor-problems'
import type { Model } from '#shared/onnx/records'
import { putIdsBeside } from './document-ids'
import { openExternalFiles } from './external-files'
import { type FileSource, openFileSource } from './file-source'

export { saveModelFile, type SaveOptions, type SavedModel } from './save-model-file'

const CHUNK_BYTES = 1024 * 1024

export interface ModelFile {
  readonly model: Model
  /** Absolute. */
  readonly path: string
  /** Of the model file and its data files together. */
  readonly sizeBytes: number
  /** Absolute paths of the data files that were found. */
  readonly externalFiles: readonly string[]
  /** External data that is missing, too short or outside the folder, and tensors whose values do not fit their shape. */
  readonly diagnostics: readonly Diagnostic[]
  /** After this, values that are still in the files can no longer be read. */
  close(): void
}

/**
 * Opens a model. Reads its structure only; values are read when asked for, until `close`. Missing or wrong data files do
 * not prevent opening: they are in `diagnostics`, and reading a tensor that needs one throws.
 *
 * Throws AppError `not-found`, `permission-denied`, `not-a-model`, `truncated` or `invalid-model`.
 */
export function openModelFile(path: string): ModelFile {
  const { sources, ...file } = openWithSources(path)
  putIdsBeside(file.model, file.path)
  return { ...file, externalFiles: sources.slice(1).map((source) => source.path) }
}

function openWithSources(path: string): Omit<ModelFile, 'externalFiles'> & { readonly sources: readonly FileSource[] } {
  const absolute = resolve(path)
  const source = openFileSource(absolute)
  let external: ReturnType<typeof openExternalFiles> | null = null
  try {
    external = openExternalFiles(absolute)
    const model = decodeNamed(source, absolute, external)
    const sources = [source, ...distinct(external.sources())]
    const files = external
    return {
      model,
      path: absolute,
      sizeBytes: sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      sources,
      diagnostics: [...external.diagnostics(), ...findTensorProblems(model)],
      close() {
        source.close()
        files.close()
      },
    }
  } catch (error) {
    source.close()
    external?.close()
    throw error
  }
}

function decodeNamed(source: ByteSource, path: string, external: ReturnType<typeof openExternalFiles>): Model {
  try {
    return decodeModel(source, { resolveExternal: external.resolve })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { code, message, hint, details } = error
    throw new AppError({ code, message: `'${basename(path)}': ${message}`, hint, details: { ...details, path } }, { cause: error })
  }
}

/** One file may be named in several ways. */
function distinct(sources: readonly FileSource[]): FileSource[] {
  return [...new Map(sources.map((source) => [source.identity, source])).values()]
}

/**
 * SHA-256 of a model, in hexadecimal. Without external data it is the file's own; with it, the hash of one line
 * `<sha256 of the file>\n` for the model file and for each data file in the order of its first use.
 * Streams: memory does not grow with the files. Throws as `openModelFile` does, and `cancelled`.
 */
export async function hashModelFile(path: string, signal?: AbortSignal): Promise<string> {
  const opened = openWithSources(path)
  try {
    const hashes: string[] = []
    for (const source of opened.sources) hashes.push(await hashSource(source, signal))
    const [only] = hashes
    if (hashes.length === 1 && only !== undefined) return only
    return createHash('sha256').update(hashes.map((hash) => `${hash}\n`).join('')).digest('hex')
  } finally {
    opened.close()
  }
}

async function hashSource(source: FileSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < source.sizeBytes; at += CHUNK_BYTES) {
    if (signal?.aborted) throw new AppError({ code: 'cancelled', message: 'Reading the model was cancelled.' })
    hash.update(source.read(at, Math.min(CHUNK_BYTES, source.sizeBytes - at)))
    // Reads are synchronous: let other requests and the cancelling through.
    await new Promise(setImmediate)
  }
  return hash.digest('hex')
}
