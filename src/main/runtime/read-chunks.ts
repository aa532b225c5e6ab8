import { open } from 'node:fs/promises'

const CHUNK_BYTES = 1024 * 1024

/** A file piece by piece. Each chunk is good until the next is asked for; that one is being read meanwhile, into other memory. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  let buffer = new Uint8Array(CHUNK_BYTES)
  let other = new Uint8Array(CHUNK_BYTES)
  let reading = file.read(buffer, 0, buffer.length)
  try {
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      const chunk = buffer.subarray(0, bytesRead)
      const free = other
      other = buffer
      buffer = free
      reading = file.read(buffer, 0, buffer.length)
      // Looked at when its turn comes; until then a failure must not count as unhandled.
      reading.catch(() => undefined)
      yield chunk
    }
  } finally {
    await Promise.allSettled([reading])
    await file.close()
  }
}
