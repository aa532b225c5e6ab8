import { DATA_TYPES, dataTypeName } from '../data-type'
import type { Tensor, TensorData } from '../records'
import { elementCount, type TensorNumbers, tensorBytes, tensorNumbers } from '../tensor-data'

/** Elements of one page: a multiple of 8, so that sub-byte elements start on a byte. 8 MiB of float64 at most. */
const PAGE_ELEMENTS = 1 << 20

/**
 * The numbers of a tensor in pages, row-major, so that a tensor of gigabytes is never in memory whole. Values in a typed field
 * (`float_data` and the like) come as one page. Throws as `tensorNumbers` does.
 */
export function* tensorPages(tensor: Tensor): Generator<TensorNumbers> {
  const count = elementCount(tensor)
  if (count <= PAGE_ELEMENTS || !isSliceable(tensor)) {
    yield tensorNumbers(tensor)
    return
  }
  for (let start = 0; start < count; start += PAGE_ELEMENTS) yield tensorNumbers(slice(tensor, start, Math.min(PAGE_ELEMENTS, count - start)))
}

/**
 * A range of a tensor in pages, each with the row-major index of its first value; not for complex numbers. Throws as `tensorNumbers` does.
 */
export function* tensorRange(tensor: Tensor, from: number, count: number): Generator<{ readonly values: TensorNumbers; readonly start: number }> {
  if (!isSliceable(tensor)) {
    yield { values: tensorNumbers(tensor).subarray(from, from + count), start: from }
    return
  }
  for (let start = from; start < from + count; start += PAGE_ELEMENTS) yield { values: tensorPage(tensor, start, Math.min(PAGE_ELEMENTS, from + count - start)), start }
}

/** Elements `offset` to `offset + limit`, fewer at the end; of complex numbers, pairs of that many. Throws as `tensorNumbers` does. */
export function tensorPage(tensor: Tensor, offset: number, limit: number): TensorNumbers {
  const count = elementCount(tensor)
  const parts = tensor.dataType === DATA_TYPES.complex64.code || tensor.dataType === DATA_TYPES.complex128.code ? 2 : 1
  const from = Math.min(offset, count)
  const to = Math.min(offset + limit, count)
  if (!isSliceable(tensor)) return tensorNumbers(tensor).subarray(from * parts, to * parts)
  const start = from - (from % 8)
  return tensorNumbers(slice(tensor, start, to - start)).subarray((from - start) * parts)
}

/** Whether the values stand one after another with a fixed width, all of them. */
function isSliceable(tensor: Tensor): boolean {
  const name = dataTypeName(tensor.dataType)
  const stored = contiguousBytes(tensor.data)
  return name !== null && DATA_TYPES[name].bits > 0 && stored === Math.ceil((elementCount(tensor) * DATA_TYPES[name].bits) / 8)
}

function contiguousBytes(data: TensorData): number | null {
  switch (data.kind) {
    case 'bytes':
      return data.bytes.length
    case 'raw':
      return data.span.length
    case 'external':
      return data.resolved?.length ?? null
    case 'field':
    case 'strings':
      return null
  }
}

/** A tensor of the elements from `start` (a multiple of 8) on. Nothing is read. */
function slice(tensor: Tensor, start: number, count: number): Tensor {
  const name = dataTypeName(tensor.dataType)
  const bits = name === null ? 0 : DATA_TYPES[name].bits
  const [from, to] = [(start * bits) / 8, Math.ceil(((start + count) * bits) / 8)]
  const { data } = tensor
  const span = data.kind === 'raw' ? data.span : data.kind === 'external' ? data.resolved : null
  const part: TensorData = span
    ? { kind: 'raw', span: { source: span.source, offset: span.offset + from, length: to - from } }
    : { kind: 'bytes', bytes: tensorBytes(tensor).subarray(from, to) }
  return { name: tensor.name, dataType: tensor.dataType, dims: [count], data: part }
}
