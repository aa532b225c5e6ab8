import { type BlockFormat, type BlockParameters, type BlockQuantizer, highestCode, middleCode } from './block-weights'

/**
 * Scale and zero point from the least and greatest value, codes to the nearest, halves away from zero: to the bit what onnxruntime's
 * own blockwise quantizer (MlasQuantizeBlockwise) gives. Symmetric blocks map their value of greatest magnitude to the lowest code,
 * so the scale has the sign opposite to it. That quantizer rounds before it adds the zero point for the QDQ form and after it for
 * MatMulNBits, which differs for halves below zero: `signedHalves` is the former.
 */
export function roundToNearest(format: BlockFormat, { signedHalves = false } = {}): BlockQuantizer {
  const highest = highestCode(format)
  return (values, codes, { from, to }) => {
    const parameters = blockRange(values, format, { from, to, step: 1 })
    const { zeroPoint } = parameters
    const reciprocal = reciprocalScale(parameters)
    const shift = signedHalves ? zeroPoint : 0
    const grid = { reciprocal, zeroPoint: zeroPoint - shift, lowest: -shift, highest: highest - shift }
    for (let at = from; at < to; at++) codes[at] = nearestCode(values[at] as number, grid) + shift
    return parameters
  }
}

/** Scale and zero point of the values at `from`, `from + step`, … before `to`. */
export function blockRange(values: Float32Array, format: BlockFormat, { from, to, step }: { from: number; to: number; step: number }): BlockParameters {
  let min = Infinity
  let max = -Infinity
  for (let at = from; at < to; at += step) {
    const value = values[at] as number
    if (value < min) min = value
    if (value > max) max = value
  }
  return parametersOfRange(min, max, format)
}

export function parametersOfRange(min: number, max: number, format: BlockFormat): BlockParameters {
  if (format.symmetric) {
    const extreme = Math.abs(max) > Math.abs(min) ? max : min
    return { scale: Math.fround(-extreme / middleCode(format)), zeroPoint: middleCode(format) }
  }
  const highest = highestCode(format)
  const low = Math.min(min, 0)
  const scale = Math.fround(Math.fround(Math.max(max, 0) - low) / highest)
  const zero = scale === 0 ? low : Math.fround(-Math.fround(low / scale))
  return { scale, zeroPoint: Math.max(0, Math.min(highest, roundHalfAway(zero))) }
}

/** 0 for a block of zeros, whose scale is 0. */
export function reciprocalScale({ scale }: BlockParameters): number {
  return scale === 0 ? 0 : Math.fround(1 / scale)
}

export function nearestCode(value: number, { reciprocal, zeroPoint, lowest = 0, highest }: { reciprocal: number; zeroPoint: number; lowest?: number; highest: number }): number {
  const code = roundHalfAway(Math.fround(Math.fround(value * reciprocal) + zeroPoint))
  return code < lowest ? lowest : code > highest ? highest : code
}

/** C's roundf. Adding 0.5 to a float32 in float64 is exact here, so nothing is rounded twice. */
function roundHalfAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5)
}
