import type { MatrixProducts } from '../../runtime/linear-algebra'
import { transposeMatrix } from '../weight-only/block-weights'
import { maskLeast, maskPattern, type MaskOptions } from './choose-sparsity'

/** Columns among which weights are chosen at once, and whose mutual corrections are made in JavaScript. */
const BLOCK = 128

export interface SparseGptOptions extends MaskOptions {
  /** R with (XᵀX)⁻¹ = RᵀR of the damped inputs, upper triangular: see `inverseFactor`. */
  readonly factor: Float64Array
  readonly products: MatrixProducts
}

/**
 * SparseGPT (Frantar and Alistarh 2023): sets weights [rows, columns] to zero column after column, and moves those in columns still to
 * come so that the product with the inputs seen in calibration changes least. Returns the new weights.
 */
export async function sparseGpt(weights: Float32Array, { rows, columns }: { rows: number; columns: number }, options: SparseGptOptions): Promise<Float32Array> {
  const { factor, products, pattern } = options
  // [columns, rows]: a column is a run.
  const values = transposeMatrix(weights, rows, columns)
  const step = pattern ? BLOCK - (BLOCK % pattern.outOf) : BLOCK
  for (let from = 0; from < columns; from += step) {
    const to = Math.min(from + step, columns)
    const mask = chooseInBlock(values, rows, { ...options, from, to, columns })
    const errors = new Float32Array((to - from) * rows)
    for (let at = from; at < to; at++) {
      const pivot = factor[at * columns + at] as number
      for (let row = 0; row < rows; row++) {
        if (mask[row * (to - from) + at - from] === 1) continue
        errors[(at - from) * rows + row] = (values[at * rows + row] as number) / pivot
        values[at * rows + row] = 0
      }
      const error = errors.subarray((at - from) * rows, (at - from + 1) * rows)
      for (let next = at + 1; next < to; next++) takeAway(values.subarray(next * rows, (next + 1) * rows), error, factor[at * columns + next] as number)
    }
    if (to === columns) break
    const rest = columns - to
    const coupling = new Float32Array((to - from) * rest)
    for (let at = from; at < to; at++) for (let next = to; next < columns; next++) coupling[(at - from) * rest + next - to] = factor[at * columns + next] as number
    takeAway(values.subarray(to * rows), await products.transposedProduct(coupling, errors, { inner: to - from, rows: rest, columns: rows }), 1)
  }
  return transposeMatrix(values, columns, rows)
}

/** The mask [rows, to − from] of a block, by what each weight costs with the others making up for it: w² / R[j, j]². */
function chooseInBlock(values: Float32Array, rows: number, { factor, from, to, columns, pattern, byRow, sparsity }: SparseGptOptions & { from: number; to: number; columns: number }): Uint8Array {
  const width = to - from
  const costs = new Float32Array(rows * width)
  for (let at = from; at < to; at++) {
    const pivot = factor[at * columns + at] as number
    for (let row = 0; row < rows; row++) costs[row * width + at - from] = ((values[at * rows + row] as number) / pivot) ** 2
  }
  const mask = new Uint8Array(costs.length).fill(1)
  if (!pattern && !byRow) maskLeast(mask, costs, { from: 0, to: costs.length }, sparsity)
  else
    for (let row = 0; row < rows; row++) {
      const range = { from: row * width, to: (row + 1) * width }
      if (pattern) maskPattern(mask, costs, range, pattern)
      else maskLeast(mask, costs, range, sparsity)
    }
  return mask
}

function takeAway(values: Float32Array, error: Float32Array, factor: number): void {
  if (factor === 0) return
  for (let at = 0; at < error.length; at++) values[at] = (values[at] as number) - factor * (error[at] as number)
}
