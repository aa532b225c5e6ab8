import { type BlockFormat, type BlockQuantizer, highestCode } from './block-weights'

/** As published: norm below 1, so that few large errors count less than many small ones. */
const NORM = 0.7
const FIRST_BETA = 10
const BETA_GROWTH = 1.01
const ITERATIONS = 20
/** Keeps the scale within what half precision can hold. */
const HIGHEST_RECIPROCAL = 2e4

/**
 * Half-quadratic quantization (Badri & Shaji 2023, HQQ): the scale comes from the range, the zero point, a real number, from
 * alternating between the errors that should be there (a shrinkage of those that are) and the zero point that leaves just these.
 * Each block stops by itself when its mean error no longer falls.
 */
export function halfQuadratic(format: BlockFormat): BlockQuantizer {
  if (format.symmetric) throw new Error('internal: half-quadratic blocks have zero points')
  const highest = highestCode(format)
  return (values, codes, { from, to }) => {
    let [min, max] = [Infinity, -Infinity]
    for (let at = from; at < to; at++) {
      min = Math.min(min, values[at] as number)
      max = Math.max(max, values[at] as number)
    }
    const reciprocal = Math.min(HIGHEST_RECIPROCAL, min === max ? 1 : highest / (max - min))
    const block = { values, from, to, reciprocal, highest }
    let zeroPoint = Math.round(-min * reciprocal)
    let best = { zeroPoint, error: Infinity }
    let beta = FIRST_BETA
    for (let round = 0; round < ITERATIONS; round++) {
      const { error, next } = refine(block, zeroPoint, beta)
      if (error >= best.error) break
      best = { zeroPoint, error }
      zeroPoint = next
      beta *= BETA_GROWTH
    }
    // As the kernel will read it back.
    const stored = Math.fround(best.zeroPoint)
    for (let at = from; at < to; at++) codes[at] = codeOf(values[at] as number, stored, block)
    return { scale: Math.fround(1 / reciprocal), zeroPoint: stored }
  }
}

interface Block {
  readonly values: Float32Array
  readonly from: number
  readonly to: number
  readonly reciprocal: number
  readonly highest: number
}

/** The mean error with this zero point, and the zero point after one round. */
function refine(block: Block, zeroPoint: number, beta: number): { error: number; next: number } {
  const { values, from, to, reciprocal } = block
  let [error, sum] = [0, 0]
  for (let at = from; at < to; at++) {
    const value = values[at] as number
    const code = codeOf(value, zeroPoint, block)
    const difference = value - (code - zeroPoint) / reciprocal
    error += Math.abs(difference)
    sum += code - (value - shrink(difference, beta)) * reciprocal
  }
  return { error: error / (to - from), next: sum / (to - from) }
}

/** The generalized soft threshold for the norm. */
function shrink(difference: number, beta: number): number {
  const magnitude = Math.abs(difference)
  return Math.sign(difference) * Math.max(0, magnitude - (magnitude + 1e-8) ** (NORM - 1) / beta)
}

function codeOf(value: number, zeroPoint: number, { reciprocal, highest }: Block): number {
  return Math.max(0, Math.min(highest, Math.round(value * reciprocal + zeroPoint)))
}
