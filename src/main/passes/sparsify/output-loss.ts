import type { MatrixProducts } from '../../runtime/linear-algebra'
import type { PatchMoments } from '../factorize/patch-moments'
import { transposeMatrix } from '../weight-only/block-weights'

/**
 * ‖(W' − W)·X‖ / ‖W·X‖ of weights [rows, columns] over the patches that the moments are of; null without their products, or where the
 * output is zero.
 */
export async function outputLoss(before: Float32Array, after: Float32Array, { moments, rows, products }: { moments: PatchMoments; rows: number; products: MatrixProducts }): Promise<number | null> {
  if (!moments.products) return null
  const squares = Float32Array.from(moments.products)
  const energy = (weights: Float32Array) => weightedEnergy(weights, squares, { rows, columns: moments.columns, products })
  const total = await energy(before)
  return total > 0 ? Math.sqrt(Math.max(0, await energy(after.map((value, at) => value - (before[at] as number)))) / total) : null
}

/** The trace of W·C·Wᵀ. */
async function weightedEnergy(weights: Float32Array, squares: Float32Array, { rows, columns, products }: { rows: number; columns: number; products: MatrixProducts }): Promise<number> {
  const image = await products.transposedProduct(transposeMatrix(weights, rows, columns), squares, { inner: columns, rows, columns })
  return image.reduce((sum, value, at) => sum + value * (weights[at] as number), 0)
}
