import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../runtime/model-file'
import { quantizeDynamic } from './quantize-dynamic'
import { quantizeStatic } from './quantize-static'
import { opCounts, outputsOf, ownSamples, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const weight = filledTensor('float32', [16, 8], 0.5, -0.25, 0.125, 1, -1, 0.3, -0.7)
const matMul: ModelSpec = {
  inputs: { x: 'float32[4,16]' },
  outputs: { y: 'float32[4,8]' },
  initializers: { w: weight, b: filledTensor('float32', [8], 0.1, -0.2) },
  nodes: [['m = MatMul(x, w)', {}, 'dense'], 'y = Add(m, b)'],
}
const gemm: ModelSpec = {
  ...matMul,
  initializers: { w: filledTensor('float32', [8, 16], 0.5, -0.25, 0.125, 1, -1), b: filledTensor('float32', [8], 0.1, -0.2) },
  nodes: [['y = Gemm(x, w, b)', { transB: 1, alpha: 0.5, beta: 2.5 }, 'dense']],
}
const conv: ModelSpec = {
  inputs: { x: 'float32[1,4,9,9]' },
  outputs: { y: 'float32[1,8,5,5]' },
  initializers: { w: filledTensor('float32', [8, 2, 3, 3], 0.5, -0.25, 0.125, 1, -1, 0.3, -0.7), b: filledTensor('float32', [8], 0.1, -0.2) },
  nodes: [['y = Conv(x, w, b)', { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] }]],
}
const conv1d: ModelSpec = {
  inputs: { x: 'float32[1,4,32]' },
  outputs: { y: 'float32[1,8,32]' },
  initializers: { w: filledTensor('float32', [8, 4, 3], 0.5, -0.25, 0.125, 1, -1, 0.3, -0.7) },
  nodes: [['y = Conv(x, w)', { pads: [1, 1] }]],
}
const lstm: ModelSpec = {
  inputs: { x: 'float32[5,1,6]' },
  outputs: { y: 'float32[5,2,1,8]' },
  initializers: {
    w: filledTensor('float32', [2, 32, 6], 0.5, -0.25, 0.125, 0.4, -0.3),
    r: filledTensor('float32', [2, 32, 8], 0.2, -0.25, 0.15, 0.1, -0.3, 0.05, -0.1),
    b: filledTensor('float32', [2, 64], 0.1, -0.1, 0.05),
  },
  nodes: [['y = LSTM(x, w, r, b)', { hidden_size: 8, direction: 'bidirectional' }]],
}
const gru: ModelSpec = {
  inputs: { x: 'float32[5,1,6]' },
  outputs: { y: 'float32[5,2,1,8]' },
  initializers: {
    w: filledTensor('float32', [2, 24, 6], 0.5, -0.25, 0.125, 0.1, -0.3),
    r: filledTensor('float32', [2, 24, 8], 0.2, -0.25, 0.15, 0.1, -0.3, 0.05, -0.1),
    b: filledTensor('float32', [2, 48], 0.1, -0.1, 0.05),
  },
  nodes: [['y = GRU(x, w, r, b)', { hidden_size: 8, direction: 'bidirectional' }]],
}
const gather: ModelSpec = {
  inputs: { x: 'int64[3]' },
  outputs: { y: 'float32[3,16]' },
  initializers: { w: filledTensor('float32', [64, 16], 0.5, -0.25, 0.125, 1, -1, 0.3) },
  nodes: ['y = Gather(w, x)'],
}
const all = { minElements: 0 }

