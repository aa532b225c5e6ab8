import { AppError } from '../../errors'
import type { Span } from '../byte-source'
import type { Tensor } from '../records'
import { tensorBytes } from '../tensor-data'

/** So much of a large tensor is looked at: windows spread over it. Enough to tell trained weights apart. */
const WINDOWS = 16
const WINDOW_BYTES = 512

/** Tensors of one key have the same type, shape and, as far as a sample tells, values. */
export function tensorKey(tensor: Tensor): string {
  const known = keys.get(tensor)
  if (known !== undefined) return known
  const key = `${tensor.dataType}[${tensor.dims.join()}]#${contentHash(tensor)}`
  keys.set(tensor, key)
  return key
}

const keys = new WeakMap<Tensor, string>()

function contentHash(tensor: Tensor): string {
  const { data } = tensor
  const span = data.kind === 'raw' ? data.span : data.kind === 'external' ? data.resolved : null
  try {
    if (span) return hashWindows(span.length, (offset, length) => readPart(span, offset, length))
    if (data.kind === 'strings') return data.values.slice(0, 64).map((value) => hashWindows(value.length, (offset, length) => value.subarray(offset, offset + length))).join()
    const bytes = tensorBytes(tensor)
    return hashWindows(bytes.length, (offset, length) => bytes.subarray(offset, offset + length))
  } catch (error) {
    if (error instanceof AppError) return 'unreadable'
    throw error
  }
}

function readPart({ source, offset }: Span, from: number, length: number): Uint8Array {
  return source.read(offset + from, length)
}

/** FNV-1a over the whole where it is short, else over windows of it. */
function hashWindows(size: number, read: (offset: number, length: number) => Uint8Array): string {
  let hash = 0x811c9dc5
  const take = (bytes: Uint8Array) => {
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  }
  if (size <= WINDOWS * WINDOW_BYTES) take(read(0, size))
  else for (let window = 0; window < WINDOWS; window++) take(read(Math.floor((window * (size - WINDOW_BYTES)) / (WINDOWS - 1)), WINDOW_BYTES))
  return `${(hash >>> 0).toString(36)}.${size}`
}
