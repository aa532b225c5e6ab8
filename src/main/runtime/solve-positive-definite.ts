import { AppError } from '#shared/errors'
import type { MatrixProducts } from './linear-algebra'

/** Rows factored or solved in JavaScript at once; everything beyond a block is a product in onnxruntime. */
const BLOCK = 64
const RETRIES = 4

export interface NormalEquations {
  /** XᵀX, [size, size], row-major, symmetric. */
  readonly gram: Float64Array
  readonly size: number
  /** XᵀY, [size, columns], row-major. */
  readonly cross: Float64Array
  readonly columns: number
}

/**
 * The W, [size, columns], for which ‖X·W − Y‖² + damping·mean(diagonal of XᵀX)·‖W‖² is least. Damping is raised tenfold, up to four times,
 * where XᵀX is singular for the arithmetic. Throws AppError `invalid-data` where the inputs are zero or not finite.
 */
export async function solveLeastSquares(products: MatrixProducts, { gram, size, cross, columns }: NormalEquations, damping: number): Promise<Float64Array> {
  let mean = 0
  for (let at = 0; at < size; at++) mean += (gram[at * size + at] as number) / size
  if (!(mean > 0 && Number.isFinite(mean))) throw new AppError({ code: 'invalid-data', message: 'The inputs of a layer are zero or not finite in all samples: there is nothing to fit its weights to.' })
  for (let retry = 0, added = Math.max(damping, Number.EPSILON) * mean; retry < RETRIES; retry++, added *= 10) {
    const damped = gram.slice()
    for (let at = 0; at < size; at++) damped[at * size + at] = (damped[at * size + at] as number) + added
    const solution = await solvePositiveDefinite(products, damped, { size, right: cross, columns })
    if (solution) return solution
  }
  throw new AppError({ code: 'invalid-data', message: 'The inputs of a layer are not finite, or too alike, for fitting its weights.' })
}

/** X with A·X = B for a symmetric positive definite A [size, size] and B [size, columns], row-major; null where A is not positive definite. */
export async function solvePositiveDefinite(products: MatrixProducts, matrix: Float64Array, { size, right, columns }: { size: number; right: Float64Array; columns: number }): Promise<Float64Array | null> {
  const lower = await choleskyFactor(products, matrix, size)
  if (!lower) return null
  const solution = right.slice()
  await solveLower(products, lower, { size, right: solution, columns })
  for (let to = size; to > 0; to -= to % BLOCK || BLOCK) {
    const from = to - (to % BLOCK || BLOCK)
    if (to < size) await takeAway(products, solution, { columns, from, to, factor: block(lower, size, { rows: [to, size], columns: [from, to] }), known: [to, size] })
    solveBackward(lower, solution, { size, columns, from, to })
  }
  return solution
}

/** L⁻¹·B in the place of B [size, columns]. */
async function solveLower(products: MatrixProducts, lower: Float64Array, { size, right, columns }: { size: number; right: Float64Array; columns: number }): Promise<void> {
  for (let from = 0; from < size; from += BLOCK) {
    const to = Math.min(from + BLOCK, size)
    if (from > 0) await takeAway(products, right, { columns, from, to, factor: transposedBlock(lower, size, { rows: [from, to], columns: [0, from] }), known: [0, from] })
    solveForward(lower, right, { size, columns, from, to })
  }
}

/**
 * The upper triangular R with A⁻¹ = Rᵀ·R, of a symmetric positive definite A [size, size], row-major; null where A is not positive
 * definite. With J turning the order round, J·A·J = L·Lᵀ gives R = J·L⁻¹·J: one factorization, no inverse of A.
 */
export async function inverseFactor(products: MatrixProducts, matrix: Float64Array, size: number): Promise<Float64Array | null> {
  // Turning both orders round is reading the values backwards.
  const lower = await choleskyFactor(products, matrix.slice().reverse(), size)
  if (!lower) return null
  const inverse = new Float64Array(size * size)
  for (let at = 0; at < size; at++) inverse[at * size + at] = 1
  await solveLower(products, lower, { size, right: inverse, columns: size })
  return inverse.reverse()
}

/**
 * The lower triangular L [size, size] with A = L·Lᵀ, of a symmetric A of which the lower triangle is read; null where A is not positive
 * definite. Right-looking and in blocks: what a block does to those after it is one product.
 */
