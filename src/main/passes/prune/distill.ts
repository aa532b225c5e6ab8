/**
 * Fitting a layer to what comes out of the activation behind it: what Relu or Clip cuts off need not be alike (Zhang et al. 2015, "Accelerating
 * very deep convolutional networks", section 3.3, without its penalty).
 */
import { type Fit, multiply, type NormalEquations, solveRidge } from './normal-equations'

/** Values outside are cut to the bounds: Relu is 0 to Infinity. */
export interface Bounds {
  readonly low: number
  readonly high: number
}

const ROUNDS = 6

export interface Distilled {
  /** [size, columns] */
  readonly weights: Float64Array
  /** ‖difference of activations‖² on rows held back, before and after, and ‖activations‖² of the source there. */
  readonly before: number
  readonly after: number
  readonly squares: number
}

/**
 * Each round aims at values that the activation makes of as the source does and that are nearest to what the layer gives now, and solves for
 * the weights in closed form, so that the error of the activations never rises on the rows that are fitted. Null where rows held back
 * show no gain. The equations must keep their rows.
 */
export async function distillWeights(fitted: NormalEquations, held: NormalEquations, { fit, start, bounds }: { fit: Pick<Fit, 'weights' | 'ridge'>; start: Float64Array; bounds: Bounds }): Promise<Distilled | null> {
  const first = await activationError(held, fit.weights, bounds)
  let best: { weights: Float64Array; error: number } | null = null
  let weights = fit.weights
  for (let round = 0; round < ROUNDS; round++) {
    const cross = await crossOfTargets(fitted, weights, bounds)
    const next = await solveRidge(fitted, [{ gram: fitted.gram, cross }], { ridge: fit.ridge, start })
    if (!next) break
    weights = next
    const { error } = await activationError(held, weights, bounds)
    if (error < (best?.error ?? first.error)) best = { weights, error }
    else break
  }
  return best && { weights: best.weights, before: first.error, after: best.error, squares: first.squares }
}

/** Xᵀ·T with T: the source's value where the activation lets it through, else what the layer gives, as far as the activation makes the same of it. */
async function crossOfTargets({ kept, size, columns, products }: NormalEquations, weights: Float64Array, { low, high }: Bounds): Promise<Float64Array> {
  const cross = new Float64Array(size * columns)
  for (const { rows, inputs, targets, others } of kept) {
    const given = await productOf({ inputs, rows, size, columns, weights, products })
    const aims = targets.slice()
    for (let at = 0; at < aims.length; at++) {
      const other = others[at] as number
      const wanted = (targets[at] as number) + other
      if (wanted > low && wanted < high) continue
      const value = (given[at] as number) + other
      aims[at] = (wanted <= low ? Math.min(value, low) : Math.max(value, high)) - other
    }
    const part = await multiply(products, inputs, aims, { inner: rows, rows: size, columns })
    for (let at = 0; at < cross.length; at++) cross[at] = (cross[at] as number) + (part[at] as number)
  }
  return cross
}

async function activationError({ kept, size, columns, products }: NormalEquations, weights: Float64Array, { low, high }: Bounds): Promise<{ error: number; squares: number }> {
  let [error, squares] = [0, 0]
  const cut = (value: number) => Math.min(high, Math.max(low, value))
  for (const { rows, inputs, targets, others } of kept) {
    const given = await productOf({ inputs, rows, size, columns, weights, products })
    for (let at = 0; at < targets.length; at++) {
      const other = others[at] as number
      const wanted = cut((targets[at] as number) + other)
      error += (cut((given[at] as number) + other) - wanted) ** 2
      squares += wanted * wanted
    }
  }
  return { error, squares }
}

interface Product {
  readonly inputs: Float32Array
  readonly rows: number
  readonly size: number
  readonly columns: number
  readonly weights: Float64Array
  readonly products: NormalEquations['products']
}

/** X·W, [rows, columns]. */
async function productOf({ inputs, rows, size, columns, weights, products }: Product): Promise<Float32Array | Float64Array> {
  return multiply(products, transposed(inputs, rows, size), Float32Array.from(weights), { inner: size, rows, columns })
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column] as number
  return result
}
