import { type BlockFormat, type BlockParameters, type BlockQuantizer, highestCode } from './block-weights'
import { nearestCode, parametersOfRange, reciprocalScale } from './round-to-nearest'

const STEPS = 20
const STEP = 0.1

/**
 * Searches scale and offset of each block for the least weighted squared error, where large values weigh more (each by its magnitude
 * plus the block's root mean square): candidates for the scale around the range, then least squares for scale and offset given the codes.
 * After the k-quants of llama.cpp (ggml-quants.c, make_qkx2_quants) and the form onnxruntime's Python tools give them; the result is
 * kept only where it has less weighted error than rounding to nearest has. Not for symmetric blocks.
 */
export function kQuant(format: BlockFormat): BlockQuantizer {
  if (format.symmetric) throw new Error('internal: k-quant blocks have zero points')
  const highest = highestCode(format)
  const [weights, weighted] = [new Float64Array(format.blockSize), new Float64Array(format.blockSize)]
  return (values, codes, { from, to }) => {
    let [min, max, squares] = [Infinity, -Infinity, 0]
    for (let at = from; at < to; at++) {
      const value = values[at] as number
      min = Math.min(min, value)
      max = Math.max(max, value)
      squares += value * value
    }
    const size = Math.sqrt(squares / (to - from))
    const sums = { w: 0, wx: 0, wxx: 0 }
    for (let at = from; at < to; at++) {
      const value = values[at] as number
      const weight = size + Math.abs(value)
      weights[at - from] = weight
      weighted[at - from] = weight * value
      sums.w += weight
      sums.wx += weight * value
      sums.wxx += weight * value * value
    }
    const block = { values, weights, weighted, sums, from, to, highest }
    const plain = parametersOfRange(min, max, format)
    const searched = searchBlock(block, min, max)
    const best = searched && weightedError(block, searched) < weightedError(block, plain) ? searched : plain
    const reciprocal = reciprocalScale(best)
    for (let at = from; at < to; at++) codes[at] = nearestCode(values[at] as number, { reciprocal, zeroPoint: best.zeroPoint, highest })
    return best
  }
}

interface Block {
  readonly values: Float32Array
  /** How much each value counts, from 0 on. */
  readonly weights: Float64Array
  /** Weight times value, from 0 on. */
  readonly weighted: Float64Array
  /** Of weights, weighted values and weighted squares. */
  readonly sums: { readonly w: number; readonly wx: number; readonly wxx: number }
  readonly from: number
  readonly to: number
  readonly highest: number
}

/** Null where all values are equal or no candidate can be had. */
function searchBlock(block: Block, min: number, max: number): BlockParameters | null {
  if (min === max) return null
  let best: { scale: number; offset: number; error: number } | null = null
  for (let step = 0; step < STEPS; step++) {
    const fitted = fitLine(block, { reciprocal: (block.highest - 1 + STEP * step) / (max - min), min })
    if (fitted && (!best || fitted.error < best.error)) best = fitted
  }
  if (!best || best.scale <= 0) return null
  const scale = Math.fround(best.scale)
  const zeroPoint = Math.max(0, Math.min(block.highest, Math.round(-best.offset / scale)))
  return scale > 0 ? { scale, zeroPoint } : null
}

/** Weighted least squares of value ≈ scale · code + offset for the codes that a scale gives. */
function fitLine({ values, weights, weighted, sums, from, to, highest }: Block, { reciprocal, min }: { reciprocal: number; min: number }): { scale: number; offset: number; error: number } | null {
  const { w, wx, wxx } = sums
  let [wc, wcc, wxc] = [0, 0, 0]
  for (let at = from, index = 0; at < to; at++, index++) {
    // Not below 0: the least value gives code 0.
    let code = Math.floor(reciprocal * ((values[at] as number) - min) + 0.5)
    if (code > highest) code = highest
    const share = (weights[index] as number) * code
    wc += share
    wcc += share * code
    wxc += (weighted[index] as number) * code
  }
  const determinant = w * wcc - wc * wc
  if (!(determinant > 0)) return null
  const scale = (w * wxc - wx * wc) / determinant
  const offset = (wcc * wx - wc * wxc) / determinant
  return { scale, offset, error: wxx - scale * wxc - offset * wx }
}

function weightedError({ values, weights, from, to, highest }: Block, parameters: BlockParameters): number {
  const { scale, zeroPoint } = parameters
  const reciprocal = reciprocalScale(parameters)
  let error = 0
  for (let at = from; at < to; at++) {
    const value = values[at] as number
    const difference = value - (nearestCode(value, { reciprocal, zeroPoint, highest }) - zeroPoint) * scale
    error += (weights[at - from] as number) * difference * difference
  }
  return error
}
