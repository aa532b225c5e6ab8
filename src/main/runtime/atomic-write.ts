import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { AppError } from '#shared/errors'
import { fileError } from '../workspace/file-error'

/** Pieces smaller than this are put together: each write waits for a thread of its own. */
const GATHERED_BYTES = 256 * 1024

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined
  /** For a file that nobody needs after this process: it is not flushed to the disk. */
  readonly temporary?: boolean | undefined
}

/**
 * Writes a file so that a reader, or a power cut, finds the old one or the new one, never a part: under a temporary name
 * in the same folder, flushed to the disk, then renamed. Whatever fails, the old file stays and the temporary one is removed.
 * An existing file's permissions are kept.
 *
 * Throws AppError `disk-full`, `permission-denied`, `not-found` (no such folder), `cancelled`, and what `chunks` throws.
 */
export async function writeFileAtomically(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { signal, temporary: isTemporary = false }: WriteOptions = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const mode = await modeOf(path)
    const file = await open(temporary, 'wx', mode ?? 0o666)
    try {
      // Creation applies the umask, which must not narrow the mode a file already had.
      if (mode !== null) await file.chmod(mode)
      for await (const chunk of gathered(chunks)) {
        throwIfCancelled(signal)
        // What is not flushed goes to memory: there is less to wait for than another thread takes to begin.
        for (let at = 0; at < chunk.length; ) at += isTemporary ? writeSync(file.fd, chunk, at) : (await file.write(chunk, at, chunk.length - at)).bytesWritten
        if (isTemporary) await setImmediate()
      }
      if (!isTemporary) await file.sync()
    } finally {
      await file.close()
    }
    throwIfCancelled(signal)
    await rename(temporary, path)
    if (!isTemporary) await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw writeError(error, path)
  }
}

/** The same bytes in fewer pieces. Each is good until the next is asked for. */
async function* gathered(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(GATHERED_BYTES)
  let used = 0
  for await (const chunk of chunks) {
    if (used + chunk.length > memory.length) {
      yield memory.subarray(0, used)
      used = 0
    }
    if (chunk.length >= memory.length) yield chunk
    else {
      memory.set(chunk, used)
      used += chunk.length
    }
  }
  yield memory.subarray(0, used)
}

async function modeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mode & 0o777
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Makes a rename last. Windows cannot open folders, and does not need it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError({ code: 'cancelled', message: 'Saving was cancelled.' })
}

/** Puts an error of writing a file into words; what is no error of the file system comes back as it was. */
export function writeError(error: unknown, path: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EFBIG':
      return new AppError({ code: 'disk-full', message: `'${path}' is larger than its disk allows a file to be.`, hint: 'Save to another disk.' }, { cause: error })
    case 'ENOENT':
      return new AppError({ code: 'not-found', message: `There is no folder '${dirname(path)}' to write into.`, hint: 'Make it first, or give another place.' }, { cause: error })
    case 'ENAMETOOLONG':
      return new AppError({ code: 'bad-usage', message: `The name '${basename(path)}' is too long.` }, { cause: error })
    default:
      return fileError(error, path)
  }
}
