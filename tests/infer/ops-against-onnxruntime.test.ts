/** Rules held against onnxruntime on small graphs: what is inferred must be what it computes, to the last dimension. */
import { Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { dataTypeLabel } from '#shared/onnx/data-type'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { ValueType } from '#shared/onnx/records'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { makeTensor, runWithAllOutputs } from './run-with-all-outputs'

type Sketch = Omit<ModelSpec, 'outputs'> & {
  /** Dimensions depend on the data: those that are inferred must still agree. */
  readonly dataDependent?: boolean
}

const image = { x: 'float32[1,4,9,11]' }
const ints = (...values: number[]) => tensor('int64', [values.length], values)
const floats = (...values: number[]) => tensor('float32', [values.length], values)
const scalar = (value: number) => tensor('int64', [], [value])
const float = (value: number) => ({ type: 'float', value }) as const

/** Scalars of quantization parameters, by the names that nodes use. */
const q = { s: tensor('float32', [], [0.1]), zu: tensor('uint8', [], [3]), zi: tensor('int8', [], [0]) }

const kernel = { w: filledTensor('float32', [6, 4, 3, 3], 0.1) }
const transposed = { w: filledTensor('float32', [4, 3, 3, 2], 0.1) }

const SKETCHES: Record<string, Sketch> = {
  'Conv with pads, strides and dilations': { inputs: image, initializers: kernel, nodes: [['y = Conv(x, w)', { pads: [1, 0, 2, 1], strides: [2, 1], dilations: [1, 2] }]] },
  'Conv SAME_UPPER with stride': { inputs: image, initializers: kernel, nodes: [['y = Conv(x, w)', { auto_pad: 'SAME_UPPER', strides: [2, 3] }]] },
  'Conv SAME_LOWER': { inputs: image, initializers: kernel, nodes: [['y = Conv(x, w)', { auto_pad: 'SAME_LOWER' }]] },
  'Conv VALID with stride': { inputs: image, initializers: kernel, nodes: [['y = Conv(x, w)', { auto_pad: 'VALID', strides: [2, 2] }]] },
  'depthwise Conv': { inputs: image, initializers: { w: filledTensor('float32', [8, 1, 3, 3], 1) }, nodes: [['y = Conv(x, w)', { group: 4 }]] },
  'Conv over one axis': { inputs: { x: 'float32[2,3,17]' }, initializers: { w: filledTensor('float32', [5, 3, 4], 1) }, nodes: [['y = Conv(x, w)', { strides: [3], pads: [1, 1] }]] },
  'ConvTranspose with output padding': { inputs: image, initializers: transposed, nodes: [['y = ConvTranspose(x, w)', { strides: [2, 3], output_padding: [1, 2], pads: [1, 0, 0, 1] }]] },
  'ConvTranspose with dilations and groups': { inputs: image, initializers: transposed, nodes: [['y = ConvTranspose(x, w)', { dilations: [2, 2], group: 2 }]] },
  'ConvTranspose SAME_UPPER': { inputs: image, initializers: transposed, nodes: [['y = ConvTranspose(x, w)', { auto_pad: 'SAME_UPPER', strides: [2, 2] }]] },
  'ConvTranspose SAME_LOWER, stride 1': { inputs: image, initializers: transposed, nodes: [['y = ConvTranspose(x, w)', { auto_pad: 'SAME_LOWER', strides: [1, 1] }]] },
  'ConvTranspose VALID': { inputs: image, initializers: transposed, nodes: [['y = ConvTranspose(x, w)', { auto_pad: 'VALID', strides: [2, 2] }]] },
  'ConvTranspose with output shape': { inputs: image, initializers: transposed, nodes: [['y = ConvTranspose(x, w)', { output_shape: [20, 22], strides: [2, 2] }]] },
  'MaxPool with indices and ceil mode': { inputs: image, nodes: [['y, i = MaxPool(x)', { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1, pads: [1, 0, 1, 0] }]] },
  'MaxPool whose last window would start in the padding': { inputs: { x: 'float32[1,1,4,4]' }, nodes: [['y = MaxPool(x)', { kernel_shape: [1, 1], strides: [2, 2], ceil_mode: 1 }]] },
  'MaxPool with dilations': { inputs: image, nodes: [['y = MaxPool(x)', { kernel_shape: [2, 3], dilations: [3, 2] }]] },
  'AveragePool in ceil mode': { opset: 19, inputs: image, nodes: [['y = AveragePool(x)', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 1, 1, 1] }]] },
  'AveragePool SAME_UPPER': { inputs: image, nodes: [['y = AveragePool(x)', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }]] },
  'LpPool': { inputs: image, nodes: [['y = LpPool(x)', { kernel_shape: [2, 2], strides: [2, 2] }]] },
  'global pooling': { inputs: image, nodes: ['a = GlobalAveragePool(x)', 'b = GlobalMaxPool(x)', 'c = GlobalLpPool(x)'] },
  'MaxUnpool': { inputs: { x: 'float32[1,1,4,4]' }, nodes: [['y, i = MaxPool(x)', { kernel_shape: [2, 2], strides: [2, 2] }], ['z = MaxUnpool(y, i)', { kernel_shape: [2, 2], strides: [2, 2] }]] },
  'Col2Im': { opset: 18, inputs: { x: 'float32[1,5,5]' }, initializers: { i: ints(5, 5), b: ints(1, 5) }, nodes: ['y = Col2Im(x, i, b)'] },
  'MatMul of vectors and batches': {
    inputs: { a: 'float32[5]', b: 'float32[2,5,3]', c: 'float32[4,1,6,5]' },
    nodes: ['ab = MatMul(a, b)', 'cb = MatMul(c, b)', 'ca = MatMul(c, a)', 'aa = MatMul(a, a)'],
  },
  'Gemm transposed': { inputs: { a: 'float32[5,2]', b: 'float32[3,5]' }, nodes: [['y = Gemm(a, b)', { transA: 1, transB: 1 }]] },
  'Einsum': {
    inputs: { a: 'float32[2,3,4]', b: 'float32[2,4,5]', c: 'float32[4,4]' },
    nodes: [['y = Einsum(a, b)', { equation: 'bij,bjk->bki' }], ['z = Einsum(a, b)', { equation: '...ij, ...jk' }], ['t = Einsum(c)', { equation: 'ii->i' }], ['d = Einsum(c)', { equation: 'ji' }]],
  },
  'integer matmul and conv': {
    inputs: { a: 'uint8[2,3]', x: 'uint8[1,2,5,5]' },
    initializers: { b: filledTensor('int8', [3, 4], 1, -2), w: filledTensor('uint8', [3, 2, 3, 3], 1), ...q },
    nodes: ['y = MatMulInteger(a, b)', 'z = ConvInteger(x, w)', 'u = QLinearMatMul(a, s, zu, b, s, zi, s, zu)', 'v = QLinearConv(x, s, zu, w, s, zu, s, zu)'],
  },
  'quantize and dequantize': {
    inputs: { x: 'float32[2,3]' },
    initializers: q,
    nodes: ['a = QuantizeLinear(x, s, zi)', 'b = QuantizeLinear(x, s)', 'c = DequantizeLinear(a, s, zi)', 'd, ds, dz = DynamicQuantizeLinear(x)'],
  },
  'quantize to a stated type': { opset: 21, inputs: { x: 'float32[2,3]' }, initializers: q, nodes: [['a = QuantizeLinear(x, s)', { output_dtype: 5 }], 'b = DequantizeLinear(a, s)'] },
  'broadcasting': {
    inputs: { a: 'float32[2,1,4]', b: 'float32[3,1]', m: 'bool[3,4]' },
    nodes: ['s = Add(a, b)', 'p = Pow(a, b)', 'g = Greater(a, b)', 'n = Max(a, b, s)', 'w = Where(m, a, b)', 'r = PRelu(a, b2)', 'e = Equal(a, b)'],
    initializers: { b2: floats(0.5) },
  },
  'unary ops': {
    opset: 20,
    inputs: { x: 'float32[2,3]' },
    nodes: ['a = Relu(x)', 'b = IsNaN(x)', 'c = Gelu(x)', 'd = Softmax(x)', ['e = Cast(x)', { to: 7 }], 'f = CastLike(x, e)', 'g, h = Dropout(x)', 'i = Erf(x)', ['j = RandomNormalLike(x)', { dtype: 11 }], 'k = Mish(x)', ['l = EyeLike(x)', {}]],
  },
  'Clip of a followed value': { inputs: { x: 'float32[2,3]' }, initializers: { lo: scalar(3), at: scalar(0) }, nodes: ['s = Shape(x)', 'c = Clip(s, lo)', 'y = ConstantOfShape(c)'] },
  'Shape with start and end': { inputs: image, nodes: [['s = Shape(x)', { start: 1, end: -1 }], ['t = Shape(x)', { start: -1 }], 'n = Size(x)', 'z = ConstantOfShape(s)'] },
  'Reshape with 0, −1 and allowzero': {
    inputs: { x: 'float32[2,3,4]', e: 'float32[0,3]' },
    initializers: { a: ints(0, -1), c: ints(3, 0) },
    nodes: ['y = Reshape(x, a)', ['u = Reshape(e, c)', { allowzero: 1 }]],
  },
  'Flatten': { inputs: { x: 'float32[2,3,4]' }, nodes: ['a = Flatten(x)', ['b = Flatten(x)', { axis: 0 }], ['c = Flatten(x)', { axis: -1 }], ['d = Flatten(x)', { axis: 3 }]] },
  'Squeeze and Unsqueeze with inputs': { inputs: { x: 'float32[1,3,1]' }, initializers: { a: ints(-1), b: ints(0, -1) }, nodes: ['p = Squeeze(x, a)', 'q = Squeeze(x)', 'r = Unsqueeze(x, b)'] },
  'Squeeze and Unsqueeze with attributes': { opset: 11, inputs: { x: 'float32[1,3,1]' }, nodes: [['p = Squeeze(x)', { axes: [0] }], ['r = Unsqueeze(x)', { axes: [1, 4] }]] },
  'Transpose': { inputs: { x: 'float32[2,3,4]' }, nodes: ['a = Transpose(x)', ['b = Transpose(x)', { perm: [1, 2, 0] }]] },
  'Concat': { inputs: { x: 'float32[2,3]', y: 'float32[2,5]' }, nodes: [['c = Concat(x, y)', { axis: -1 }]] },
  'Expand and Tile': { inputs: { x: 'float32[3,1]' }, initializers: { a: ints(2, 1, 6), b: ints(2, 3) }, nodes: ['e = Expand(x, a)', 't = Tile(x, b)'] },
  'space and depth': { inputs: { x: 'float32[1,4,6,8]' }, nodes: [['a = DepthToSpace(x)', { blocksize: 2 }], ['b = SpaceToDepth(x)', { blocksize: 2 }]] },
  'Slice with negative steps and ends': {
    inputs: { x: 'float32[5,7,3]' },
    initializers: { s: ints(4, -1), e: ints(-9999, 1), a: ints(0, -2), t: ints(-2, -3) },
    nodes: ['y = Slice(x, s, e, a, t)'],
  },
  'Slice past the ends': { inputs: { x: 'float32[5,7]' }, initializers: { s: tensor('int32', [2], [-100, 3]), e: tensor('int32', [2], [2147483647, 3]) }, nodes: ['y = Slice(x, s, e)'] },
  'Slice by attributes': { opset: 9, inputs: { x: 'float32[5,7]' }, nodes: [['y = Slice(x)', { starts: [1], ends: [-1], axes: [1] }]] },
  'Split': { inputs: { x: 'float32[7,4]' }, initializers: { p: ints(3, 4) }, nodes: [['a, b = Split(x)', { axis: 1 }], 'c, d = Split(x, p)'] },
  'Split into uneven parts': { opset: 18, inputs: { x: 'float32[7,4]' }, nodes: [['a, b, c = Split(x)', { num_outputs: 3 }]] },
  'Split by attribute': { opset: 11, inputs: { x: 'float32[7,4]' }, nodes: [['a, b = Split(x)', { split: [2, 5] }]] },
  'Pad, also negative': { inputs: { x: 'float32[4,5]' }, initializers: { p: ints(1, -1, 0, 2) }, nodes: ['y = Pad(x, p)'] },
  'Pad of some axes': { opset: 18, inputs: { x: 'float32[4,5]' }, initializers: { p: ints(1, 2), a: ints(-1) }, nodes: ['y = Pad(x, p, , a)'] },
  'Pad by attribute': { opset: 10, inputs: { x: 'float32[4,5]' }, nodes: [['y = Pad(x)', { pads: [0, 1, 2, 3] }]] },
  'CenterCropPad': { opset: 18, inputs: { x: 'float32[4,5]' }, initializers: { p: ints(6) }, nodes: [['y = CenterCropPad(x, p)', { axes: [1] }]] },
  'gathering': {
    inputs: { x: 'float32[4,5]' },
    initializers: { i: tensor('int64', [2, 3], [0, 1, 2, 3, 0, -1]), n: tensor('int64', [2, 1], [0, 1]), z: scalar(1) },
    nodes: ['a = Gather(x, i)', ['b = Gather(x, z)', { axis: 1 }], 'c = GatherElements(x, i)', 'd = GatherND(x, n)'],
  },
  'scattering': { inputs: { x: 'float32[4,5]', u: 'float32[1,5]', v: 'float32[1,1]' }, initializers: { n: tensor('int64', [1, 1], [2]) }, nodes: ['a = ScatterND(x, n, u)', 'b = ScatterElements(x, n, v)'] },
  'TopK and OneHot': { inputs: { x: 'float32[4,5]', i: 'int64[2,3]' }, initializers: { k: ints(2), d: scalar(7), v: floats(0, 1) }, nodes: [['a, b = TopK(x, k)', { axis: 0 }], ['o = OneHot(i, d, v)', { axis: 1 }]] },
  'data-dependent sizes': { dataDependent: true, inputs: { x: 'float32[4,5]' }, initializers: { c: tensor('bool', [4], [1, 0, 1, 0]) }, nodes: ['a = NonZero(x)', ['b = Compress(x, c)', { axis: 0 }], ['u, p, r, n = Unique(x)', { axis: 0 }]] },
  'reductions': {
    inputs: { x: 'float32[2,3,4]' },
    initializers: { a: ints(-1) },
    nodes: [['m = ReduceMean(x)', { axes: [1], keepdims: 0 }], 's = ReduceSum(x, a)', 't = ReduceMax(x)', ['n = ReduceSum(x)', { noop_with_empty_axes: 1 }], ['g = ArgMax(x)', { axis: -1, keepdims: 0 }]],
  },
  'reductions with axes as input': { opset: 18, inputs: { x: 'float32[2,3,4]' }, initializers: { a: ints(0, 2) }, nodes: [['m = ReduceMean(x, a)', { keepdims: 0 }], 'l = ReduceL2(x, a)', ['k = ReduceMin(x)', { keepdims: 0 }]] },
  'normalizations': {
    inputs: image,
    initializers: { g: filledTensor('float32', [4], 1), h: filledTensor('float32', [11], 1) },
    nodes: ['a = BatchNormalization(x, g, g, g, g)', 'b = InstanceNormalization(x, g, g)', ['c, m, v = LayerNormalization(x, h, h)', {}], ['d = LRN(x)', { size: 3 }]],
  },
  'recurrent ops': {
    inputs: { x: 'float32[5,2,3]' },
    initializers: { w: filledTensor('float32', [2, 16, 3], 0.1), r: filledTensor('float32', [2, 16, 4], 0.1), gw: filledTensor('float32', [1, 12, 3], 0.1), gr: filledTensor('float32', [1, 12, 4], 0.1) },
    nodes: [['y, h, c = LSTM(x, w, r)', { hidden_size: 4, direction: 'bidirectional' }], ['gy, gh = GRU(x, gw, gr)', { hidden_size: 4 }]],
  },
  'Resize by scales and by sizes': {
    inputs: image,
    initializers: { r: tensor('float32', [0], []), s: floats(1, 1, 2.5, 0.3), z: ints(1, 4, 20, 30) },
    nodes: ['a = Resize(x, r, s)', 'b = Resize(x, r, , z)'],
  },
  'Resize keeping the aspect ratio': { opset: 18, inputs: image, initializers: { z: ints(20, 20) }, nodes: [['a = Resize(x, , , z)', { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger', mode: 'linear' }]] },
  'Upsample': { opset: 9, inputs: image, initializers: { s: floats(1, 1, 2, 3) }, nodes: ['a = Upsample(x, s)'] },
  'GridSample and RoiAlign': {
    inputs: { ...image, g: 'float32[1,5,6,2]' },
    initializers: { r: filledTensor('float32', [3, 4], 0, 0, 4, 4), b: tensor('int64', [3], [0, 0, 0]) },
    nodes: ['a = GridSample(x, g)', ['p = RoiAlign(x, r, b)', { output_height: 2, output_width: 3 }]],
  },
  'generators': {
    inputs: { x: 'float32[2,3]' },
    initializers: { a: scalar(2), b: scalar(11), d: scalar(3), n: scalar(8) },
    nodes: ['r = Range(a, b, d)', ['u = RandomUniform()', { shape: [2, 5] }], ['w = HannWindow(n)', {}], ['e = Multinomial(x)', { sample_size: 4 }], ['c = Constant()', { value_floats: { type: 'floats', value: [1, 2] } }]],
  },
  'Fourier transforms': {
    inputs: { x: 'float32[1,16,1]' },
    initializers: { step: scalar(4), len: scalar(8), w: filledTensor('float32', [8], 1) },
    nodes: [['a = DFT(x)', { axis: 1, onesided: 1 }], 'b = DFT(x, len)', 's = STFT(x, step, w, len)'],
  },
  'DFT with its axis as input': { opset: 20, inputs: { x: 'float32[1,16,1]' }, initializers: { a: scalar(1) }, nodes: ['a1 = DFT(x, , a)', 'b = DFT(x)'] },
  'NonMaxSuppression': { dataDependent: true, inputs: { b: 'float32[1,6,4]', s: 'float32[1,2,6]' }, initializers: { m: scalar(2) }, nodes: ['y = NonMaxSuppression(b, s, m)'] },
  'sequences': {
    inputs: { x: 'float32[6,4]', y: 'float32[6,4]' },
    initializers: { i: scalar(0), p: scalar(2) },
    nodes: ['s = SequenceConstruct(x, y)', 'a = SequenceAt(s, i)', 'n = SequenceLength(s)', ['t = SplitToSequence(x, p)', { axis: 0 }], 'b = SequenceAt(t, i)', ['e = SequenceEmpty()', { dtype: 1 }], 'f = SequenceInsert(e, x)', 'g = SequenceAt(f, i)'],
  },
  'onnxruntime’s fused ops': {
    opsets: { 'com.microsoft': 1 },
    inputs: { x: 'float32[2,5,8]', k: 'float32[2,7,8]', ids: 'int32[2,5]' },
    initializers: {
      w: filledTensor('float32', [8, 24], 0.1), b: filledTensor('float32', [24], 0), g: filledTensor('float32', [8], 1), v: filledTensor('float32', [8, 3], 0.1),
      packed: filledTensor('uint8', [3, 1, 8], 17), sc: filledTensor('float32', [3], 0.5), table: filledTensor('float32', [10, 8], 0.1), pos: filledTensor('float32', [16, 8], 0.1),
    },
    nodes: [
      ['a, p = com.microsoft.Attention(x, w, b)', { num_heads: 2 }], ['m = com.microsoft.MultiHeadAttention(x, k, k)', { num_heads: 2 }], 's = com.microsoft.SkipLayerNormalization(x, x, g, g)',
      'f = com.microsoft.FastGelu(x)', 'u = com.microsoft.BiasGelu(x, g)', ['t = com.microsoft.FusedMatMul(x, v)', { alpha: float(2) }],
      ['n = com.microsoft.MatMulNBits(x, packed, sc)', { K: 8, N: 3, bits: 4, block_size: 16 }], 'e, i = com.microsoft.EmbedLayerNormalization(ids, , table, pos, , g, g)',
    ],
  },
  'onnxruntime’s quantized ops': {
    opsets: { 'com.microsoft': 1 },
    inputs: { a: 'uint8[2,3]', x: 'float32[2,3]', c: 'uint8[1,2,6,6]' },
    initializers: { b: filledTensor('int8', [3, 4], 1, -2), ...q },
    nodes: [
      'd = com.microsoft.DynamicQuantizeMatMul(x, b, s, zi)', 'e = com.microsoft.MatMulIntegerToFloat(a, b, s, s, zu, zi)', 'f = com.microsoft.QLinearAdd(a, s, zu, a, s, zu, s, zu)',
      'g = com.microsoft.QLinearSigmoid(a, s, zu, s, zu)', ['h = com.microsoft.QLinearConcat(s, zu, a, s, zu, a, s, zu)', { axis: 1 }], 'i = com.microsoft.QGemm(a, s, zu, b, s, zi)',
      ['j = com.microsoft.QLinearAveragePool(c, s, zu, s, zu)', { kernel_shape: [3, 3], strides: [2, 2] }], 'k = com.microsoft.QLinearGlobalAveragePool(c, s, zu, s, zu)',
    ],
  },
  'ONNX attention': { opset: 23, inputs: { x: 'float32[2,5,8]', k: 'float32[2,7,8]' }, nodes: [['y = Attention(x, k, k)', { q_num_heads: 2, kv_num_heads: 2 }], 'r = RMSNormalization(x, g)'], initializers: { g: filledTensor('float32', [8], 1) } },
  'classical models': {
    opsets: { 'ai.onnx.ml': 3 },
    inputs: { x: 'float32[4,3]', c: 'int64[4]' },
    initializers: { i: ints(0, 2) },
    nodes: [
      ['a = ai.onnx.ml.Scaler(x)', { offset: { type: 'floats', value: [0] }, scale: { type: 'floats', value: [1] } }], ['n = ai.onnx.ml.Normalizer(x)', { norm: 'L2' }], ['o = ai.onnx.ml.OneHotEncoder(c)', { cats_int64s: [0, 1, 2] }],
      'f = ai.onnx.ml.ArrayFeatureExtractor(x, i)', ['l = ai.onnx.ml.LabelEncoder(c)', { keys_int64s: [1], values_floats: { type: 'floats', value: [2] } }],
      ['r = ai.onnx.ml.LinearRegressor(x)', { coefficients: { type: 'floats', value: [1, 2, 3, 4, 5, 6] }, intercepts: { type: 'floats', value: [0, 0] }, targets: 2 }],
      ['p, s = ai.onnx.ml.LinearClassifier(x)', { coefficients: { type: 'floats', value: [1, 2, 3] }, intercepts: { type: 'floats', value: [0] }, classlabels_ints: [0, 1] }],
    ],
  },
}

describe('rules against onnxruntime', () => {
  test.each(Object.entries(SKETCHES))('%s', async (_, { dataDependent = false, ...sketch }) => {
    const made = sketch.nodes.flatMap((node) => (typeof node === 'string' ? node : node[0]).split('=')[0]?.split(',').map((name) => name.trim()) ?? [])
    const spec: ModelSpec = { ...sketch, outputs: Object.fromEntries(made.map((name) => [name, null])) }
    const fetched = buildModel(spec)
    const types = inferTypes(new ModelDocument(fetched))
    // A sequence is no output that onnxruntime-node can fetch.
    const tensors = made.filter((name) => types.typeOf(fetched.graph, name)?.kind !== 'sequence')
    const model = buildModel({ ...spec, outputs: Object.fromEntries(tensors.map((name) => [name, null])) })
    const outputs = await runWithAllOutputs(model, feeds(sketch.inputs ?? {}))
    for (const name of tensors) {
      const value = outputs[name]
      const type = types.typeOf(fetched.graph, name)
      if (!(value instanceof Tensor)) throw new Error(`${name} was not computed`)
      expect(`${name} ${text(dataDependent ? fill(type, value.dims) : type)}`).toBe(`${name} ${value.type}[${value.dims.join(',')}]`)
    }
  })
})

function feeds(inputs: Readonly<Record<string, string | null>>): Map<string, Tensor> {
  return new Map(
    Object.entries(inputs).map(([name, type]) => {
      const [, dataType = '', list = ''] = /^(\w+)\[(.*)\]$/.exec(type ?? '') ?? []
      const dims = list === '' ? [] : list.split(',').map(Number)
      const count = dims.reduce((product, dim) => product * dim, 1)
      return [name, makeTensor(dataType, Array.from({ length: count }, (_, at) => (dataType === 'bool' ? at % 2 : at % 3)), dims)]
    }),
  )
}

function fill(type: ValueType | null, dims: readonly number[]): ValueType | null {
  return type?.kind === 'tensor' && type.shape?.length === dims.length ? { ...type, shape: type.shape.map((dim, axis) => dim ?? dims[axis] ?? null) } : type
}

function text(type: ValueType | null): string {
  if (type?.kind !== 'tensor') return String(type?.kind)
  return `${dataTypeLabel(type.dataType)}[${type.shape ? type.shape.map((dim) => dim ?? '?').join(',') : '*'}]`
}
