import { AppError } from '../errors'

/** Random access to bytes that do not change. Reads are synchronous: only the engine holds sources of weight. */
export interface ByteSource {
  readonly sizeBytes: number
  /** Exactly `length` bytes from `offset`; throws AppError `truncated` past the end. The result may be a view: do not write to it. */
  read(offset: number, length: number): Uint8Array
}

/** A range of a source. Nothing is read until it is asked for. */
export interface Span {
  readonly source: ByteSource
  readonly offset: number
  readonly length: number
}

export function readSpan(span: Span): Uint8Array {
  return span.source.read(span.offset, span.length)
}

/** Bytes in memory as a source. Reads are views. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read(offset, length) {
      requireRange(bytes.length, offset, length)
      return bytes.subarray(offset, offset + length)
    },
  }
}

/** Throws `truncated` where the range does not lie within `sizeBytes`. */
export function requireRange(sizeBytes: number, offset: number, length: number): void {
  if (offset < 0 || length < 0) throw new Error(`internal: a read of ${length} bytes at ${offset}`)
  if (offset + length > sizeBytes) {
    throw new AppError({ code: 'truncated', message: `The data ends at byte ${sizeBytes}, but bytes ${offset} to ${offset + length} are needed.` })
  }
}