export async function choleskyFactor(products: MatrixProducts, matrix: Float64Array, size: number): Promise<Float64Array | null> {
  const lower = matrix.slice()
  for (let from = 0; from < size; from += BLOCK) {
    const to = Math.min(from + BLOCK, size)
    if (!factorColumns(lower, size, { from, to })) return null
    if (to === size) break
    const rest = size - to
    const panel = transposedBlock(lower, size, { rows: [to, size], columns: [from, to] })
    const update = await products.transposedProduct64(panel, panel, { inner: to - from, rows: rest, columns: rest })
    for (let row = 0; row < rest; row++) {
      const at = (to + row) * size + to
      for (let column = 0; column <= row; column++) lower[at + column] = (lower[at + column] as number) - (update[row * rest + column] as number)
    }
  }
  for (let row = 0; row < size; row++) lower.fill(0, row * size + row + 1, (row + 1) * size)
  return lower
}

interface Span {
  readonly from: number
  readonly to: number
}

/** Factors the columns of a block, down to the last row. False where a pivot is not above zero. */
function factorColumns(lower: Float64Array, size: number, { from, to }: Span): boolean {
  for (let row = from; row < size; row++) {
    const own = row * size
    for (let column = from; column < Math.min(row + 1, to); column++) {
      const other = column * size
      let value = lower[own + column] as number
      for (let inner = from; inner < column; inner++) value -= (lower[own + inner] as number) * (lower[other + inner] as number)
      if (row !== column) lower[own + column] = value / (lower[other + column] as number)
      else if (value > 0 && Number.isFinite(value)) lower[own + column] = Math.sqrt(value)
      else return false
    }
  }
  return true
}

interface Sides extends Span {
  readonly size: number
  readonly columns: number
}

/** Rows from…to of L·Y = B, with those before taken away already. */
function solveForward(lower: Float64Array, right: Float64Array, { size, columns, from, to }: Sides): void {
  for (let row = from; row < to; row++) {
    for (let known = from; known < row; known++) subtractRow(right, columns, { from: known, to: row }, lower[row * size + known] as number)
    divideRow(right, columns, row, lower[row * size + row] as number)
  }
}

/** Rows from…to of Lᵀ·X = Y, with those after taken away already. */
function solveBackward(lower: Float64Array, right: Float64Array, { size, columns, from, to }: Sides): void {
  for (let row = to - 1; row >= from; row--) {
    for (let known = row + 1; known < to; known++) subtractRow(right, columns, { from: known, to: row }, lower[known * size + row] as number)
    divideRow(right, columns, row, lower[row * size + row] as number)
  }
}

function subtractRow(values: Float64Array, columns: number, { from, to }: Span, factor: number): void {
  if (factor === 0) return
  const [source, target] = [from * columns, to * columns]
  for (let column = 0; column < columns; column++) values[target + column] = (values[target + column] as number) - factor * (values[source + column] as number)
}

function divideRow(values: Float64Array, columns: number, row: number, divisor: number): void {
  for (let at = row * columns; at < (row + 1) * columns; at++) values[at] = (values[at] as number) / divisor
}

interface Taking extends Span {
  readonly columns: number
  /** [known rows, rows from…to] */
  readonly factor: Float64Array
  readonly known: readonly [number, number]
}

/** Takes what the known rows contribute away from the rows from…to. */
async function takeAway(products: MatrixProducts, values: Float64Array, { columns, from, to, factor, known }: Taking): Promise<void> {
  const part = await products.transposedProduct64(factor, values.subarray(known[0] * columns, known[1] * columns), { inner: known[1] - known[0], rows: to - from, columns })
  const rows = values.subarray(from * columns, to * columns)
  for (let at = 0; at < rows.length; at++) rows[at] = (rows[at] as number) - (part[at] as number)
}

interface Part {
  readonly rows: readonly [number, number]
  readonly columns: readonly [number, number]
}

/** A part of a matrix with `size` columns. */
function block(matrix: Float64Array, size: number, { rows, columns }: Part): Float64Array {
  const width = columns[1] - columns[0]
  const part = new Float64Array((rows[1] - rows[0]) * width)
  for (let row = rows[0]; row < rows[1]; row++) part.set(matrix.subarray(row * size + columns[0], row * size + columns[1]), (row - rows[0]) * width)
  return part
}

function transposedBlock(matrix: Float64Array, size: number, { rows, columns }: Part): Float64Array {
  const height = rows[1] - rows[0]
  const part = new Float64Array(height * (columns[1] - columns[0]))
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let column = columns[0]; column < columns[1]; column++) part[(column - columns[0]) * height + row - rows[0]] = matrix[row * size + column] as number
  }
  return part
}
