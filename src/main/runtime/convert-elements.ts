/** Element types of data files brought to those of a model's inputs, only where nothing is lost by it. */
import { DATA_TYPES, type DataTypeName } from '#shared/onnx/data-type'
import { float32ToFloat16 } from '#shared/onnx/small-floats'
import { bytesOf, numbersFromBytes, type TensorNumbers } from '#shared/onnx/tensor-data'

export interface Conversion {
  readonly from: DataTypeName
  readonly to: DataTypeName
  /** Multiplies each value on the way to a float type. */
  readonly scale?: number
  /** Takes the values of bytes that become float32, instead of memory of their own: one for each of them. */
  readonly memory?: Float32Array<ArrayBuffer> | undefined
}

type Converted = { readonly bytes: Uint8Array } | { readonly problem: string }

const NUMBER_ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const
const WIDE_ARRAYS = { int64: BigInt64Array, uint64: BigUint64Array } as const

const RANGES: Partial<Record<DataTypeName, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bool: [0, 1],
}
/** Largest integer up to which each float type holds every integer. */
const EXACT_INTEGERS: Partial<Record<DataTypeName, number>> = { float16: 2048, float32: 2 ** 24, float64: 2 ** 53 }
const LARGEST_FLOATS: Partial<Record<DataTypeName, number>> = { float16: 65504, float32: 3.4028234663852886e38 }

export function isFloat(name: DataTypeName): boolean {
  return name === 'float16' || name === 'float32' || name === 'float64'
}

export function isConvertible(name: DataTypeName): boolean {
  return name in NUMBER_ARRAYS || name in WIDE_ARRAYS || name === 'float16'
}

/**
 * Integers become floats, and floats integers, only where every value stays exactly what it is; floats become narrower
 * floats by rounding (NumPy's default is float64), as long as none overflows. `problem` says which value is in the way.
 *
 * @param bytes little-endian, aligned for `from`.
 */
export function convertElements(bytes: Uint8Array, { from, to, scale = 1, memory }: Conversion): Converted {
  if (from === to && scale === 1) return { bytes }
  // Pictures are most of what is converted, and every byte fits: no value need be looked at.
  if (from === 'uint8' && to === 'float32') return { bytes: scaledBytes(bytes, scale, memory) }
  const source = numbersFromBytes(from, bytes, elementsIn(bytes, from))
  const range = RANGES[to]
  const exact = isFloat(from) || scale !== 1 ? undefined : EXACT_INTEGERS[to]
  const largest = LARGEST_FLOATS[to] ?? Infinity
  for (const value of source) {
    const number = Number(value)
    if (exact !== undefined && Math.abs(number) > exact) return { problem: `${value} has no exact form in ${to}` }
    if (range && (number < range[0] || number > range[1])) return { problem: `${value} is outside the range of ${to}` }
    if (!isFloat(to) && !Number.isInteger(number)) return { problem: `${value} is not an integer` }
    if (isFloat(to) && Number.isFinite(number) && Math.abs(number) > largest) return { problem: `${value} is outside the range of ${to}` }
    if ((to === 'uint64' && number < 0) || (to === 'int64' && number >= 2 ** 63) || (to === 'int64' && number < -(2 ** 63)) || (to === 'uint64' && number >= 2 ** 64)) {
      return { problem: `${value} is outside the range of ${to}` }
    }
  }
  return { bytes: writeValues(source, to, scale) }
}

/** Index of the first NaN or infinity of a float tensor, or -1. Little-endian bytes, aligned. */
export function firstNotFinite(bytes: Uint8Array, name: DataTypeName): number {
  if (!isFloat(name)) return -1
  const values = numbersFromBytes(name, bytes, elementsIn(bytes, name))
  if (values instanceof Float32Array && areFinite(values)) return -1
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) return at
  return -1
}

/** Zero times what is finite is zero, else NaN. Four sums that do not wait for each other take half as long as a look at each value. */
function areFinite(values: Float32Array): boolean {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let at = 0
  for (const end = values.length - 3; at < end; at += 4) {
    a += (values[at] ?? 0) * 0
    b += (values[at + 1] ?? 0) * 0
    c += (values[at + 2] ?? 0) * 0
    d += (values[at + 3] ?? 0) * 0
  }
  for (; at < values.length; at++) a += (values[at] ?? 0) * 0
  return a + b + c + d === 0
}

function elementsIn(bytes: Uint8Array, name: DataTypeName): number {
  return (bytes.byteLength * 8) / DATA_TYPES[name].bits
}

function scaledBytes(bytes: Uint8Array, scale: number, memory = new Float32Array(bytes.length)): Uint8Array {
  // Widened by the engine itself, which is faster than a loop.
  memory.set(bytes)
  if (scale !== 1) for (let at = 0; at < memory.length; at++) memory[at] = (memory[at] ?? 0) * scale
  return bytesOf(memory)
}

function writeValues(source: TensorNumbers, to: DataTypeName, scale: number): Uint8Array {
  const count = source.length
  if (to === 'int64' || to === 'uint64') {
    const target = new WIDE_ARRAYS[to](count)
    for (let at = 0; at < count; at++) target[at] = BigInt(source[at] ?? 0)
    return bytesOf(target)
  }
  if (to === 'float16') {
    const target = new Uint16Array(count)
    for (let at = 0; at < count; at++) target[at] = float32ToFloat16(Number(source[at]) * scale)
    return bytesOf(target)
  }
  if (!(to in NUMBER_ARRAYS)) throw new Error(`internal: ${to} is not a type of numbers`)
  const target = new NUMBER_ARRAYS[to as keyof typeof NUMBER_ARRAYS](count)
  for (let at = 0; at < count; at++) target[at] = Number(source[at]) * scale
  return bytesOf(target)
}
