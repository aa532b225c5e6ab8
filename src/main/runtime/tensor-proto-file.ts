/** A TensorProto in a file of its own, as in ONNX's `test_data_set_*` folders. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '#shared/errors'
import type { ByteSource } from '#shared/onnx/byte-source'
import { decodeTensor } from '#shared/onnx/codec/decode-tensor'
import { FieldCursor, WireWindow } from '#shared/onnx/codec/field-cursor'
import { dataTypeLabel, dataTypeName } from '#shared/onnx/data-type'
import type { Tensor } from '#shared/onnx/records'
import { tensorBytes } from '#shared/onnx/tensor-data'
import type { DataArray } from './data-array'

/** Throws AppError `invalid-data` where the file holds something else (a sequence, an optional). */
export async function openTensorProtoFile(path: string): Promise<DataArray> {
  const tensor = await readTensorProto(path)
  const dataType = dataTypeName(tensor.dataType)
  if (dataType === null || dataType === 'undefined') throw invalid(path, `its element type is ${dataTypeLabel(tensor.dataType)}`)
  return {
    name: tensor.name === '' ? null : tensor.name,
    label: basename(path),
    dataType,
    dims: tensor.dims,
    async *read() {
      // Read again rather than kept: a folder may hold thousands of them.
      const { data, ...rest } = await readTensorProto(path)
      if (data.kind !== 'strings') yield { bytes: tensorBytes({ ...rest, data }).slice() }
      else {
        const utf8 = new TextDecoder()
        yield { bytes: new Uint8Array(0), strings: data.values.map((value) => utf8.decode(value)) }
      }
    },
  }
}

async function readTensorProto(path: string): Promise<Tensor> {
  const message = await readFile(path)
  const source = asOnlyField(message)
  try {
    const cursor = new FieldCursor(new WireWindow(source), 'TensorProto file', 0, source.sizeBytes)
    cursor.next()
    const tensor = decodeTensor(cursor, () => null)
    if (tensor.data.kind === 'external') throw invalid(path, 'its values are in another file')
    return tensor
  } catch (error) {
    if (error instanceof AppError && error.code !== 'invalid-data') throw invalid(path, 'it is damaged, or a sequence or optional')
    throw error
  }
}

/** The decoder reads messages that are fields: the file's bytes as field 1 of a message around them. */
function asOnlyField(message: Uint8Array): ByteSource {
  const header = [0x0a]
  let length = message.byteLength
  for (; length > 0x7f; length = Math.floor(length / 128)) header.push((length % 128) | 0x80)
  header.push(length)
  const bytes = new Uint8Array(header.length + message.byteLength)
  bytes.set(header)
  bytes.set(message, header.length)
  return {
    sizeBytes: bytes.byteLength,
    read(offset, size) {
      if (offset + size > bytes.byteLength) throw new AppError({ code: 'truncated', message: 'The tensor file ends too early.' })
      return bytes.subarray(offset, offset + size)
    },
  }
}

function invalid(path: string, why: string): AppError {
  return new AppError({
    code: 'invalid-data',
    message: `${basename(path)} is not a tensor that can be used as an input: ${why}.`,
    hint: 'A .pb file must hold one ONNX TensorProto.',
  })
}
