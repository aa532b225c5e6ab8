import type { MatrixProducts } from '../../runtime/linear-algebra'
import { inverseFactor } from '../../runtime/solve-positive-definite'
import { type BlockFormat, type BlockQuantizer, blocksPerRow, type BlockWeights, highestCode, transposeMatrix, type WeightMatrix } from './block-weights'
import type { InputMoments } from './input-moments'
import { nearestCode, reciprocalScale } from './round-to-nearest'

/** Columns whose mutual corrections are made at once; what they do to the columns after them is one product. */
const LAZY_COLUMNS = 128
const RETRIES = 3

export interface GptqOptions {
  /** Added to the diagonal of XᵀX, as a part of its mean. */
  readonly damping: number
  /** Columns with the strongest inputs first; scales then are those of the weights as they came. */
  readonly actOrder: boolean
  /** Gives the scale and zero point of a block. */
  readonly grid: BlockQuantizer
  readonly products: MatrixProducts
}

/** R of the damped XᵀX in the order in which columns are quantized: see `inverseFactor`. */
export interface InputFactor {
  readonly order: Uint32Array
  readonly factor: Float64Array
}

/** Null where the input was zero throughout, or where even strong damping does not make XᵀX positive definite. */
export async function factorInput(
  { squares, columns }: Pick<InputMoments, 'squares' | 'columns'>,
  { damping, actOrder, products }: Pick<GptqOptions, 'damping' | 'actOrder' | 'products'>,
): Promise<InputFactor | null> {
  const diagonal = Float64Array.from({ length: columns }, (_, at) => squares[at * columns + at] as number)
  const mean = diagonal.reduce((sum, value) => sum + value, 0) / columns
  if (!(mean > 0)) return null
  const order = Uint32Array.from({ length: columns }, (_, at) => at)
  if (actOrder) order.sort((a, b) => (diagonal[b] as number) - (diagonal[a] as number) || a - b)
  for (let retry = 0, added = damping * mean; retry < RETRIES; retry++, added *= 10) {
    const damped = new Float64Array(columns * columns)
    for (let row = 0; row < columns; row++) {
      const from = (order[row] as number) * columns
      for (let column = 0; column < columns; column++) damped[row * columns + column] = squares[from + (order[column] as number)] as number
      damped[row * columns + row] = (damped[row * columns + row] as number) + added
    }
    const factor = await inverseFactor(products, damped, columns)
    if (factor) return { order, factor }
  }
  return null
}

/**
 * GPTQ (Frantar et al. 2022): quantizes column after column, and moves the columns still to come so that the product with the inputs
 * seen in calibration changes least. All output channels go together; what they share is R with (XᵀX)⁻¹ = RᵀR.
 */
export async function gptq(matrix: WeightMatrix, format: BlockFormat, { order, factor }: InputFactor, options: GptqOptions): Promise<BlockWeights> {
  const { rows, columns } = matrix
  const work = new GptqWork(matrix, format, { order, options })
  if (options.actOrder) for (let block = 0; block < blocksPerRow(matrix, format); block++) work.setGrid(block)
  // Blocks of weights lie wholly within what is corrected at once.
  const step = Math.max(LAZY_COLUMNS, format.blockSize)
  for (let from = 0; from < columns; from += step) {
    const to = Math.min(from + step, columns)
    const errors = new Float32Array((to - from) * rows)
    for (let at = from; at < to; at++) {
      if (!options.actOrder && at % format.blockSize === 0) work.setGrid(at / format.blockSize)
      const error = errors.subarray((at - from) * rows, (at - from + 1) * rows)
      work.quantizeColumn(at, factor[at * columns + at] as number, error)
      for (let next = at + 1; next < to; next++) work.correct(next, factor[at * columns + next] as number, error)
    }
    if (to === columns) break
    const rest = columns - to
    const coupling = new Float32Array((to - from) * rest)
    for (let at = from; at < to; at++) for (let next = to; next < columns; next++) coupling[(at - from) * rest + next - to] = factor[at * columns + next] as number
    work.correctFrom(to, await options.products.transposedProduct(coupling, errors, { inner: to - from, rows: rest, columns: rows }))
  }
  return work.finish()
}

