import { AppError } from '#shared/errors'

/** Reads a stream in pieces of the lengths asked for, so that only one piece is in memory. */
export class StreamReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #label: string
  #rest: Uint8Array = new Uint8Array(0)

  /** @param label what is read, for the message when it ends too early. */
  constructor(stream: AsyncIterable<Uint8Array>, label: string) {
    this.#chunks = stream[Symbol.asyncIterator]()
    this.#label = label
  }

  /** Memory for `length` bytes. Throws AppError `out-of-memory`: a damaged file may claim any length. */
  allocate(length: number): Uint8Array {
    try {
      return new Uint8Array(length)
    } catch (error) {
      throw new AppError({ code: 'out-of-memory', message: `${this.#label} claims to hold ${length} bytes in one piece, which do not fit into memory.`, hint: 'The file may be damaged. Copy or write it again.' }, { cause: error })
    }
  }

  /** Exactly `length` bytes, in `bytes` or memory of their own, aligned for every element type. Throws AppError `truncated`, and as `allocate`. */
  async read(length: number, bytes = this.allocate(length)): Promise<Uint8Array> {
    let filled = 0
    while (filled < length) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#chunks.next()
        if (next.done === true) {
          throw new AppError({
            code: 'truncated',
            message: `${this.#label} ends too early: ${length - filled} more bytes were expected.`,
            hint: 'The file is incomplete. Copy or write it again.',
          })
        }
        this.#rest = next.value
      }
      const taken = this.#rest.subarray(0, length - filled)
      bytes.set(taken, filled)
      filled += taken.byteLength
      this.#rest = this.#rest.subarray(taken.byteLength)
    }
    return bytes
  }

  /** The next `length` bytes where they lie, aligned to `alignment`, or null where they are not at hand as a whole. Good until more is read. */
  take(length: number, alignment: number): Uint8Array | null {
    if (this.#rest.byteLength < length || this.#rest.byteOffset % alignment !== 0) return null
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  /** Ends the stream; a file or zip member behind it is closed. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}
