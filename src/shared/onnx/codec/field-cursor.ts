/**
 * Walks the fields of a protobuf message in a source that may be far larger than memory: only the pages around the
 * structure are read, payloads are skipped unless asked for. Values are decoded by protobuf-es' `BinaryReader`.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { AppError } from '../../errors'
import type { ByteSource, Span } from '../byte-source'
import type { FieldSpan } from './wire-spans'

const PAGE_BYTES = 64 * 1024
/** A tag and a length, each at most ten bytes. */
const HEADER_BYTES = 20
const VARINT_BYTES = 10
/** The same limit as protobuf's own readers. */
const MAX_DEPTH = 100
/** Fields and list elements in one file. A model of 100 000 nodes has about three million. */
const MAX_ITEMS = 20_000_000
const MAX_STRING_BYTES = 256 * 1024 * 1024
/** Longer payloads of fields we do not know stay in the file. */
const KEPT_BYTES = 4096

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The part of a source that is in memory, and what the whole walk may cost. */
export class WireWindow {
  #start = 0
  #end = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #reader = new BinaryReader(this.#bytes)
  #items = 0

  constructor(readonly source: ByteSource) {}

  /** A reader that stands at `offset` with `length` bytes before it. The range must lie within the source. */
  at(offset: number, length: number): BinaryReader {
    this.#need(offset, length)
    this.#reader.pos = offset - this.#start
    return this.#reader
  }

