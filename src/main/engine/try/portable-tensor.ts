/** Tensors on their way to the window and back. */
import { AppError } from '#shared/errors'
import { DATA_TYPES, dataTypeLabel, dataTypeName } from '#shared/onnx/data-type'
import { PortableTensor } from '#shared/samples/try'
import type { TensorValue } from '../../runtime/model-runner'

/** Throws AppError `not-supported` for element types that the window's runtime does not take. */
export function toPortable(name: string, { dataType, dims, bytes }: TensorValue): PortableTensor {
  const dtype = PortableTensor.shape.dtype.safeParse(dataTypeName(dataType))
  if (!dtype.success) throw new AppError({ code: 'not-supported', message: `Input '${name}' is ${dataTypeLabel(dataType)}, which the window does not run.` })
  return { name, dtype: dtype.data, dims: [...dims], data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') }
}

export function fromPortable({ dtype, dims, data }: PortableTensor): TensorValue {
  // A copy with a buffer of its own: pooled ones are not aligned for wider types.
  return { dataType: DATA_TYPES[dtype].code, dims, bytes: Uint8Array.from(Buffer.from(data, 'base64')) }
}
