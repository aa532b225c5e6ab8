import { float32ToBfloat16, float32ToFloat16, smallFloatTable } from '#shared/onnx/small-floats'

export type HalfType = 'float16' | 'bfloat16'

export const HIGHEST_FLOAT16 = 65504

export interface HalfValues {
  /** Bits of each value. */
  readonly bits: Uint16Array
  /** Finite values beyond the type's range, which became its largest. */
  readonly clamped: number
  /** Whether some of these are real magnitudes, which clamping falsifies, and do not just stand for infinity as masks and limits do. */
  readonly isFalsified: boolean
  /** ‖value − stored‖ / ‖value‖ over the values that were not clamped. */
  readonly relativeError: number
}

/** Nothing that is computed with gets this large. */
const STANDS_FOR_INFINITY = 1e30

/** The nearest values of the type, ties to even. Infinity and NaN stay what they are. */
export function toHalf(values: Float32Array, type: HalfType): HalfValues {
  const table = smallFloatTable(type)
  const convert = type === 'float16' ? float32ToFloat16 : float32ToBfloat16
  const highest = type === 'float16' ? 0x7bff : 0x7f7f
  const bits = new Uint16Array(values.length)
  let [clamped, difference, size] = [0, 0, 0]
  let isFalsified = false
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number
    let code = convert(value)
    const stored = table[code] as number
    if (Number.isFinite(stored)) {
      difference += (value - stored) ** 2
      size += value * value
    } else if (Number.isFinite(value)) {
      code = (code & 0x8000) | highest
      clamped++
      if (Math.abs(value) < STANDS_FOR_INFINITY) isFalsified = true
    }
    bits[at] = code
  }
  return { bits, clamped, isFalsified, relativeError: size === 0 ? 0 : Math.sqrt(difference / size) }
}
