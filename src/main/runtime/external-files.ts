import { realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { Span } from '#shared/onnx/byte-source'
import type { ResolveExternal } from '#shared/onnx/codec/decode-tensor'
import { rawByteLength } from '#shared/onnx/data-type'
import { leavesFolder, parseExternalEntries } from '#shared/onnx/external-location'
import { fileIdentity, type FileSource, openFileSource } from './file-source'

/** The data files of one model, opened as its tensors name them. */
export interface ExternalFiles {
  readonly resolve: ResolveExternal
  /** Files that were found, in the order of their first use. */
  sources(): FileSource[]
  /** What could not be had, one finding for each file and reason. */
  diagnostics(): Diagnostic[]
  close(): void
}

interface Problem {
  readonly code: 'path-escapes-folder' | 'external-data-missing' | 'external-data-too-short' | 'external-data-invalid'
  readonly location: string
  readonly reason: string
  readonly firstTensor: string
  tensors: number
}

/**
 * Opens data files inside the model's folder, and nowhere else. The folder counts as named and as it really is, so that
 * a model reached through a link finds the data beside the link as well as beside itself (download caches are laid out so);
 * a data file that is itself a link must end up in one of the two.
 */
export function openExternalFiles(modelPath: string): ExternalFiles {
  const folder = dirname(modelPath)
  const realFolders = [realpathSync(folder), dirname(realpathSync(modelPath))]
  const files = new Map<string, FileSource | AppError>()
  const problems = new Map<string, Problem>()

  function open(location: string): FileSource | AppError {
    const known = files.get(location)
    if (known) return known
    const opened = openInside(folder, realFolders, location)
    files.set(location, opened)
    return opened
  }

  function report(tensor: string, problem: Omit<Problem, 'firstTensor' | 'tensors'>): null {
    const key = `${problem.code}\0${problem.location}`
    const known = problems.get(key)
    if (known) known.tensors++
    else problems.set(key, { ...problem, firstTensor: tensor, tensors: 1 })
    return null
  }

  return {
    resolve(entries, tensor): Span | null {
      const at = parseExternalEntries(entries)
      if (!at) return report(tensor.name, { code: 'external-data-invalid', location: '', reason: 'the entries location, offset and length do not say where' })
      const source = open(at.location)
      if (source instanceof AppError) {
        const code = source.code === 'path-escapes-folder' ? source.code : 'external-data-missing'
        return report(tensor.name, { code, location: at.location, reason: source.message })
      }
      const count = tensor.dims.reduce((product, dim) => product * dim, 1)
      const expected = Number.isSafeInteger(count) && count >= 0 ? rawByteLength(tensor.dataType, count) : null
      const length = at.length ?? expected ?? source.sizeBytes - at.offset
      if (length < 0 || at.offset + length > source.sizeBytes) {
        const reason = `it has ${source.sizeBytes} bytes, but bytes ${at.offset} to ${at.offset + Math.max(0, length)} are needed`
        return report(tensor.name, { code: 'external-data-too-short', location: at.location, reason })
      }
      return { source, offset: at.offset, length }
    },
    sources: () => [...files.values()].flatMap((file) => (file instanceof AppError ? [] : [file])),
    diagnostics: () => [...problems.values()].map(toDiagnostic),
    close() {
      for (const file of files.values()) if (!(file instanceof AppError)) file.close()
    },
  }
}

function openInside(folder: string, realFolders: readonly string[], location: string): FileSource | AppError {
  if (leavesFolder(location)) return escapes(location)
  try {
    const real = realpathSync(join(folder, location))
    if (!realFolders.some((root) => isInside(root, real))) return escapes(location)
    return openFileSource(real)
  } catch (error) {
    if (error instanceof AppError) return error
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES' || code === 'EPERM') return new AppError({ code: 'permission-denied', message: 'there is no permission to read it' })
    return new AppError({ code: 'not-found', message: 'it is not there' })
  }
}

/** Whether `location`, seen from `folder`, is the very file that `source` reads. */
export function namesFile(folder: string, location: string, source: FileSource): boolean {
  if (leavesFolder(location)) return false
  try {
    const real = realpathSync(join(folder, location))
    return isInside(realpathSync(folder), real) && fileIdentity(statSync(real, { bigint: true })) === source.identity
  } catch {
    // It is not there: so it is not that file.
    return false
  }
}

function isInside(folder: string, path: string): boolean {
  const from = relative(folder, path)
  return from !== '' && from !== '..' && !from.startsWith(`..${sep}`) && !isAbsolute(from)
}

function escapes(location: string): AppError {
  return new AppError({ code: 'path-escapes-folder', message: `'${location.replaceAll('\0', '\\0')}' leads out of the model's folder` })
}

function toDiagnostic({ code, location, reason, firstTensor, tensors }: Problem): Diagnostic {
  const who = tensors === 1 ? `tensor '${firstTensor}' has no values` : `${tensors} tensors have no values, '${firstTensor}' the first`
  const file = location.replaceAll('\0', '\\0')
  return {
    severity: 'error',
    code,
    message: file === '' ? `External data: ${reason}; ${who}.` : `Data file '${file}': ${reason}; ${who}.`,
    hint: code === 'path-escapes-folder' ? 'The file was not read. Move it beside the model and correct its location.' : 'Put the data file beside the model and open the model again.',
    valueName: firstTensor,
  }
}