class GptqWork {
  /** [columns, rows], columns in the order they are quantized in. */
  readonly #values: Float32Array
  readonly #rows: number
  readonly #columns: number
  readonly #blocks: number
  readonly #codes: Uint8Array
  readonly #scales: Float32Array
  readonly #reciprocals: Float32Array
  readonly #zeroPoints: Uint8Array
  readonly #order: Uint32Array
  readonly #grid: BlockQuantizer

  constructor(
    matrix: WeightMatrix,
    readonly format: BlockFormat,
    { order, options }: { order: Uint32Array; options: GptqOptions },
  ) {
    const { rows, columns } = matrix
    const turned = transposeMatrix(matrix.values, rows, columns)
    this.#values = new Float32Array(turned.length)
    order.forEach((column, at) => this.#values.set(turned.subarray(column * rows, (column + 1) * rows), at * rows))
    this.#rows = rows
    this.#columns = columns
    this.#blocks = blocksPerRow(matrix, format)
    this.#codes = new Uint8Array(rows * columns)
    this.#scales = new Float32Array(rows * this.#blocks)
    this.#reciprocals = new Float32Array(rows * this.#blocks)
    this.#zeroPoints = new Uint8Array(rows * this.#blocks)
    this.#order = order
    this.#grid = options.grid
  }

  /** Scale and zero point of one block in every row, from the values as they are now. */
  setGrid(block: number): void {
    const positions = [...this.#order.keys()].filter((at) => Math.floor((this.#order[at] as number) / this.format.blockSize) === block)
    const values = new Float32Array(positions.length)
    const codes = new Uint8Array(positions.length)
    for (let row = 0; row < this.#rows; row++) {
      positions.forEach((at, index) => (values[index] = this.#values[at * this.#rows + row] as number))
      const parameters = this.#grid(values, codes, { from: 0, to: values.length })
      const at = row * this.#blocks + block
      this.#scales[at] = parameters.scale
      this.#reciprocals[at] = reciprocalScale(parameters)
      this.#zeroPoints[at] = parameters.zeroPoint
    }
  }

  /** Writes the column's codes, and its errors over `pivot`. */
  quantizeColumn(at: number, pivot: number, error: Float32Array): void {
    const column = this.#order[at] as number
    const block = Math.floor(column / this.format.blockSize)
    const highest = highestCode(this.format)
    for (let row = 0; row < this.#rows; row++) {
      const parameter = row * this.#blocks + block
      const zeroPoint = this.#zeroPoints[parameter] as number
      const value = this.#values[at * this.#rows + row] as number
      const code = nearestCode(value, { reciprocal: this.#reciprocals[parameter] as number, zeroPoint, highest })
      this.#codes[row * this.#columns + column] = code
      error[row] = (value - (code - zeroPoint) * (this.#scales[parameter] as number)) / pivot
    }
  }

  correct(at: number, factor: number, error: Float32Array): void {
    if (factor === 0) return
    const values = this.#values
    const from = at * this.#rows
    for (let row = 0; row < error.length; row++) values[from + row] = (values[from + row] as number) - factor * (error[row] as number)
  }

  /** Takes `corrections`, [columns from `at` on, rows], away. */
  correctFrom(at: number, corrections: Float32Array): void {
    const values = this.#values
    const from = at * this.#rows
    for (let index = 0; index < corrections.length; index++) values[from + index] = (values[from + index] as number) - (corrections[index] as number)
  }

  finish(): BlockWeights {
    return {
      format: this.format,
      rows: this.#rows,
      columns: this.#columns,
      codes: this.#codes,
      scales: this.#scales,
      zeroPoints: this.format.symmetric ? null : this.#zeroPoints,
    }
  }
}
