import { concat, expand, gather, pad, resize, slice, split, squeeze, tile, transpose, unsqueeze } from './arrange-rules'
import { attention, multiHeadAttention, projectedAttention } from './attention-rules'
import { alongAxis, broadcast, depthSpace, pool, reduce, sameAxes, sizesOnly } from './elementwise-rules'
import { conv, convTranspose, gemm, groupNormalization, layerNormalization, matMul, perChannelNormalization, recurrent, type Rule } from './layer-rules'
import { flatten, reshape } from './reshape-rules'

const names = (text: string, rule: Rule) => text.split(' ').map((name): [string, Rule] => [name, rule])

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...names('Abs Acos Asin Atan BitwiseNot Cast CastLike Ceil Celu Clip Cos Dropout Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity IsInf IsNaN LRN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu', sameAxes),
  ...names('Add And BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor', broadcast),
  ...names('AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool', pool),
  ...names('Hardmax LogSoftmax LpNormalization Softmax', alongAxis),
  ...names('ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare', reduce),
  ...names('DepthToSpace SpaceToDepth', depthSpace),
  ...names('Shape Size', sizesOnly),
  ...names('GRU LSTM RNN', recurrent),
  ...names('BatchNormalization InstanceNormalization', perChannelNormalization),
  ...names('LayerNormalization RMSNormalization SimplifiedLayerNormalization', layerNormalization),
  ...names('Resize Upsample', resize),
  ['Attention', attention],
  ['Concat', concat],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['Expand', expand],
  ['Flatten', flatten],
  ['Gather', gather],
  ['Gemm', gemm],
  ['GroupNormalization', groupNormalization],
  ['MatMul', matMul],
  ['Pad', pad],
  ['Reshape', reshape],
  ['Slice', slice],
  ['Split', split],
  ['Squeeze', squeeze],
  ['Tile', tile],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
])

/** Operators of onnxruntime's own domain. */
const MICROSOFT_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...names('Gelu QuickGelu', sameAxes),
  ...names('BiasGelu FastGelu', broadcast),
  ['Attention', projectedAttention],
  ['MultiHeadAttention', multiHeadAttention],
])

/** How channels pass through an operator, or null where that is not known: nothing that it touches can be cut. */
export function ruleFor(domain: string, opType: string): Rule | null {
  if (domain === '' || domain === 'ai.onnx') return RULES.get(opType) ?? null
  return domain === 'com.microsoft' ? (MICROSOFT_RULES.get(opType) ?? null) : null
}
