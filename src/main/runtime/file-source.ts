import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { AppError } from '#shared/errors'
import { type ByteSource, requireRange } from '#shared/onnx/byte-source'
import { fileError } from '../workspace/file-error'

const PAGE_BYTES = 64 * 1024
const CACHED_PAGES = 64
/** One system call reads less than 2 GiB. */
const READ_BYTES = 1024 * 1024 * 1024

/** A file open for reading. */
export interface FileSource extends ByteSource {
  readonly path: string
  /** Device and inode: equal for two names of one file. */
  readonly identity: string
  close(): void
}

/** Device and inode of a file, as `FileSource.identity` gives them. */
export function fileIdentity({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}

/**
 * Opens a regular file for positional reads; short ones go through a cache of 4 MiB. A read throws AppError
 * `changed-on-disk` where the file was written to since it was opened; one that was replaced under its name stays readable.
 *
 * Throws AppError `not-found`, `permission-denied`, or `not-a-model` for what is no regular file (a pipe is never waited for).
 */
export function openFileSource(path: string): FileSource {
  const file = openRegular(path)
  const atOpen = fstatSync(file, { bigint: true })
  const sizeBytes = Number(atOpen.size)
  const pages = new Map<number, Uint8Array>()
  let isOpen = true

  function load(offset: number, length: number): Uint8Array {
    if (!isOpen) throw new Error(`internal: '${path}' was read after it was closed`)
    const bytes = allocate(length, path)
    for (let at = 0; at < length; ) {
      const read = readSync(file, bytes, at, Math.min(length - at, READ_BYTES), offset + at)
      if (read === 0) throw changed(path)
      at += read
    }
    // After the read: what was written before it must not pass for what was opened.
    const now = fstatSync(file, { bigint: true })
    if (now.size !== atOpen.size || now.mtimeNs !== atOpen.mtimeNs) throw changed(path)
    return bytes
  }

  function page(index: number): Uint8Array {
    const known = pages.get(index)
    const bytes = known ?? load(index * PAGE_BYTES, Math.min(PAGE_BYTES, sizeBytes - index * PAGE_BYTES))
    pages.delete(index)
    pages.set(index, bytes)
    const oldest = pages.size > CACHED_PAGES ? pages.keys().next().value : undefined
    if (oldest !== undefined) pages.delete(oldest)
    return bytes
  }

  return {
    path,
    sizeBytes,
    identity: fileIdentity(atOpen),
    read(offset, length) {
      requireRange(sizeBytes, offset, length)
      if (length === 0) return new Uint8Array(0)
      const index = Math.floor(offset / PAGE_BYTES)
      const within = offset - index * PAGE_BYTES
      return within + length <= PAGE_BYTES && length < PAGE_BYTES ? page(index).subarray(within, within + length) : load(offset, length)
    },
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
      pages.clear()
    },
  }
}

function allocate(length: number, path: string): Uint8Array {
  try {
    return new Uint8Array(length)
  } catch (error) {
    throw new AppError({ code: 'out-of-memory', message: `${length} bytes of '${path}' do not fit into memory at once.` }, { cause: error })
  }
}

function openRegular(path: string): number {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    throw openError(error, path)
  }
  const stats = fstatSync(file, { bigint: true })
  if (stats.isFile()) return file
  closeSync(file)
  throw new AppError({ code: 'not-a-model', message: `'${path}' is ${kindOf(stats)}, not a file.`, hint: 'Choose an ONNX model, usually a file named .onnx.' })
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}

function openError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENXIO') return new AppError({ code: 'not-a-model', message: `'${path}' is a socket or device, not a file.` }, { cause: error })
  if (code === 'ELOOP' || code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE') {
    return new AppError({ code: 'not-found', message: `There can be no file '${path.replaceAll('\0', '\\0')}'.` }, { cause: error })
  }
  return fileError(error, path)
}

function changed(path: string): AppError {
  return new AppError({ code: 'changed-on-disk', message: `'${path}' was changed by another program since it was opened.`, hint: 'Open it again.' })
}
