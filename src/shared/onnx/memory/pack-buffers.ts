/** A buffer in one block of memory that all share: values that are never needed together may lie in the same place. */
export interface PlacedBuffer {
  readonly name: string
  readonly sizeBytes: number
  readonly firstStep: number
  readonly lastStep: number
  readonly offset: number
}

/** Every buffer starts at a multiple of this, as kernels with vector instructions want it. */
const ALIGNMENT = 64

/**
 * Gives each buffer a place at the lowest offset where nothing lies that is needed at the same time: once the largest first ("greedy by
 * size", Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, 2020), once in the order of time; the shorter
 * block counts. In the order they were given.
 */
export function packBuffers(buffers: readonly Omit<PlacedBuffer, 'offset'>[]): { placed: PlacedBuffer[]; totalBytes: number } {
  const given = buffers.map((_, at) => at)
  const size = (at: number) => buffers[at]?.sizeBytes ?? 0
  const bySize = packInOrder(buffers, given.toSorted((a, b) => size(b) - size(a) || a - b))
  const byTime = packInOrder(buffers, given)
  return byTime.totalBytes < bySize.totalBytes ? byTime : bySize
}

function packInOrder(buffers: readonly Omit<PlacedBuffer, 'offset'>[], order: readonly number[]): { placed: PlacedBuffer[]; totalBytes: number } {
  const placed = new Map<number, PlacedBuffer>()
  const byOffset: PlacedBuffer[] = []
  let totalBytes = 0
  for (const at of order) {
    const buffer = buffers[at]
    if (!buffer) continue
    let offset = 0
    for (const other of byOffset) {
      if (other.sizeBytes === 0 || other.lastStep < buffer.firstStep || other.firstStep > buffer.lastStep) continue
      if (other.offset - offset >= buffer.sizeBytes) break
      offset = Math.max(offset, aligned(other.offset + other.sizeBytes))
    }
    const found = { ...buffer, offset }
    placed.set(at, found)
    const next = byOffset.findIndex((other) => other.offset > offset)
    byOffset.splice(next < 0 ? byOffset.length : next, 0, found)
    totalBytes = Math.max(totalBytes, offset + buffer.sizeBytes)
  }
  return { placed: buffers.flatMap((_, at) => placed.get(at) ?? []), totalBytes }
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT
}
