/** Numbers as the raw little-endian bytes of an ONNX element type. */
import { AppError } from '../../errors'
import { DATA_TYPES, type DataTypeName } from '../data-type'
import { float32ToBfloat16, float32ToFloat16, smallFloatTable } from '../small-floats'
import { bytesOf } from '../tensor-data'

export type ElementInput = number | bigint | string | boolean

/** Smallest and largest integer of each integer type. */
const RANGES: Partial<Record<DataTypeName, readonly [bigint, bigint]>> = {
  bool: [0n, 1n],
  int2: [-2n, 1n],
  uint2: [0n, 3n],
  int4: [-8n, 7n],
  uint4: [0n, 15n],
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

export function integerRange(dataType: DataTypeName): readonly [bigint, bigint] | null {
  return RANGES[dataType] ?? null
}

/**
 * Integers must be whole and in range; floats are rounded to the nearest value of the type, ties to even. Complex numbers are given as
 * real and imaginary parts in turn. Throws AppError `bad-usage` for what the type cannot hold, `not-supported` for types without numbers.
 */
export function elementBytes(dataType: DataTypeName, values: readonly ElementInput[]): Uint8Array {
  const range = RANGES[dataType]
  if (range) return integerBytes(dataType, values.map((value) => toInteger(value, dataType, range)))
  const numbers = values.map((value) => toNumber(value, dataType))
  switch (dataType) {
    case 'float32':
    case 'complex64':
      return bytesOf(Float32Array.from(numbers))
    case 'float64':
    case 'complex128':
      return bytesOf(Float64Array.from(numbers))
    case 'float16':
      return bytesOf(Uint16Array.from(numbers, float32ToFloat16))
    case 'bfloat16':
      return bytesOf(Uint16Array.from(numbers, float32ToBfloat16))
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0': {
      const nearest = nearestCode(smallFloatTable(dataType))
      return Uint8Array.from(numbers, nearest)
    }
    case 'float4e2m1':
      return packBits(numbers.map(nearestCode(smallFloatTable(dataType))), 4)
    default:
      throw new AppError({ code: 'not-supported', message: `Values of type ${dataType} cannot be written as numbers.` })
  }
}

/** Sub-byte codes packed low bits first. */
function packBits(codes: readonly number[], bits: 2 | 4): Uint8Array {
  const perByte = 8 / bits
  const packed = new Uint8Array(Math.ceil(codes.length / perByte))
  const mask = (1 << bits) - 1
  codes.forEach((code, at) => {
    const byte = Math.floor(at / perByte)
    packed[byte] = (packed[byte] ?? 0) | ((code & mask) << ((at % perByte) * bits))
  })
  return packed
}

function integerBytes(dataType: DataTypeName, integers: readonly bigint[]): Uint8Array {
  if (dataType === 'int64') return bytesOf(BigInt64Array.from(integers))
  if (dataType === 'uint64') return bytesOf(BigUint64Array.from(integers))
  const numbers = integers.map(Number)
  const { bits } = DATA_TYPES[dataType]
  if (bits === 2 || bits === 4) return packBits(numbers, bits)
  // Two's complement: the unsigned array of the width holds the same bits.
  if (bits === 32) return bytesOf(Uint32Array.from(numbers))
  return bits === 16 ? bytesOf(Uint16Array.from(numbers)) : Uint8Array.from(numbers)
}

function toInteger(value: ElementInput, dataType: DataTypeName, [least, most]: readonly [bigint, bigint]): bigint {
  const integer = wholeNumber(value)
  if (integer !== null && integer >= least && integer <= most) return integer
  const what = integer === null ? 'is no whole number' : `is outside the range ${least} to ${most}`
  throw new AppError({ code: 'bad-usage', message: `'${String(value)}' ${what} of ${dataType}.` })
}

function wholeNumber(value: ElementInput): bigint | null {
  if (value === 'true' || value === 'false') return value === 'true' ? 1n : 0n
  if (typeof value === 'string') return /^\s*-?\d+\s*$/.test(value) ? BigInt(value) : null
  return typeof value === 'number' && !Number.isInteger(value) ? null : BigInt(value)
}

function toNumber(value: ElementInput, dataType: DataTypeName): number {
  const number = typeof value === 'string' ? parseNumber(value) : Number(value)
  if (number !== null) return number
  throw new AppError({ code: 'bad-usage', message: `'${String(value)}' is no number for ${dataType}.` })
}

function parseNumber(text: string): number | null {
  const word = text.trim()
  if (word.toLowerCase() === 'nan') return NaN
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity
  const number = Number(word)
  return word === '' || Number.isNaN(number) ? null : number
}

/** The code whose value is nearest, ties to the even code; past the largest value the largest; NaN where the format has one. */
function nearestCode(table: Float32Array): (value: number) => number {
  const codes = [...table.keys()].filter((code) => Number.isFinite(table[code])).sort((a, b) => (table[a] ?? 0) - (table[b] ?? 0) || a - b)
  const nan = table.findIndex(Number.isNaN)
  return (value) => {
    if (Number.isNaN(value)) return Math.max(nan, 0)
    let [low, high] = [0, codes.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((table[codes[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    const above = codes[low] ?? 0
    const below = codes[Math.max(0, low - 1)] ?? 0
    const [up, down] = [Math.abs((table[above] ?? 0) - value), Math.abs(value - (table[below] ?? 0))]
    if (up === down) return above % 2 === 0 ? above : below
    return up < down ? above : below
  }
}
