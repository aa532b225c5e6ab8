import type { MatrixProducts, ProductSizes } from '../../runtime/linear-algebra'
import { solvePositiveDefinite } from '../../runtime/solve-positive-definite'

/** Rows that are multiplied at once. */
const BATCH = 2048
/** Ridges that are tried, as parts of the mean of the diagonal. */
const RIDGES = [1e-4, 1e-3, 1e-2, 1e-1, 1]

export interface RowPlace {
  readonly into: Float32Array
  readonly at: number
}

export interface RowWriters {
  readonly inputs: (place: RowPlace) => void
  readonly targets: (place: RowPlace) => void
  /** What is added to the product before the activation, where anything is. */
  readonly others?: (place: RowPlace) => void
}

export interface KeptRows {
  readonly rows: number
  readonly inputs: Float32Array
  readonly targets: Float32Array
  readonly others: Float32Array
}

/** XᵀX, XᵀY and ‖Y‖² of rows of inputs X and targets Y. A column of ones stands after the inputs where a bias is wanted. */
export class NormalEquations {
  readonly gram: Float64Array
  readonly cross: Float64Array
  targetSquares = 0
  rows = 0
  /** The rows themselves, where they were asked for. */
  readonly kept: KeptRows[] = []
  readonly #inputs: Float32Array
  readonly #targets: Float32Array
  readonly #others: Float32Array
  readonly #keepsRows: boolean
  #waiting = 0

  constructor(
    readonly size: number,
    readonly columns: number,
    readonly products: MatrixProducts,
    { keepRows = false }: { readonly keepRows?: boolean } = {},
  ) {
    this.#keepsRows = keepRows
    this.gram = new Float64Array(size * size)
    this.cross = new Float64Array(size * columns)
    this.#inputs = new Float32Array(BATCH * size)
    this.#targets = new Float32Array(BATCH * columns)
    this.#others = new Float32Array(BATCH * columns)
  }

  /** Takes one row, written by the functions at the places they are given. True where it is time to flush. */
  add({ inputs, targets, others }: RowWriters): boolean {
    inputs({ into: this.#inputs, at: this.#waiting * this.size })
    targets({ into: this.#targets, at: this.#waiting * this.columns })
    others?.({ into: this.#others, at: this.#waiting * this.columns })
    return ++this.#waiting === BATCH
  }

  async flush(): Promise<void> {
    const { size, columns, products } = this
    const inner = this.#waiting
    if (inner === 0) return
    const inputs = this.#inputs.subarray(0, inner * size)
    const targets = this.#targets.subarray(0, inner * columns)
    addTo(this.gram, await multiply(products, inputs, inputs, { inner, rows: size, columns: size }))
    addTo(this.cross, await multiply(products, inputs, targets, { inner, rows: size, columns }))
    for (const value of targets) this.targetSquares += value * value
    this.rows += inner
    if (this.#keepsRows) this.kept.push({ rows: inner, inputs: inputs.slice(), targets: targets.slice(), others: this.#others.slice(0, inner * columns) })
    this.#waiting = 0
  }

  /** ‖Y − X·W‖² of W [size, columns]. */
  async error(weights: Float64Array): Promise<number> {
    const { size, columns, gram, cross, products } = this
    const product = await multiply64(products, gram, weights, { inner: size, rows: size, columns })
    let error = this.targetSquares
    for (let at = 0; at < weights.length; at++) error += (weights[at] as number) * ((product[at] as number) - 2 * (cross[at] as number))
    return Math.max(0, error)
  }
}

export interface Fit {
  /** [size, columns] */
  readonly weights: Float64Array
  readonly ridge: number
  /** ‖Y − X·W‖² / ‖Y‖² on rows that were held back, before and after. */
  readonly before: number
  readonly after: number
}

/**
 * The W that minimises ‖Y − X·W‖² + ridge·‖W − W₀‖² over all rows; the ridge is the one that does best on the rows of `held`, which are
 * not used for choosing W then. Null where no ridge does better than W₀ there.
 */
export async function fitWeights(fitted: NormalEquations, held: NormalEquations, start: Float64Array): Promise<Fit | null> {
  const scale = held.targetSquares || 1
  const before = (await held.error(start)) / scale
  let best: { ridge: number; error: number } | null = null
  for (const ridge of RIDGES) {
    const weights = await solveRidge(fitted, [fitted], { ridge, start })
    if (!weights) continue
    const error = (await held.error(weights)) / scale
    if (!best || error < best.error) best = { ridge, error }
  }
  if (!best || best.error >= before) return null
  const weights = await solveRidge(fitted, [fitted, held], { ridge: best.ridge, start })
  return weights && { weights, ridge: best.ridge, before, after: best.error }
}

/** The W for which ‖Y − X·W‖² + ridge·mean(diagonal of XᵀX)·‖W − start‖² is least; null where that cannot be computed. */
export async function solveRidge({ size, columns, products }: NormalEquations, parts: readonly Pick<NormalEquations, 'gram' | 'cross'>[], { ridge, start }: { ridge: number; start: Float64Array }): Promise<Float64Array | null> {
  const gram = new Float64Array(size * size)
  const right = new Float64Array(size * columns)
  for (const part of parts) {
    addTo(gram, part.gram)
    addTo(right, part.cross)
  }
  let trace = 0
  for (let at = 0; at < size; at++) trace += gram[at * size + at] as number
  const added = (ridge * trace) / size
  if (!(added > 0) || !Number.isFinite(added)) return null
  for (let at = 0; at < size; at++) gram[at * size + at] = (gram[at * size + at] as number) + added
  for (let at = 0; at < right.length; at++) right[at] = (right[at] as number) + added * (start[at] as number)
  return solvePositiveDefinite(products, gram, { size, right, columns })
}

/** Below this many multiplications a call of onnxruntime costs more than it saves. */
const WORTH_A_CALL = 300_000

export async function multiply(products: MatrixProducts, a: Float32Array, b: Float32Array, sizes: ProductSizes): Promise<Float32Array | Float64Array> {
  return isSmall(sizes) ? plainProduct(a, b, sizes) : products.transposedProduct(a, b, sizes)
}

async function multiply64(products: MatrixProducts, a: Float64Array, b: Float64Array, sizes: ProductSizes): Promise<Float64Array> {
  return isSmall(sizes) ? plainProduct(a, b, sizes) : products.transposedProduct64(a, b, sizes)
}

function isSmall({ inner, rows, columns }: ProductSizes): boolean {
  return inner * rows * columns < WORTH_A_CALL
}

function plainProduct(a: Float32Array | Float64Array, b: Float32Array | Float64Array, { inner, rows, columns }: ProductSizes): Float64Array {
  const result = new Float64Array(rows * columns)
  for (let at = 0; at < inner; at++) {
    for (let row = 0; row < rows; row++) {
      const factor = a[at * rows + row] as number
      if (factor === 0) continue
      for (let column = 0; column < columns; column++) result[row * columns + column] = (result[row * columns + column] as number) + factor * (b[at * columns + column] as number)
    }
  }
  return result
}

function addTo(sum: Float64Array, part: Float32Array | Float64Array): void {
  for (let at = 0; at < part.length; at++) sum[at] = (sum[at] as number) + (part[at] as number)
}