describe('turns', () => {
  it.each([
    ['MatMul', matMul, { x: [4, 16] }, { DynamicQuantizeLinear: 1, MatMulInteger: 1, Cast: 1, Mul: 2, Add: 1 }],
    ['Gemm with alpha, beta and a turned weight', gemm, { x: [4, 16] }, { DynamicQuantizeLinear: 1, MatMulInteger: 1, Cast: 1, Mul: 2, Add: 1 }],
    ['a grouped Conv', conv, { x: [1, 4, 9, 9] }, { DynamicQuantizeLinear: 1, ConvInteger: 1, Cast: 1, Mul: 2, Add: 1 }],
    ['a Conv over one dimension', conv1d, { x: [1, 4, 32] }, { DynamicQuantizeLinear: 1, ConvInteger: 1, Cast: 1, Mul: 2 }],
    ['LSTM in both directions', lstm, { x: [5, 1, 6] }, { DynamicQuantizeLSTM: 1 }],
    ['GRU in both directions, as far as its weights go,', gru, { x: [5, 1, 6] }, { DequantizeLinear: 2, GRU: 1 }],
  ] as const)('%s into its integer form, within 2 % of the float outputs', async (_, spec, inputs, expected) => {
    const data = testData(inputs)
    const before = await outputsOf(buildModel(spec), data)
    for (const perChannel of [true, false]) {
      const { document, diagnostics } = await runPass(buildModel(spec), quantizeDynamic, { ...all, perChannel })
      expect(opCounts(document)).toEqual(expected)
      expect(diagnostics).toEqual([])
      expect(document.model.graph.initializers.some(({ name }) => name === 'w')).toBe(false)
      expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(0.02)
    }
  })

  it('a Gather from a table into one from its uint8 form', async () => {
    const { document } = await runPass(buildModel(gather), quantizeDynamic, all)
    expect(document.model.graph.nodes.map(({ opType }) => opType)).toEqual(['Gather', 'DequantizeLinear'])
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['w.q', 'w.scale', 'w.zp'])
  })

  it('nodes within If, with weights from outside quantized once', async () => {
    const branch = (name: string, op: string) => ({ outputs: { [name]: 'float32[4,8]' }, nodes: [`m_${name} = MatMul(x, w)`, `${name} = ${op}(m_${name})`] })
    const model = buildModel({ ...matMul, inputs: { x: 'float32[4,16]', c: 'bool[]' }, initializers: { w: weight }, nodes: [['y = If(c)', { then_branch: branch('a', 'Relu'), else_branch: branch('b', 'Neg') }]] })
    const { document } = await runPass(model, quantizeDynamic, all)
    const inner = document.graphs().filter((graph) => graph !== document.model.graph)
    expect(inner.map((graph) => graph.nodes.filter(({ opType }) => opType === 'MatMulInteger').length)).toEqual([1, 1])
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['w.q', 'w.scale', 'w.zp'])
  })

  it('a weight and an activation with several readers into one integer form each', async () => {
    const model = buildModel({ ...matMul, nodes: ['m = MatMul(x, w)', 'n = MatMul(x, w)', 'y = Add(m, n)'] })
    const { document } = await runPass(model, quantizeDynamic, all)
    expect(opCounts(document)).toMatchObject({ DynamicQuantizeLinear: 1, MatMulInteger: 2 })
    expect(document.model.graph.initializers.filter(({ name }) => name.endsWith('.q'))).toHaveLength(1)
  })
})

describe('a table that embeddings share with the output', () => {
  const table = tensor('float32', [64, 16], Array.from({ length: 1024 }, (_, at) => Math.sin(at * 12.9898) * (1 + (at >> 4) / 16)))
  const turned = tensor('float32', [16, 64], Array.from({ length: 1024 }, (_, at) => Number(table.values[(at % 64) * 16 + (at >> 6)])))
  const tied = (products: ModelSpec['nodes'], more: ModelSpec['initializers'] = {}): ModelSpec => ({
    inputs: { x: 'float32[4,16]' },
    outputs: { y: 'float32[4,64]' },
    initializers: { table, ids: tensor('int64', [4], [3, 0, 63, 31]), ...more },
    nodes: ['e = Gather(table, ids)', 'h = Add(x, e)', ...products],
  })
  const forms: [string, ModelSpec][] = [
    ['a Transpose', tied(['t = Transpose(table)', 'y = MatMul(h, t)'])],
    ['Gemm with the table turned', tied([['y = Gemm(h, table, b)', { transB: 1 }]], { b: filledTensor('float32', [64], 0.1, -0.2) })],
    ['Gemm with a copy', tied([['y = Gemm(h, copy)', { transB: 1 }]], { copy: table })],
    ['MatMul with a turned copy', tied(['y = MatMul(h, turned)'], { turned })],
    ['MatMul within If', { ...tied([['y = If(c)', { then_branch: { outputs: { p: 'float32[4,64]' }, nodes: ['p = MatMul(h, turned)'] }, else_branch: { outputs: { q: 'float32[4,64]' }, nodes: ['n = Neg(h)', 'q = MatMul(n, turned)'] } }]], { turned, c: tensor('bool', [], [1]) }) }],
  ]
  const data = testData({ x: [4, 16] })
  const wide = ({ model }: ModelDocument) => model.graph.initializers.filter(({ dims }) => dims.reduce((product, dim) => product * dim, 1) >= 1024).map(({ name, dataType }) => [name, dataType])

  it.each(forms)('through %s stays one table, of 8 bits, within 2 % of the float outputs', async (_, spec) => {
    const before = await outputsOf(buildModel(spec), data)
    for (const perChannel of [true, false]) {
      const { document, diagnostics } = await runPass(buildModel(spec), quantizeDynamic, { ...all, perChannel })
      expect(wide(document)).toEqual([['table.q', DATA_TYPES.uint8.code]])
      expect(document.graphs().some((graph) => graph.nodes.some(({ opType }) => opType === 'MatMul' || opType === 'Gemm'))).toBe(false)
      expect(diagnostics).toEqual([])
      expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(0.02)
    }
  })

  it.each(forms.filter(([name]) => !/Transpose|If/.test(name)))('through %s stays one table where the product was quantized statically before', async (_, spec) => {
    const before = await outputsOf(buildModel(spec), data)
    for (const perChannel of [true, false]) {
      const { document } = await runPass(buildModel(spec), quantizeStatic, { perChannel }, data)
      const alone = await outputsOf(document, data)
      const { transaction } = await runPass(document, quantizeDynamic, { ...all, opTypes: ['Gather'] })
      expect(wide(document).map(([, type]) => type)).toEqual([DATA_TYPES.int8.code])
      const found = await outputsOf(document, data)
      expect(relativeError(before, found)).toBeLessThan(0.02)
      expect(relativeError(alone, found)).toBeGreaterThan(0)
      document.undo(transaction)
      expect(await outputsOf(document, data)).toEqual(alone)
    }
  })

  it.each([
    ['is another one', tied(['y = MatMul(h, other)'], { other: filledTensor('float32', [16, 64], 0.5, -0.25, 0.125) })],
    ['is multiplied by a factor of Gemm', tied([['y = Gemm(h, table)', { transB: 1, alpha: 0.5 }]])],
  ] satisfies [string, ModelSpec][])('is stored by itself where the one of the output %s', async (_, spec) => {
    const { document } = await runPass(buildModel(spec), quantizeDynamic, all)
    expect(wide(document)).toHaveLength(2)
    expect(relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))).toBeLessThan(0.02)
  })

  it('comes back by undo', async () => {
    for (const [, spec] of forms) {
      const { document, transaction } = await runPass(buildModel(spec), quantizeDynamic, all)
      expect((await runPass(document, quantizeDynamic, all)).transaction.changes).toEqual([])
      document.undo(transaction)
      expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
    }
  })
})

