import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Adb } from '@yume-chan/adb'

/** What adb's file service takes in one packet (SYNC_DATA_MAX), and the header before each. */
const PACKET_BYTES = 64 * 1024
const HEADER_BYTES = 8
/** So many packets go out in one write: a write for each packet costs more time than the data. */
const BLOCK_PACKETS = 16
const REGULAR_FILE = 0o100000

export interface PushedFile {
  /** A local file, or bytes. */
  readonly source: string | Uint8Array
  /** On the phone. */
  readonly path: string
  readonly mode: number
}

/**
 * Sends a file through adb's file service (SEND, DATA…, DONE of adb's SYNC.TXT), reading the next block while one goes out.
 * Returns the SHA-256 of what was sent, in hexadecimal. Throws what the phone answers; part of the file may then lie there.
 */
export async function pushFile(adb: Adb, { source, path, mode }: PushedFile, { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void }): Promise<string> {
  const socket = await adb.createSocket('sync:')
  const close = () => void Promise.resolve(socket.close()).catch(() => undefined)
  signal.addEventListener('abort', close, { once: true })
  const writer = socket.writable.getWriter()
  // The phone says at once what is wrong, in the middle of the data.
  const answer = readAnswer(socket.readable)
  answer.catch(() => undefined)
  const send = (bytes: Uint8Array) => Promise.race([writer.write(bytes), refused(answer)])
  const hash = createHash('sha256')
  try {
    signal.throwIfAborted()
    const target = Buffer.from(`${path},${String(REGULAR_FILE | mode)}`)
    await send(Buffer.concat([header('SEND', target.length), target]))
    let sending: Promise<unknown> = Promise.resolve()
    for await (const { framed, pieces } of typeof source === 'string' ? fileBlocks(source) : byteBlocks(source)) {
      await sending
      signal.throwIfAborted()
      sending = send(framed)
      sending.catch(() => undefined)
      for (const piece of pieces) {
        hash.update(piece)
        onBytes(piece.length)
      }
    }
    await sending
    await send(header('DONE', Math.floor(Date.now() / 1000)))
    await answer
    return hash.digest('hex')
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

/** Settles only where the phone refuses. */
function refused(answer: Promise<void>): Promise<never> {
  return answer.then(() => new Promise<never>(() => undefined))
}

interface Block {
  /** As it goes out: packets with their headers. */
  readonly framed: Uint8Array
  readonly pieces: readonly Uint8Array[]
}

/** Two buffers take turns: one goes out while the other is filled. */
async function* fileBlocks(path: string): AsyncGenerator<Block> {
  const file = await open(path)
  try {
    const buffers = [newBlock(), newBlock()] as const
    for (let position = 0, turn = 0; ; turn++) {
      const buffer = buffers[turn % 2] ?? buffers[0]
      const bytes = await fill(file, buffer, position)
      if (bytes === 0) return
      position += bytes
      yield framedBlock(buffer, bytes)
    }
  } finally {
    await file.close()
  }
}

function newBlock(): Buffer {
  return Buffer.alloc(BLOCK_PACKETS * (HEADER_BYTES + PACKET_BYTES))
}

async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  const gaps = Array.from({ length: BLOCK_PACKETS }, (_, packet) => packetData(buffer, packet, PACKET_BYTES))
  return (await file.readv(gaps, position)).bytesRead
}

function packetData(buffer: Buffer, packet: number, length: number): Buffer {
  const start = packet * (HEADER_BYTES + PACKET_BYTES) + HEADER_BYTES
  return buffer.subarray(start, start + length)
}

/** Puts the headers before `bytes` of data that lie in the gaps of `buffer`. */
function framedBlock(buffer: Buffer, bytes: number): Block {
  const packets = Math.ceil(bytes / PACKET_BYTES)
  const pieces = Array.from({ length: packets }, (_, packet) => {
    const length = Math.min(PACKET_BYTES, bytes - packet * PACKET_BYTES)
    buffer.set(header('DATA', length), packet * (HEADER_BYTES + PACKET_BYTES))
    return packetData(buffer, packet, length)
  })
  return { framed: buffer.subarray(0, packets * HEADER_BYTES + bytes), pieces }
}

function* byteBlocks(source: Uint8Array): Generator<Block> {
  for (let at = 0; at < source.length; at += PACKET_BYTES) {
    const piece = source.subarray(at, at + PACKET_BYTES)
    yield { framed: Buffer.concat([header('DATA', piece.length), piece]), pieces: [piece] }
  }
}

function header(id: string, value: number): Buffer {
  const bytes = Buffer.from(`${id}\0\0\0\0`, 'latin1')
  bytes.writeUInt32LE(value, 4)
  return bytes
}

/** Resolves with OKAY; throws the reason of FAIL. */
async function readAnswer(stream: AsyncIterable<Uint8Array>): Promise<void> {
  let answer = Buffer.alloc(0)
  for await (const chunk of stream) {
    answer = Buffer.concat([answer, chunk])
    if (answer.length < HEADER_BYTES) continue
    if (answer.toString('latin1', 0, 4) === 'OKAY') return
    const length = answer.readUInt32LE(4)
    if (answer.length >= HEADER_BYTES + length) throw new Error(answer.toString('utf8', HEADER_BYTES, HEADER_BYTES + length))
  }
  throw new Error('the phone ended the connection in the middle of a file')
}
