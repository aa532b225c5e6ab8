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
  const offsets = new Float64Array(buffers.length)
  // Those that take room, by offset, in columns of numbers: they are gone through for every buffer, so the time grows with the square.
  const taken = { offset: new Float64Array(buffers.length), end: new Float64Array(buffers.length), first: new Int32Array(buffers.length), last: new Int32Array(buffers.length) }
  let count = 0
  let totalBytes = 0
  for (const at of order) {
    const buffer = buffers[at]
    if (!buffer) continue
    const { sizeBytes, firstStep, lastStep } = buffer
    let offset = 0
    for (let other = 0; other < count; other++) {
      if ((taken.last[other] ?? 0) < firstStep || (taken.first[other] ?? 0) > lastStep) continue
      if ((taken.offset[other] ?? 0) - offset >= sizeBytes) break
      offset = Math.max(offset, taken.end[other] ?? 0)
    }
    offsets[at] = offset
    totalBytes = Math.max(totalBytes, offset + sizeBytes)
    if (sizeBytes === 0) continue
    let place = count
    while (place > 0 && (taken.offset[place - 1] ?? 0) > offset) place--
    for (const column of Object.values(taken)) column.copyWithin(place + 1, place, count)
    taken.offset[place] = offset
    taken.end[place] = aligned(offset + sizeBytes)
    taken.first[place] = firstStep
    taken.last[place] = lastStep
    count++
  }
  return { placed: buffers.map((buffer, at) => ({ ...buffer, offset: offsets[at] ?? 0 })), totalBytes }
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT
}