  /** A view of the range, good until the next call. */
  bytes(offset: number, length: number): Uint8Array {
    this.#need(offset, length)
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length)
  }

  byte(offset: number): number {
    return this.firstByte(offset, 1)
  }

  /** The byte at `offset`; `ahead` more, as far as the source has them, will be wanted next. */
  firstByte(offset: number, ahead: number): number {
    if (offset < this.#start || offset + ahead > this.#end) this.#need(offset, Math.min(ahead, this.source.sizeBytes - offset))
    return this.#bytes[offset - this.#start] ?? 0
  }

  count(items: number): void {
    this.#items += items
    if (this.#items > MAX_ITEMS) throw new AppError({ code: 'invalid-model', message: `The file has more than ${MAX_ITEMS} fields, which no real model has.` })
  }

  #need(offset: number, length: number): void {
    if (offset >= this.#start && offset + length <= this.#end) return
    const available = Math.min(Math.max(length, PAGE_BYTES), this.source.sizeBytes - offset)
    this.#bytes = this.source.read(offset, Math.max(available, length))
    this.#reader = new BinaryReader(this.#bytes, (bytes) => utf8.decode(bytes))
    this.#start = offset
    this.#end = offset + this.#bytes.length
  }
}

/** Stands on one field of a message at a time; `next` goes on to the following one. */
export class FieldCursor implements FieldSpan {
  field = 0
  wireType = WireType.Varint
  /** Of the tag. */
  offset: number
  payloadOffset: number
  /** Of the payload, exclusive. */
  end: number
  /** Of what follows the tag: the payload, or its length. */
  #valueOffset: number

  constructor(
    readonly window: WireWindow,
    /** Name of the message in onnx.proto, for errors. */
    readonly message: string,
    readonly messageStart: number,
    readonly messageEnd: number,
    readonly depth = 0,
  ) {
    if (depth > MAX_DEPTH) throw new AppError({ code: 'invalid-model', message: `The model nests more than ${MAX_DEPTH} messages deep (at byte ${messageStart}).` })
    this.offset = this.payloadOffset = this.end = this.#valueOffset = messageStart
  }

  get source(): ByteSource {
    return this.window.source
  }

  next(): boolean {
    if (this.end === this.messageEnd) return false
    this.window.count(1)
    this.offset = this.end
    this.#readTag()
    switch (this.wireType) {
      case WireType.Varint:
        this.payloadOffset = this.#valueOffset
        this.end = this.#varintEnd(this.#valueOffset)
        break
      case WireType.Bit64:
      case WireType.Bit32:
        this.payloadOffset = this.#valueOffset
        this.end = this.#valueOffset + (this.wireType === WireType.Bit64 ? 8 : 4)
        break
      case WireType.LengthDelimited: {
        this.payloadOffset = this.#varintEnd(this.#valueOffset)
        this.end = this.payloadOffset + this.#length()
        break
      }
      case WireType.StartGroup:
        this.payloadOffset = this.#valueOffset
        this.end = this.#groupEnd()
        break
      case WireType.EndGroup:
        throw this.damage(`wire type ${this.wireType} where a field should start`)
    }
    if (this.end > this.messageEnd) throw this.#overrun(this.end)
    return true
  }

  /** A varint as a number. Throws where it is not a safe integer. */
  int(): number {
    if (this.#isShort()) return this.#valueReader().uint32()
    const value = this.int64()
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) throw this.damage(`${value} is out of range`)
    return Number(value)
  }

  int64(): bigint {
    this.#require(WireType.Varint)
    return this.#isShort() ? BigInt(this.#valueReader().uint32()) : BigInt(this.#valueReader().int64())
  }

  /** An int32 or enum. */
  int32(): number {
    this.#require(WireType.Varint)
    return this.#valueReader().int32()
  }

  float(): number {
    this.#require(WireType.Bit32)
    return this.#valueReader().float()
  }

  string(): string {
    this.#require(WireType.LengthDelimited)
    if (this.end - this.payloadOffset > MAX_STRING_BYTES) throw this.damage(`a text of ${this.end - this.payloadOffset} bytes`)
    return this.#valueReader().string()
  }

  /** A copy of the payload. */
  bytes(): Uint8Array {
    this.#require(WireType.LengthDelimited)
    return this.window.bytes(this.payloadOffset, this.end - this.payloadOffset).slice()
  }

  /** The payload as a message of its own. */
  child(message: string): FieldCursor {
    this.#require(WireType.LengthDelimited)
    return new FieldCursor(this.window, message, this.payloadOffset, this.end, this.depth + 1)
  }

  /** Appends the value, or the values where the field is packed. */
  int64s(into: bigint[]): void {
    if (this.wireType === WireType.Varint) into.push(this.int64())
    else this.#packed((reader) => into.push(BigInt(reader.int64())))
  }

  floats(into: number[]): void {
    if (this.wireType === WireType.Bit32) into.push(this.float())
    else this.#packed((reader) => into.push(reader.float()))
  }

  payload(): Span {
    this.#require(WireType.LengthDelimited)
    return { source: this.source, offset: this.payloadOffset, length: this.end - this.payloadOffset }
  }

  /** Tag and payload. */
  whole(): Span {
    return { source: this.source, offset: this.offset, length: this.end - this.offset }
  }

  /** Tag and payload, to be kept for a field that is not interpreted. */
  raw(): Uint8Array | Span {
    const span = this.whole()
    return span.length > KEPT_BYTES ? span : this.window.bytes(span.offset, span.length).slice()
  }

  /** Where the field is, detached from the cursor. */
  here(): FieldSpan {
    return { source: this.source, field: this.field, offset: this.offset, payloadOffset: this.payloadOffset, end: this.end }
  }

  damage(what: string): AppError {
    return new AppError({
      code: 'invalid-model',
      message: `The model is damaged at byte ${this.offset} (${this.message}, field ${this.field}): ${what}.`,
      hint: 'Export or download the model again.',
    })
  }

  /** A varint of at most 28 bits, which most are: read without the detour through big integers. */
  #isShort(): boolean {
    return this.wireType === WireType.Varint && this.end - this.payloadOffset <= 4
  }

  #valueReader(): BinaryReader {
    return this.window.at(this.#valueOffset, this.end - this.#valueOffset)
  }

  #readTag(): void {
    const start = this.offset
    // Bring in the whole header at once: a page boundary inside it would cost a second read.
    const first = this.window.firstByte(start, HEADER_BYTES)
    const tagEnd = first < 0x80 ? start + 1 : this.#varintEnd(start)
    const tag = first < 0x80 ? first : this.window.at(start, tagEnd - start).uint32()
    this.field = tag >>> 3
    if (this.field === 0 || (tag & 7) > 5 || tagEnd - start > 5) throw this.damage('not a field')
    this.wireType = (tag & 7)
    this.#valueOffset = tagEnd
  }

  #length(): number {
    const first = this.window.byte(this.#valueOffset)
    if (first < 0x80) return first
    return Number(this.window.at(this.#valueOffset, this.payloadOffset - this.#valueOffset).uint64())
  }

  #varintEnd(start: number): number {
    const limit = Math.min(start + VARINT_BYTES, this.messageEnd)
    for (let at = start; at < limit; at++) if (this.window.byte(at) < 0x80) return at + 1
    if (limit === this.messageEnd) throw this.#overrun(limit + 1)
    throw this.damage('an integer of more than ten bytes')
  }

  /** End of a group (a form of nesting that onnx.proto never uses, but unknown fields might). */
  #groupEnd(): number {
    const open = [this.field]
    const inner = new FieldCursor(this.window, this.message, this.#valueOffset, this.messageEnd, this.depth)
    for (let at = this.#valueOffset; ; ) {
      if (at >= this.messageEnd) throw this.damage('a group without an end')
      inner.offset = at
      inner.#readTag()
      if (inner.wireType === WireType.StartGroup) {
        open.push(inner.field)
        if (this.depth + open.length > MAX_DEPTH) throw this.damage('groups nested too deep')
        at = inner.#valueOffset
      } else if (inner.wireType === WireType.EndGroup) {
        if (open.pop() !== inner.field) throw this.damage('a group that ends as another one')
        if (open.length === 0) return inner.#valueOffset
        at = inner.#valueOffset
      } else {
        inner.end = at
        inner.next()
        at = inner.end
      }
    }
  }

  #packed(read: (reader: BinaryReader) => void): void {
    this.#require(WireType.LengthDelimited)
    const length = this.end - this.payloadOffset
    if (length > MAX_ITEMS * VARINT_BYTES) throw this.damage(`a list of ${length} bytes`)
    const reader = this.window.at(this.payloadOffset, length)
    const end = reader.pos + length
    while (reader.pos < end) {
      this.window.count(1)
      try {
        read(reader)
      } catch (error) {
        throw this.damage(error instanceof RangeError ? 'a list that ends within a value' : String(error))
      }
    }
    if (reader.pos !== end) throw this.damage('a list that ends within a value')
  }

  #require(wireType: WireType): void {
    if (this.wireType !== wireType) throw this.damage(`wire type ${this.wireType} instead of ${wireType}`)
  }

  #overrun(end: number): AppError {
    const missing = end - this.source.sizeBytes
    if (missing <= 0) return this.damage(`${end - this.messageEnd} bytes more than its message holds`)
    return new AppError({
      code: 'truncated',
      message: `The file ends at byte ${this.source.sizeBytes}, within ${this.message}; at least ${missing} more ${missing === 1 ? 'byte is' : 'bytes are'} missing.`,
      hint: 'Download or copy the file again.',
      details: { sizeBytes: this.source.sizeBytes, missingBytes: missing },
    })
  }
}
