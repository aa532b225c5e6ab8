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
