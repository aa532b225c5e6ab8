import type { Node } from '../records'

/** Operators that stand for each other after fusing and quantizing: the same work in another representation. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ...['ConvInteger', 'QLinearConv', 'FusedConv', 'NhwcConv', 'NhwcFusedConv'].map((op): [string, string] => [op, 'Conv']),
  ...['MatMulInteger', 'QLinearMatMul', 'MatMulNBits', 'FusedMatMul', 'MatMulIntegerToFloat', 'DynamicQuantizeMatMul', 'Gemm', 'FusedGemm', 'QGemm'].map((op): [string, string] => [op, 'MatMul']),
  ...['GatherBlockQuantized'].map((op): [string, string] => [op, 'Gather']),
  ...['QLinearAdd', 'QLinearMul', 'QLinearSigmoid', 'QLinearLeakyRelu', 'QLinearConcat', 'QLinearSoftmax', 'QLinearAveragePool', 'QLinearGlobalAveragePool', 'QLinearReduceMean'].map(
    (op): [string, string] => [op, op.slice('QLinear'.length)],
  ),
  ['DynamicQuantizeLSTM', 'LSTM'],
  ['QAttention', 'Attention'],
])

export function opFamily({ opType, domain }: Node): string {
  return FAMILIES.get(opType) ?? (domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`)
}
