import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Span } from '../byte-source'

/** Bytes in memory, or a range of a source to be copied. */
export type Piece = Uint8Array | Span

/** Longer byte strings become pieces of their own instead of being copied into a buffer. */
const COPIED_BYTES = 1024


export function isSpan(piece: Piece): piece is Span {
  return !(piece instanceof Uint8Array)
}

/** Writes protobuf fields as a list of pieces, so that what is copied from a file is never held in memory. */
export class PieceWriter {
  readonly #pieces: Piece[] = []
  #writer = new BinaryWriter()
  #buffered = false
  #sizeBytes = 0

  string(field: number, value: string): void {
    this.#write((writer) => writer.tag(field, WireType.LengthDelimited).string(value))
  }

  /** Nothing where the value is empty, which in the file is the same as absent. */
  nonEmptyString(field: number, value: string): void {
    if (value !== '') this.string(field, value)
  }

  /** Nothing where the value is absent; an empty one was there when it was read. */
  optionalString(field: number, value: string | undefined): void {
    if (value !== undefined) this.string(field, value)
  }

  int64(field: number, value: number | bigint): void {
    this.#write((writer) => writer.tag(field, WireType.Varint).int64(value))
  }

  float(field: number, value: number): void {
    this.#write((writer) => writer.tag(field, WireType.Bit32).float(value))
  }

  bytes(field: number, value: Piece): void {
    this.#write((writer) => writer.tag(field, WireType.LengthDelimited).uint64(value.length))
    this.raw(value)
  }

  /** A message in a field; `fill` writes its fields. */
  message(field: number, fill: (writer: PieceWriter) => void): void {
    const inner = new PieceWriter()
    fill(inner)
    const { pieces, sizeBytes } = inner.finish()
    this.#write((writer) => writer.tag(field, WireType.LengthDelimited).uint64(sizeBytes))
    for (const piece of pieces) this.raw(piece)
  }

  /** Bytes that need no tag: they hold theirs, or follow one. */
  raw(piece: Piece): void {
    if (piece.length === 0) return
    if (!isSpan(piece) && piece.length <= COPIED_BYTES) {
      this.#write((writer) => writer.raw(piece))
      return
    }
    this.#flush()
    this.#sizeBytes += piece.length
    const last = this.#pieces.at(-1)
    if (last && isSpan(last) && isSpan(piece) && last.source === piece.source && last.offset + last.length === piece.offset) {
      this.#pieces[this.#pieces.length - 1] = { source: last.source, offset: last.offset, length: last.length + piece.length }
    } else this.#pieces.push(piece)
  }

  finish(): { pieces: readonly Piece[]; sizeBytes: number } {
    this.#flush()
    return { pieces: this.#pieces, sizeBytes: this.#sizeBytes }
  }

  #write(write: (writer: BinaryWriter) => void): void {
    write(this.#writer)
    this.#buffered = true
  }

  #flush(): void {
    if (!this.#buffered) return
    const bytes = this.#writer.finish()
    this.#writer = new BinaryWriter()
    this.#buffered = false
    this.#sizeBytes += bytes.length
    if (bytes.length > 0) this.#pieces.push(bytes)
  }
}
