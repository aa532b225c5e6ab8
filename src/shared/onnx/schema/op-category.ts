/** Families of operators: the canvas gives each a colour. */
export type OpCategory =
  | 'layer'
  | 'activation'
  | 'pool'
  | 'normalization'
  | 'shape'
  | 'math'
  | 'reduction'
  | 'logic'
  | 'quantization'
  | 'control-flow'
  | 'constant'
  | 'tree-ml'
  | 'other'

const members: Readonly<Record<Exclude<OpCategory, 'other' | 'tree-ml'>, string>> = {
  // Operators with learned weights, and those that multiply and accumulate like them.
  layer: `Conv ConvTranspose ConvInteger DeformConv QLinearConv Gemm MatMul MatMulInteger QLinearMatMul Einsum RNN LSTM GRU GRUUnit
    Attention LinearAttention FlexAttention CausalConvWithState RotaryEmbedding
    FusedConv FusedGemm FusedMatMul FusedMatMulActivation NhwcConv NhwcFusedConv ConvTransposeWithDynamicPads TransposeMatMul GemmFastGelu GemmFloat8
    SparseToDenseMatMul MatMulBnb4 MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits MatMulNBitsMlp MatMulNBitsQkv
    MatMulBlockQuantizedFp4Weight MatMulBlockQuantizedFp8Weight DynamicQuantizeMatMul DynamicQuantizeLSTM QGemm QAttention QOrderedAttention QOrderedLongformerAttention QOrderedMatMul
    MultiHeadAttention GroupQueryAttention PackedAttention PackedMultiHeadAttention PagedAttention SparseAttention LongformerAttention DecoderAttention
    DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention DisentangledAttention_TRT AttnLSTM WordConvEmbedding MoE QMoE GatedDeltaNet VarlenCausalConvWithState
    LinearAttentionGate EngramGate GemmaRotaryEmbedding MRotaryEmbedding GatedRelativePositionBias RelativePositionBias EmbedLayerNormalization QEmbedLayerNormalization
    TorchEmbedding EPContext Snpe`,
  activation: `Relu LeakyRelu PRelu Elu Selu Celu Gelu Sigmoid HardSigmoid HardSwish Swish SwiGLU Mish Softmax LogSoftmax Hardmax Softplus Softsign Tanh
    ThresholdedRelu Shrink Clip ParametricSoftplus ScaledTanh BiasGelu FastGelu QuickGelu BiasSplitGelu BiasSoftmax QOrderedGelu QLinearLeakyRelu QLinearSigmoid QLinearSoftmax`,
  pool: `AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool MaxRoiPool RoiAlign MaxUnpool NhwcMaxPool MaxpoolWithMask QLinearAveragePool
    QLinearGlobalAveragePool PyramidROIAlign_TRT`,
  normalization: `BatchNormalization InstanceNormalization LayerNormalization GroupNormalization RMSNormalization SimplifiedLayerNormalization LpNormalization LRN
    MeanVarianceNormalization Dropout GroupNorm SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization GatedRMSNorm QOrderedLayerNormalization
    BiasDropout BitmaskDropout BitmaskBiasDropout`,
  // Moves, copies or selects elements without computing on them.
  shape: `Reshape Flatten Squeeze Unsqueeze Transpose Concat ConcatFromSequence Split SplitToSequence Slice DynamicSlice Gather GatherElements GatherND Scatter
    ScatterElements ScatterND TensorScatter Pad Expand Tile Resize Upsample DepthToSpace SpaceToDepth Shape Size Identity Cast CastLike BitCast Compress Crop
    CenterCropPad Col2Im GridSample AffineGrid ReverseSequence Trilu Unique OneHot NonZero MemcpyFromHost MemcpyToHost ExpandDims UnfoldTensor CropAndResize QLinearConcat
    GatherBlockQuantized MultilevelCropAndResize_TRT RemovePadding RestorePadding ReorderInput ReorderOutput`,
  math: `Add Sub Mul Div Mod Pow Neg Abs Sqrt Reciprocal Exp Log Sign Floor Ceil Round Erf Sum Mean Max Min Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh
    CumSum CumProd Det Affine Scale ImageScaler DFT STFT MelWeightMatrix BlackmanWindow HammingWindow HannWindow BiasAdd GatedAdd QLinearAdd QLinearMul MulInteger ComplexMul
    ComplexMulConj CDist Inverse Rfft Irfft Adagrad Adam Momentum Gradient NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss`,
  reduction: `ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare ArgMax ArgMin TopK
    NonMaxSuppression EfficientNMS_TRT QLinearReduceMean ReduceSumInteger`,
  logic: `And Or Not Xor Equal Greater GreaterOrEqual Less LessOrEqual Where IsInf IsNaN BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor IsAllFinite QLinearWhere`,
  quantization: `QuantizeLinear DequantizeLinear DynamicQuantizeLinear QuantizeBFP DequantizeBFP QuantizeWithOrder DequantizeWithOrder`,
  'control-flow': `If Loop Scan SequenceMap Optional OptionalGetElement OptionalHasElement SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
    SequenceLength BeamSearch GreedySearch Sampling WhisperBeamSearch BifurcationDetector`,
  constant: `Constant ConstantOfShape GivenTensorFill Range EyeLike RandomNormal RandomNormalLike RandomUniform RandomUniformLike Multinomial Bernoulli`,
}

const byOpType = new Map(Object.entries(members).flatMap(([category, names]) => names.split(/\s+/).map((name) => [name, category as OpCategory] as const)))

/** The family of an operator of ONNX or onnxruntime; `other` for text and hash operators, and for domains nobody here knows. */
export function opCategory(domain: string, opType: string): OpCategory {
  if (domain === 'ai.onnx.ml') return 'tree-ml'
  const known = domain === '' || domain.startsWith('ai.onnx') || domain.startsWith('com.microsoft')
  return (known ? byOpType.get(opType) : undefined) ?? 'other'
}
