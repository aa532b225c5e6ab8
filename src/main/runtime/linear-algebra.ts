/** Matrix work for quantization from activations: products in onnxruntime, factors by ml-matrix. */
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { makeInt } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Model, ValueInfo } from '#shared/onnx/records'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { ModelRunner, TensorValue } from './model-runner'

export interface ProductSizes {
  /** Rows of both factors, which are summed over. */
  readonly inner: number
  readonly rows: number
  readonly columns: number
}

export interface MatrixProducts {
  /** Aᵀ·B, [rows, columns], of A [inner, rows] and B [inner, columns], all float32 and row-major. */
  transposedProduct(a: Float32Array, b: Float32Array, sizes: ProductSizes): Promise<Float32Array>
  close(): Promise<void>
}

/** Products run on all cores in onnxruntime's Gemm, through a session of their own. */
export async function openMatrixProducts(runner: ModelRunner): Promise<MatrixProducts> {
  const running = await runner.load(productModel())
  return {
    async transposedProduct(a, b, { inner, rows, columns }) {
      const outputs = await running.run(new Map([['a', float32Value(a, [inner, rows])], ['b', float32Value(b, [inner, columns])]]))
      const product = outputs.get('y')
      if (!product) throw new Error('internal: the product has no output')
      const aligned = product.bytes.byteOffset % 4 === 0 ? product.bytes : product.bytes.slice()
      return new Float32Array(aligned.buffer, aligned.byteOffset, rows * columns)
    },
    close: () => running.close(),
  }
}

function float32Value(values: Float32Array, dims: readonly number[]): TensorValue {
  return { dataType: DATA_TYPES.float32.code, dims, bytes: bytesOf(values) }
}

function productModel(): Model {
  const matrix = (name: string, dims: readonly [string, string]): ValueInfo => ({ name, type: { kind: 'tensor', dataType: DATA_TYPES.float32.code, shape: dims } })
  return {
    irVersion: 7,
    producerName: '',
    producerVersion: '',
    domain: '',
    modelVersion: 0n,
    docString: '',
    opsetImports: [{ domain: '', version: 13 }],
    metadata: [],
    graph: {
      id: 1,
      name: 'product',
      docString: '',
      nodes: [{ id: 1, name: '', opType: 'Gemm', domain: '', inputs: ['a', 'b'], outputs: ['y'], attributes: [makeInt('transA', 1)] }],
      inputs: [matrix('a', ['inner', 'rows']), matrix('b', ['inner', 'columns'])],
      outputs: [matrix('y', ['rows', 'columns'])],
      valueInfo: [],
      initializers: [],
      sparseInitializers: [],
      quantizationAnnotations: [],
      metadata: [],
      unknown: [],
    },
    functions: [],
    trainingInfo: [],
    unknown: [],
  }
}

/**
 * The upper triangular R with A⁻¹ = Rᵀ·R, of a symmetric positive definite A [size, size], row-major; null where A is not positive
 * definite. With J turning the order round, J·A·J = L·Lᵀ gives A = U·Uᵀ for U = J·L·J, and R is U⁻¹: one factorization, no inverse of A.
 */
export function inverseFactor(matrix: Float64Array, size: number): Float64Array | null {
  const turned = new Matrix(size, size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) turned.set(row, column, matrix[(size - 1 - row) * size + (size - 1 - column)] as number)
  }
  const decomposition = new CholeskyDecomposition(turned)
  if (!decomposition.isPositiveDefinite()) return null
  const lower = decomposition.lowerTriangularMatrix
  const upper = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = row; column < size; column++) upper[row * size + column] = lower.get(size - 1 - row, size - 1 - column)
  }
  return invertUpper(upper, size)
}

/** In whole rows, from the last: row i of U⁻¹ is (eᵢ − Σ U[i, j]·row j of U⁻¹) / U[i, i]. Null where a pivot is not above zero. */
function invertUpper(upper: Float64Array, size: number): Float64Array | null {
  const inverse = new Float64Array(size * size)
  for (let i = size - 1; i >= 0; i--) {
    const pivot = upper[i * size + i] as number
    if (!(pivot > 0)) return null
    inverse[i * size + i] = 1
    for (let j = i + 1; j < size; j++) {
      const factor = upper[i * size + j] as number
      if (factor === 0) continue
      for (let column = j; column < size; column++) inverse[i * size + column] = (inverse[i * size + column] as number) - factor * (inverse[j * size + column] as number)
    }
    for (let column = i; column < size; column++) inverse[i * size + column] = (inverse[i * size + column] as number) / pivot
  }
  return inverse
}
