/** Tensors of ours as onnxruntime's and back, without copying where alignment allows. */
import type { Tensor as OrtTensor } from 'onnxruntime-node'
import { AppError } from '#shared/errors'
import { DATA_TYPES, dataTypeLabel, dataTypeName } from '#shared/onnx/data-type'
import type { TensorValue } from './model-runner'
import type { Ort } from './onnxruntime'

/** Typed arrays in which onnxruntime's JavaScript API holds each element type. Types not listed cannot cross it. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  int4: Uint8Array,
  uint4: Uint8Array,
} as const

type CrossingType = keyof typeof ARRAYS

function isCrossingType(name: string | null): name is CrossingType {
  return name !== null && name in ARRAYS
}

/** Throws AppError `not-supported` for element types that the Node binding cannot take (bfloat16, float8, complex). */
export function toOrtTensor(ort: Ort, value: TensorValue): OrtTensor {
  const dims = [...value.dims]
  if (value.strings) return new ort.Tensor('string', [...value.strings], dims)
  const name = dataTypeName(value.dataType)
  if (!isCrossingType(name)) {
    throw new AppError({
      code: 'not-supported',
      message: `onnxruntime-node cannot take ${dataTypeLabel(value.dataType)} tensors as inputs.`,
      hint: 'Give the model a float32 or float16 input with a Cast behind it.',
    })
  }
  const array = ARRAYS[name]
  const width = array.BYTES_PER_ELEMENT
  const aligned = value.bytes.byteOffset % width === 0 ? value.bytes : value.bytes.slice()
  const data = new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / width)
  return new ort.Tensor(name, data, dims)
}

export function fromOrtTensor(tensor: OrtTensor): TensorValue {
  const dataType = DATA_TYPES[tensor.type].code
  if (tensor.type === 'string') return { dataType, dims: tensor.dims, bytes: new Uint8Array(0), strings: tensor.data as string[] }
  const data = tensor.data as Exclude<OrtTensor['data'], string[]>
  return { dataType, dims: tensor.dims, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}
