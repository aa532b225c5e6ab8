import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '#shared/errors'
import { dataTypeName, type DataTypeName } from '#shared/onnx/data-type'
import type { Tensor } from '#shared/onnx/records'
import { bytesOf, elementCount, type TensorNumbers } from '#shared/onnx/tensor-data'
import type { Transform } from '#shared/onnx/view/tensor-map'
import { tensorRange } from '#shared/onnx/view/tensor-pages'
import { fileError } from '../workspace/file-error'

/** What values of a type are written as: what `tensorNumbers` reads them as, little-endian. */
const DESCRIPTORS: Partial<Record<DataTypeName, string>> = {
  float64: '<f8',
  uint8: '|u1',
  int8: '|i1',
  uint16: '<u2',
  int16: '<i2',
  uint32: '<u4',
  int32: '<i4',
  uint64: '<u8',
  int64: '<i8',
  bool: '|b1',
  int4: '|i1',
  int2: '|i1',
  uint4: '|u1',
  uint2: '|u1',
}
const HEADER_ALIGNMENT = 64

/**
 * Writes a tensor as a `.npy` array, version 1 (numpy/lib/format.py), a page at a time. Small floats, which NumPy lacks, and transformed values become
 * float32. Throws AppError `not-supported` for text and complex numbers, and as reading does.
 */
export async function writeNpy(path: string, tensor: Tensor, transform: Transform): Promise<{ path: string; sizeBytes: number }> {
  const type = dataTypeName(tensor.dataType)
  if (type === null || type === 'string' || type === 'undefined' || type === 'complex64' || type === 'complex128') {
    throw new AppError({ code: 'not-supported', message: `Values of '${tensor.name}' are no real numbers.` })
  }
  const descriptor = transform === null ? (DESCRIPTORS[type] ?? '<f4') : '<f4'
  const count = elementCount(tensor)
  const header = npyHeader(descriptor, tensor.dims)
  try {
    await pipeline(Readable.from(pieces(tensor, transform, header)), createWriteStream(path))
  } catch (error) {
    throw fileError(error, path)
  }
  return { path, sizeBytes: header.length + count * Number(descriptor.slice(2)) }

  function* pieces(source: Tensor, change: Transform, first: Uint8Array): Generator<Uint8Array> {
    yield first
    for (const { values, start } of tensorRange(source, 0, count)) yield bytesOf(change === null ? values : float32(change(values, start)))
  }
}

function float32(values: TensorNumbers): Float32Array {
  return Float32Array.from(values, Number)
}

function npyHeader(descriptor: string, dims: readonly number[]): Uint8Array {
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`
  const text = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': ${shape}, }`
  const length = Math.ceil((10 + text.length + 1) / HEADER_ALIGNMENT) * HEADER_ALIGNMENT
  const header = new Uint8Array(length).fill(0x20)
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - 10) & 0xff, (length - 10) >> 8])
  header.set(new TextEncoder().encode(text), 10)
  header[length - 1] = 0x0a
  return header
}
