/** Scales that make an activation and the weights which read it easier to quantize together. */
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { TensorValue } from '../../runtime/model-runner'
import { dequantized, quantizationParameters, quantizationRange, quantizeChannels, quantizeValue } from '../quantize-numerics'
import { matrixOf, type WeightTarget } from '../weight-only/weight-targets'
import { float32Numbers } from './observe'

/** Rows of the activation and output channels of a weight on which scales are judged: what suits an even choice suits all. */
const SKETCHED_ROWS = 128
const JUDGED_OUTPUTS = 48
const STEPS = 20
const SMALLEST_SCALE = 1e-5

/** What is kept of an activation [rows, columns] over the samples: the extremes of each column, and some rows. */
export class InputSketch {
  readonly min: Float64Array
  readonly max: Float64Array
  readonly rows: Float32Array[] = []
  #seen = 0
  #isBroken = false

  constructor(readonly columns: number) {
    this.min = new Float64Array(columns).fill(Infinity)
    this.max = new Float64Array(columns).fill(-Infinity)
  }

  get isUsable(): boolean {
    return !this.#isBroken && this.rows.length > 0
  }

  add(value: TensorValue | undefined): void {
    const { columns } = this
    if (value?.dataType !== DATA_TYPES.float32.code || value.dims.at(-1) !== columns) {
      this.#isBroken = true
      return
    }
    const values = float32Numbers(value)
    for (let at = 0; at < values.length; at++) {
      const [number, column] = [values[at] as number, at % columns]
      if (!Number.isFinite(number)) this.#isBroken = true
      if (number < (this.min[column] as number)) this.min[column] = number
      if (number > (this.max[column] as number)) this.max[column] = number
    }
    for (let from = 0; from < values.length; from += columns) this.#keep(values.subarray(from, from + columns))
  }

  /** The first rows, and later ones in place of them ever more rarely, by a fixed rule: an even choice without knowing how many there will be. */
  #keep(row: Float32Array): void {
    const at = this.#seen++
    if (this.rows.length < SKETCHED_ROWS) this.rows.push(row.slice())
    else {
      const place = Math.imul(at, 2654435761) >>> 0
      if (place % (at + 1) < SKETCHED_ROWS) this.rows[place % SKETCHED_ROWS] = row.slice()
    }
  }
}

interface JudgedWeight {
  /** [rows, columns] */
  readonly values: Float32Array
  readonly rows: number
}

/**
 * s = max|X|^α / max|W|^(1−α) for each column, with the given α or the one at which the 8-bit products of the sketch differ least from the
 * float ones. Null where leaving everything as it is is as good.
 */
export function smoothingScales(sketch: InputSketch, targets: readonly WeightTarget[], strength: number | 'search'): { scales: Float32Array; strength: number } | null {
  const { columns } = sketch
  const peaks = new Float64Array(columns)
  const judged = targets.map((target): JudgedWeight => {
    const { values, rows } = matrixOf(target)
    for (let at = 0; at < values.length; at++) peaks[at % columns] = Math.max(peaks[at % columns] as number, Math.abs(values[at] as number))
    return someRows(values, rows, columns)
  })
  const scalesAt = (power: number) =>
    centred(Float64Array.from(peaks, (peak, column) => {
      const size = Math.max(-(sketch.min[column] as number), sketch.max[column] as number)
      return size === 0 || peak === 0 ? 1 : Math.max(SMALLEST_SCALE, size ** power / peak ** (1 - power))
    }))
  if (strength !== 'search') return { scales: scalesAt(strength), strength }
  const products = judged.map((weight) => multiply(sketch.rows, weight, columns))
  const errorOf = (scales: Float32Array | null) => judged.reduce((sum, weight, at) => sum + quantizedError(sketch, weight, products[at] ?? [], scales), 0)
  let best = { scales: null as Float32Array | null, strength: 0, error: errorOf(null) }
  for (let step = 0; step <= STEPS; step++) {
    const scales = scalesAt(step / STEPS)
    const error = errorOf(scales)
    if (error < best.error) best = { scales, strength: step / STEPS, error }
  }
  return best.scales && { scales: best.scales, strength: best.strength }
}

/** Around 1, so that neither side leaves the range of float32. */
function centred(scales: Float64Array): Float32Array {
  const logs = scales.reduce((sum, scale) => sum + Math.log(scale), 0) / scales.length
  return Float32Array.from(scales, (scale) => scale / Math.exp(logs))
}

function someRows(values: Float32Array, rows: number, columns: number): JudgedWeight {
  if (rows <= JUDGED_OUTPUTS) return { values, rows }
  const chosen = new Float32Array(JUDGED_OUTPUTS * columns)
  for (let at = 0; at < JUDGED_OUTPUTS; at++) {
    const row = Math.floor((at * rows) / JUDGED_OUTPUTS)
    chosen.set(values.subarray(row * columns, (row + 1) * columns), at * columns)
  }
  return { values: chosen, rows: JUDGED_OUTPUTS }
}

/** Σ (product − product in 8 bits)²: activations uint8 with one range, weights int8 with a scale for each output. */
function quantizedError(sketch: InputSketch, weight: JudgedWeight, expected: readonly Float64Array[], scales: Float32Array | null): number {
  const { columns } = sketch
  const scaleOf = (column: number) => (scales ? (scales[column] as number) : 1)
  let [low, high] = [0, 0]
  for (let column = 0; column < columns; column++) {
    low = Math.min(low, (sketch.min[column] as number) / scaleOf(column))
    high = Math.max(high, (sketch.max[column] as number) / scaleOf(column))
  }
  const range = quantizationRange('uint8', { symmetric: false, reduceRange: false })
  const parameters = quantizationParameters(Math.fround(low), Math.fround(high), { ...range, symmetric: false })
  const rows = sketch.rows.map((row) => row.map((value, column) => (quantizeValue(value / scaleOf(column), parameters, range) - parameters.zeroPoint) * parameters.scale))
  const layout = { dims: [weight.rows, columns], axis: 0 }
  const scaled = weight.values.map((value, at) => value * scaleOf(at % columns))
  const real = dequantized(quantizeChannels(scaled, layout, { type: 'int8', symmetric: true, reduceRange: false }), layout)
  const found = multiply(rows, { values: real, rows: weight.rows }, columns)
  return found.reduce((sum, row, at) => sum + row.reduce((inner, value, output) => inner + (value - (expected[at]?.[output] ?? NaN)) ** 2, 0), 0)
}

function multiply(inputs: readonly Float32Array[], { values, rows }: JudgedWeight, columns: number): Float64Array[] {
  return inputs.map((input) => {
    const products = new Float64Array(rows)
    for (let row = 0, at = 0; row < rows; row++) {
      let sum = 0
      for (let column = 0; column < columns; column++) sum += (input[column] as number) * (values[at++] as number)
      products[row] = sum
    }
    return products
  })
}