describe('leaves', () => {
  it('the float weight where a reader still wants it', async () => {
    const model = buildModel({ ...matMul, nodes: ['m = MatMul(x, w)', 's = ReduceSum(w)', 'y = Add(m, s)'] })
    const { document } = await runPass(model, quantizeDynamic, all)
    expect(document.model.graph.initializers.map(({ name }) => name)).toContain('w')
  })

  it.each([
    ['small weights', matMul, {}],
    ['nodes that are excluded', matMul, { ...all, excludeNodes: ['dense'] }],
    ['nodes that are not among those named', matMul, { ...all, nodes: ['other'] }],
    ['kinds of nodes that are not asked for', matMul, { ...all, opTypes: ['Conv'] }],
    ['products of two activations', { ...matMul, inputs: { x: 'float32[4,16]', w: 'float32[16,8]' }, initializers: {}, nodes: ['y = MatMul(x, w)'] }, all],
    ['weights that are defaults of inputs', { ...matMul, inputs: { x: 'float32[4,16]', w: 'float32[16,8]' } }, all],
  ] satisfies [string, ModelSpec, object][])('%s', async (_, spec, options) => {
    const { transaction } = await runPass(buildModel(spec), quantizeDynamic, options)
    expect(transaction.changes).toEqual([])
  })

  it.each([
    ['16-bit weights', { ...matMul, inputs: { x: 'float16[4,16]' }, outputs: { y: 'float16[4,8]' }, initializers: { w: filledTensor('float16', [16, 8], 0x3800) }, nodes: ['y = MatMul(x, w)'] }],
    ['weights that are not finite', { ...matMul, initializers: { w: filledTensor('float32', [16, 8], 1, Infinity) }, nodes: ['y = MatMul(x, w)'] }],
    ['a turned first input', { ...gemm, inputs: { x: 'float32[16,4]' }, nodes: [['y = Gemm(x, w, b)', { transA: 1, transB: 1 }]] }],
  ] satisfies [string, ModelSpec][])('%s, and says so', async (_, spec) => {
    const { transaction, diagnostics } = await runPass(buildModel(spec), quantizeDynamic, all)
    expect(transaction.changes).toEqual([])
    expect(diagnostics).toMatchObject([{ code: 'left-float', severity: 'warning' }])
  })

  it('a model whose opset cannot be raised, and says why', async () => {
    const { transaction, diagnostics } = await runPass(buildModel({ ...matMul, opset: 6 }), quantizeDynamic, all)
    expect(transaction.changes).toEqual([])
    expect(diagnostics).toMatchObject([{ code: 'opset-too-old' }])
  })
})

it('raises an opset before 11', async () => {
  const { document } = await runPass(buildModel({ ...matMul, opset: 9, irVersion: 4 }), quantizeDynamic, all)
  expect(document.model).toMatchObject({ irVersion: 6, opsetImports: [{ domain: '', version: 11 }] })
})

it('does nothing the second time, and undo brings everything back', async () => {
  const { document, transaction } = await runPass(buildModel(gemm), quantizeDynamic, all)
  expect((await runPass(document, quantizeDynamic, all)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(gemm))))
})

it('keeps the outputs of the sample resnet.onnx within 5 %', async () => {
  const file = openModelFile(join(ownSamples, 'digits/resnet.onnx'))
  try {
    const data = testData({ image: [1, 3, 48, 48] })
    const before = await outputsOf(file.model, data)
    const { document } = await runPass(file.model, quantizeDynamic)
    expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(0.05)
  } finally {
    file.close()
  }
})
