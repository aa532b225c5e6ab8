/** Matrix products in onnxruntime, for passes that look at activations. */
import { makeInt } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Model, ValueInfo } from '#shared/onnx/records'
import { bytesOf, numbersFromBytes } from '#shared/onnx/tensor-data'
import type { ModelRunner, RunningModel, TensorValue } from './model-runner'

export interface ProductSizes {
  /** Rows of both factors, which are summed over. */
  readonly inner: number
  readonly rows: number
  readonly columns: number
}

export interface MatrixProducts {
  /** Aᵀ·B, [rows, columns], of A [inner, rows] and B [inner, columns], all float32 and row-major. */
  transposedProduct(a: Float32Array, b: Float32Array, sizes: ProductSizes): Promise<Float32Array>
  /** The same in float64, at about half the speed. */
  transposedProduct64(a: Float64Array, b: Float64Array, sizes: ProductSizes): Promise<Float64Array>
  close(): Promise<void>
}

/** Products run on all cores in onnxruntime's Gemm, through a session for each type. */
export async function openMatrixProducts(runner: ModelRunner): Promise<MatrixProducts> {
  const single = await runner.load(productModel('float32'))
  const double = await runner.load(productModel('float64'))
  return {
    async transposedProduct(a, b, sizes) {
      return numbersFromBytes('float32', await product(single, { type: 'float32', a, b, sizes }), sizes.rows * sizes.columns) as Float32Array
    },
    async transposedProduct64(a, b, sizes) {
      return numbersFromBytes('float64', await product(double, { type: 'float64', a, b, sizes }), sizes.rows * sizes.columns) as Float64Array
    },
    async close() {
      await single.close()
      await double.close()
    },
  }
}

interface Factors {
  readonly type: 'float32' | 'float64'
  readonly a: Float32Array | Float64Array
  readonly b: Float32Array | Float64Array
  readonly sizes: ProductSizes
}

async function product(running: RunningModel, { type, a, b, sizes: { inner, rows, columns } }: Factors): Promise<Uint8Array> {
  const value = (values: Float32Array | Float64Array, dims: readonly number[]): TensorValue => ({ dataType: DATA_TYPES[type].code, dims, bytes: bytesOf(values) })
  const outputs = await running.run(new Map([['a', value(a, [inner, rows])], ['b', value(b, [inner, columns])]]))
  const found = outputs.get('y')
  if (!found) throw new Error('internal: the product has no output')
  return found.bytes
}

function productModel(type: 'float32' | 'float64'): Model {
  const matrix = (name: string, dims: readonly [string, string]): ValueInfo => ({ name, type: { kind: 'tensor', dataType: DATA_TYPES[type].code, shape: dims } })
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
