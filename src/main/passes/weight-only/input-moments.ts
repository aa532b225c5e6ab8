import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { MatrixProducts } from '../../runtime/linear-algebra'
import type { TensorValue } from '../../runtime/model-runner'
import type { CalibrationData, PassContext } from '../pass'
import { visitInputs } from './visit-inputs'

/** What products see of an activation X, [rows, columns], over the calibration samples. */
export interface InputMoments {
  readonly columns: number
  /** Rows of X seen. */
  readonly rows: number
  /** XᵀX, [columns, columns]. */
  readonly squares: Float64Array
  /** Mean of |X| of each column. */
  readonly meanMagnitudes: Float64Array
}

export interface MomentsOptions {
  readonly context: PassContext
  readonly products: MatrixProducts
  readonly maxSamples: number
}

/** Sums of squares held at once; more inputs than fit are observed in further rounds over the samples. */
const BUDGET_BYTES = 512 * 1024 * 1024

/** Parts of `inputs` (columns by name) whose sums fit into memory together. */
export function roundsWithinMemory(inputs: ReadonlyMap<string, number>): Map<string, number>[] {
  const rounds: Map<string, number>[] = []
  let used = Infinity
  for (const [name, columns] of inputs) {
    const bytes = columns * columns * Float64Array.BYTES_PER_ELEMENT
    if (used + bytes > BUDGET_BYTES) {
      rounds.push(new Map())
      used = 0
    }
    rounds.at(-1)?.set(name, columns)
    used += bytes
  }
  return rounds
}

/**
 * Sums over at most `maxSamples` samples of float32 values of the main graph, one sample in memory at a time. Values that are empty,
 * not float32, not finite, or not `columns` wide are left out of the result.
 *
 * Throws AppError `invalid-data` where there is no data or it has no samples.
 */
export async function collectMoments(edit: Edit, inputs: ReadonlyMap<string, number>, { context, products, maxSamples }: MomentsOptions): Promise<Map<string, InputMoments>> {
  const calibration = dataOf(context)
  const sums = new Map([...inputs].map(([name, columns]) => [name, new MomentSum(columns)]))
  const done = await visitInputs(edit, [...inputs.keys()], {
    calibration,
    context,
    maxSamples,
    isOneOfSeveral: true,
    async visit(valueOf) {
      for (const [name, sum] of sums) {
        const value = valueOf(name)
        if (value) await sum.add(value, products)
      }
    },
  })
  if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  return new Map([...sums].flatMap(([name, sum]): [string, InputMoments][] => (sum.isUsable ? [[name, sum.finish()]] : [])))
}

/** Throws AppError `invalid-data` where there is none. */
export function dataOf({ calibration }: PassContext): CalibrationData {
  if (calibration) return calibration
  throw new AppError({ code: 'invalid-data', message: 'The methods gptq and awq need calibration data.', hint: 'Give a folder, an .npz or .npy file; or choose k-quant, which needs none.' })
}

class MomentSum {
  readonly #squares: Float64Array
  readonly #magnitudes: Float64Array
  #rows = 0
  #isBroken = false

  constructor(readonly columns: number) {
    this.#squares = new Float64Array(columns * columns)
    this.#magnitudes = new Float64Array(columns)
  }

  get isUsable(): boolean {
    return !this.#isBroken && this.#rows > 0
  }

  async add({ dataType, dims, bytes }: TensorValue, products: MatrixProducts): Promise<void> {
    const { columns } = this
    if (dataType !== DATA_TYPES.float32.code || dims.at(-1) !== columns) {
      this.#isBroken = true
      return
    }
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
    const values = new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
    const rows = values.length / columns
    if (rows === 0) return
    for (let at = 0; at < values.length; at++) {
      const column = at % columns
      this.#magnitudes[column] = (this.#magnitudes[column] as number) + Math.abs(values[at] as number)
    }
    if (!this.#magnitudes.every(Number.isFinite)) {
      this.#isBroken = true
      return
    }
    const squares = await products.transposedProduct(values, values, { inner: rows, rows: columns, columns })
    for (let at = 0; at < squares.length; at++) this.#squares[at] = (this.#squares[at] as number) + (squares[at] as number)
    this.#rows += rows
  }

  finish(): InputMoments {
    return { columns: this.columns, rows: this.#rows, squares: this.#squares, meanMagnitudes: this.#magnitudes.map((sum) => sum / this.#rows) }
  }
}
