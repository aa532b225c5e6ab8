import type { Diagnostic } from '#shared/diagnostic'
import { DATA_TYPES, rawByteLength } from '#shared/onnx/data-type'
import type { Model, Tensor } from '#shared/onnx/records'

/** Less than this share of a file is biases, scales and small layers. */
const NOTABLE_SHARE = 0.25
/** Of those weights, for an operator to be named beside the first. */
const NAMED_SHARE = 0.1
const INTEGERS: ReadonlySet<number> = new Set([DATA_TYPES.int8.code, DATA_TYPES.uint8.code, DATA_TYPES.int4.code, DATA_TYPES.uint4.code])
/** What static quantization has no integer form for, and other ways of quantizing have. */
const OTHERWISE_QUANTIZED: ReadonlySet<string> = new Set(['Gather', 'LSTM', 'GRU', 'RNN'])

/**
 * Why a quantized model is larger than a quarter: the weights of its main graph that are float32 still, by the operators that read them. Null where
 * they are little of `sizeBytes`, or nothing is stored in integers.
 */
export function floatWeights({ graph }: Model, sizeBytes: number): Diagnostic | null {
  const left = graph.initializers.filter(({ dataType }) => dataType === DATA_TYPES.float32.code)
  const leftBytes = left.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
  if (!graph.initializers.some(({ dataType }) => INTEGERS.has(dataType)) || leftBytes < NOTABLE_SHARE * sizeBytes) return null
  const readers = new Map(graph.nodes.flatMap(({ opType, inputs }) => inputs.map((name) => [name, opType] as const)))
  const byOperator = new Map<string, number>()
  for (const tensor of left) {
    const operator = readers.get(tensor.name) ?? 'If, Loop or Scan'
    byOperator.set(operator, (byOperator.get(operator) ?? 0) + bytesOf(tensor))
  }
  const sorted = [...byOperator].toSorted(([, a], [, b]) => b - a)
  const operators = sorted.filter(([, bytes], at) => at === 0 || bytes > NAMED_SHARE * leftBytes).map(([operator]) => operator)
  return {
    severity: 'info',
    code: 'weights-left-float',
    message: `${(leftBytes / 1e6).toFixed(2)} MB of weights stay float32, ${((100 * leftBytes) / sizeBytes).toFixed(0)} % of the result; most of it is read by ${operators.join(', ')}.`,
    hint: OTHERWISE_QUANTIZED.has(operators[0] ?? '')
      ? 'quantize-static leaves tables of Gather and weights of recurrent layers as they are: quantize-dynamic behind it takes them, and int4 weights make embeddings smaller still.'
      : 'Layers kept float are the reason, or operators that have no integer form; float16 storage halves what is left.',
  }
}

function bytesOf({ dataType, dims }: Tensor): number {
  return rawByteLength(dataType, dims.reduce((product, dim) => product * dim, 1)) ?? 0
}
