/**
 * Floating-point formats of less than 32 bits: IEEE half precision, bfloat16, the four OCP and Graphcore 8-bit formats,
 * E8M0 scales and OCP FP4 (E2M1). Formats as in the ONNX documentation on float8, float4 and scales.
 */
import type { DataTypeName } from './data-type'

const bitsView = new DataView(new ArrayBuffer(4))

function floatBits(value: number): number {
  bitsView.setFloat32(0, value)
  return bitsView.getUint32(0)
}

function floatFromBits(bits: number): number {
  bitsView.setUint32(0, bits)
  return bitsView.getFloat32(0)
}

/** Half-precision bits of the nearest half, ties to even; beyond 65504 infinite. NaN stays NaN. */
export function float32ToFloat16(value: number): number {
  const bits = floatBits(value)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // 65520 is half way between the largest half and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    const rebased = magnitude - 0x38000000
    return sign | ((rebased + 0x0fff + ((rebased >>> 13) & 1)) >>> 13)
  }
  // Subnormal: multiples of 2^-24. Adding 0.5 makes float32 arithmetic itself round them, ties to even.
  return sign | (floatBits(Math.fround(floatFromBits(magnitude) + 0.5)) - 0x3f000000)
}

/** bfloat16 bits of the nearest value, ties to even. NaN stays NaN. */
export function float32ToBfloat16(value: number): number {
  const bits = floatBits(value)
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) | 0x0040) & 0xffff
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

export function bfloat16ToFloat32(bits: number): number {
  return floatFromBits((bits << 16) >>> 0)
}

interface FloatFormat {
  readonly exponentBits: number
  readonly mantissaBits: number
  readonly bias: number
  /** What the highest codes mean. `fn`: only all ones is NaN. `fnuz`: only minus zero is NaN. `finite`: nothing special. */
  readonly special: 'ieee' | 'fn' | 'fnuz' | 'finite'
}

const formats = {
  float16: { exponentBits: 5, mantissaBits: 10, bias: 15, special: 'ieee' },
  float8e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, special: 'fn' },
  float8e4m3fnuz: { exponentBits: 4, mantissaBits: 3, bias: 8, special: 'fnuz' },
  float8e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, special: 'ieee' },
  float8e5m2fnuz: { exponentBits: 5, mantissaBits: 2, bias: 16, special: 'fnuz' },
  float4e2m1: { exponentBits: 2, mantissaBits: 1, bias: 1, special: 'finite' },
} as const satisfies Partial<Record<DataTypeName, FloatFormat>>

function decodeFloat(code: number, { exponentBits, mantissaBits, bias, special }: FloatFormat): number {
  const highExponent = (1 << exponentBits) - 1
  const highMantissa = (1 << mantissaBits) - 1
  const mantissa = code & highMantissa
  const exponent = (code >>> mantissaBits) & highExponent
  const isNegative = ((code >>> (mantissaBits + exponentBits)) & 1) === 1
  if (special === 'ieee' && exponent === highExponent) return mantissa !== 0 ? NaN : isNegative ? -Infinity : Infinity
  if (special === 'fn' && exponent === highExponent && mantissa === highMantissa) return NaN
  if (special === 'fnuz' && isNegative && exponent === 0 && mantissa === 0) return NaN
  const magnitude = exponent === 0 ? mantissa * 2 ** (1 - bias - mantissaBits) : (1 + mantissa * 2 ** -mantissaBits) * 2 ** (exponent - bias)
  return isNegative ? -magnitude : magnitude
}

export type SmallFloatName = keyof typeof formats | 'bfloat16' | 'float8e8m0'

/** float32 values of every code of a format of 16 bits or less: 65536, 256 or 16 of them. */
export function smallFloatTable(name: SmallFloatName): Float32Array {
  const known = tables.get(name)
  if (known) return known
  const size = name === 'bfloat16' || name === 'float16' ? 65536 : name === 'float4e2m1' ? 16 : 256
  const table = Float32Array.from({ length: size }, (_, code) => decodeSmallFloat(name, code))
  tables.set(name, table)
  return table
}

const tables = new Map<SmallFloatName, Float32Array>()

function decodeSmallFloat(name: SmallFloatName, code: number): number {
  if (name === 'bfloat16') return bfloat16ToFloat32(code)
  // A power of two without sign; the highest code is NaN.
  if (name === 'float8e8m0') return code === 255 ? NaN : 2 ** (code - 127)
  return decodeFloat(code, formats[name])
}
