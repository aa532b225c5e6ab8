/** Fitting the last stage of a factored layer to the layer's output over the patches seen in calibration, in closed form. */
import type { MatrixProducts } from '../../runtime/linear-algebra'
import { solveLeastSquares } from '../../runtime/solve-positive-definite'
import { type LinearLayer, weightMatrix } from './linear-layer'
import { tensorFloats } from '#shared/onnx/tensor-data'
import type { PatchMoments } from './patch-moments'

/** Enough for features that are never active, too little to matter for others. */
const DAMPING = 1e-7

/** A layer with what is known of its input. */
export interface ObservedLayer {
  readonly layer: LinearLayer
  /** [rows, columns] */
  readonly weights: Float64Array
  /** Mean patch, [columns]; zeros where the layer's form takes no bias. */
  readonly mean: Float64Array
  /** Covariance of the patches around `mean`, [columns, columns]. */
  readonly covariance: Float64Array
  /** weights · covariance, [rows, columns]. */
  readonly image: Float64Array
  /** Variance of the output over all channels. */
  readonly energy: number
  readonly inputDims: readonly number[]
}

/** Null where the output does not vary over the samples. */
export async function observeLayer(layer: LinearLayer, { mean, products: squares, columns, inputDims }: PatchMoments, products: MatrixProducts): Promise<ObservedLayer | null> {
  if (!squares) return null
  const weights = Float64Array.from(weightMatrix(layer))
  const takesBias = layer.node.opType !== 'MatMul'
  const centre = takesBias ? mean : new Float64Array(columns)
  const covariance = squares.map((value, at) => value - (centre[Math.floor(at / columns)] as number) * (centre[at % columns] as number))
  const image = await products.transposedProduct64(transpose(weights, layer.rows, columns), covariance, { inner: columns, rows: layer.rows, columns })
  const energy = image.reduce((sum, value, at) => sum + value * (weights[at] as number), 0)
  return energy > 0 ? { layer, weights, mean: centre, covariance, image: image.slice(), energy, inputDims } : null
}

export interface Fit {
  /** The last stage's weights, [rows, features]. */
  readonly last: Float32Array
  /** Null where the layer has none and needs none. */
  readonly bias: Float32Array | null
  /** ‖output − layer's output‖ / ‖layer's output‖, both around their mean. */
  readonly error: number
}

/** The weights of a last stage that reads `features` [count, columns] · patch. */
export async function fitLast({ layer, weights, covariance, image, energy, mean }: ObservedLayer, features: Float64Array, count: number, products: MatrixProducts): Promise<Fit> {
  const { rows, columns } = layer
  const turned = transpose(features, count, columns)
  const seen = await products.transposedProduct64(turned, covariance, { inner: columns, rows: count, columns })
  const gram = (await products.transposedProduct64(transpose(seen, count, columns), turned, { inner: columns, rows: count, columns: count })).slice()
  const cross = (await products.transposedProduct64(turned, transpose(image, rows, columns), { inner: columns, rows: count, columns: rows })).slice()
  const solution = await solveLeastSquares(products, { gram, size: count, cross, columns: rows }, DAMPING)
  const explained = solution.reduce((sum, value, at) => sum + value * (cross[at] as number), 0)
  const last = Float32Array.from(transpose(solution, count, rows))
  return { last, bias: biasFor(layer, { weights, mean, last, features, count }), error: Math.sqrt(Math.max(0, energy - explained) / energy) }
}

/** The layer's bias plus what the factored form lacks of the mean output. */
function biasFor(layer: LinearLayer, { weights, mean, last, features, count }: { weights: Float64Array; mean: Float64Array; last: Float32Array; features: Float64Array; count: number }): Float32Array | null {
  if (layer.node.opType === 'MatMul') return null
  const { rows, columns } = layer
  const given = layer.bias ? biasValues(layer) : new Float64Array(rows)
  const meanFeatures = Float64Array.from({ length: count }, (_, at) => dot(features, at * columns, mean))
  return Float32Array.from({ length: rows }, (_, row) => {
    let factored = 0
    for (let at = 0; at < count; at++) factored += (last[row * count + at] as number) * (meanFeatures[at] as number)
    return (given[row] as number) + dot(weights, row * columns, mean) - factored
  })
}

/** A bias of one value, or of shape [1, rows] as Gemm takes it, is spread over the rows. */
function biasValues({ bias, rows }: LinearLayer): Float64Array {
  const values = bias ? tensorFloats(bias) : []
  return Float64Array.from({ length: rows }, (_, row) => values[values.length === 1 ? 0 : row] ?? 0)
}

function dot(matrix: Float64Array, from: number, vector: Float64Array): number {
  let sum = 0
  for (let at = 0; at < vector.length; at++) sum += (matrix[from + at] as number) * (vector[at] as number)
  return sum
}

export function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(matrix.length)
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) turned[column * rows + row] = matrix[row * columns + column] as number
  return turned
}
