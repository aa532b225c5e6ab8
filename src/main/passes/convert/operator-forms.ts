/** The two ways to write a quantized operator: between pairs (`Conv` among DequantizeLinear and QuantizeLinear), or as one (`QLinearConv`). */

/**
 * How the inputs of the operator stand in its quantized form. Each activation or weight is three: values, scale, zero point; `y` is the
 * scale and zero point of the output.
 *
 * - `each`: all inputs, then y
 * - `conv`: input, weight, y, int32 bias
 * - `gemm`: a, b, int32 c, y
 * - `concat`: y, then all inputs
 */
export type InputLayout = 'each' | 'conv' | 'gemm' | 'concat'

export interface OperatorForm {
  readonly opType: string
  readonly quantized: string
  readonly domain: '' | 'com.microsoft'
  readonly layout: InputLayout
}

export const operatorForms: readonly OperatorForm[] = [
  { opType: 'Conv', quantized: 'QLinearConv', domain: '', layout: 'conv' },
  { opType: 'MatMul', quantized: 'QLinearMatMul', domain: '', layout: 'each' },
  { opType: 'Gemm', quantized: 'QGemm', domain: 'com.microsoft', layout: 'gemm' },
  { opType: 'Add', quantized: 'QLinearAdd', domain: 'com.microsoft', layout: 'each' },
  { opType: 'Mul', quantized: 'QLinearMul', domain: 'com.microsoft', layout: 'each' },
  { opType: 'GlobalAveragePool', quantized: 'QLinearGlobalAveragePool', domain: 'com.microsoft', layout: 'each' },
  { opType: 'AveragePool', quantized: 'QLinearAveragePool', domain: 'com.microsoft', layout: 'each' },
  { opType: 'Sigmoid', quantized: 'QLinearSigmoid', domain: 'com.microsoft', layout: 'each' },
  { opType: 'LeakyRelu', quantized: 'QLinearLeakyRelu', domain: 'com.microsoft', layout: 'each' },
  { opType: 'Concat', quantized: 'QLinearConcat', domain: 'com.microsoft', layout: 'concat' },
]

/** Operators that only move values: they are the same on integers. Their other inputs are shapes and indices. */
export const MOVES: ReadonlySet<string> = new Set(['Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Flatten', 'Slice', 'Gather', 'MaxPool'])
