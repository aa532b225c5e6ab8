import { describe, expect, it } from 'vitest'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { tensorNumbers } from '#shared/onnx/tensor-data'
import { ModelDocument } from '#shared/onnx/document'
import { foldConstants } from './fold-constants'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const types = { inputs: { x: 'float32[2,3]' }, outputs: { y: 'float32[2,3]' } }

function valuesOf(document: ModelDocument, name: string): unknown[] {
  const found = document.initializer(document.model.graph, name)
  return found ? Array.from(tensorNumbers(found) as ArrayLike<number | bigint>) : []
}

describe('folds', () => {
  it('chains of nodes that depend on constants only, as onnxruntime computes them', async () => {
    const spec: ModelSpec = {
      ...types,
      initializers: { w: tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6]), two: tensor('float32', [], [2]) },
      nodes: [['t = Transpose(w)', { perm: [1, 0] }], 'd = Div(t, two)', 'y = Mul(x, d)'],
    }
    const { document } = await runPass(buildModel(spec), foldConstants)
    expect(opCounts(document)).toEqual({ Mul: 1 })
    expect(valuesOf(document, 'd')).toEqual([0.5, 1.5, 2.5, 1, 2, 3])
  })

  it('Constant nodes of every plain form', async () => {
    const model = buildModel({
      ...types,
      nodes: [
        ['a = Constant()', { value: tensor('float32', [3], [1, 2, 3]) }],
        ['s = Constant()', { value_ints: [2, 3] }],
        ['f = Constant()', { value_float: { type: 'float', value: 0.5 } }],
        'r = Reshape(x, s)',
        'm = Mul(r, a)',
        'y = Mul(m, f)',
      ],
    })
    const { document } = await runPass(model, foldConstants)
    expect(opCounts(document)).toEqual({ Reshape: 1, Mul: 2 })
    expect([valuesOf(document, 'a'), valuesOf(document, 's'), valuesOf(document, 'f')]).toEqual([[1, 2, 3], [2n, 3n], [0.5]])
  })

  it('the Shape of a value whose dimensions are all known, and what is computed from it', async () => {
    const model = buildModel({ ...types, initializers: { one: tensor('int64', [], [1n]) }, nodes: ['s = Shape(x)', 'g = Gather(s, one)', 'f = Cast(g)', 'y = Mul(x, f)'].map((text) => (text.includes('Cast') ? ([text, { to: 1 }] as const) : text)) })
    const { document } = await runPass(model, foldConstants)
    expect(opCounts(document)).toEqual({ Mul: 1 })
    expect(valuesOf(document, 'f')).toEqual([3])
  })

  it('within subgraphs; a large result that two branches share is stored once, outside', async () => {
    const branch = (name: string) => ({ outputs: { [name]: 'float32[2,64]' }, nodes: [[`w_${name} = Transpose(big)`, { perm: [1, 0] }] as const, `${name} = MatMul(x, w_${name})`] })
    const model = buildModel({
      inputs: { x: 'float32[2,100]', c: 'bool[]' },
      outputs: { y: 'float32[2,64]' },
      initializers: { big: filledTensor('float32', [64, 100], 1, 2, 3) },
      nodes: [['y = If(c)', { then_branch: branch('a'), else_branch: branch('b') }]],
    })
    const { document } = await runPass(model, foldConstants)
    const inner = document.graphs().filter((graph) => graph !== document.model.graph)
    expect(inner.map((graph) => graph.nodes.map(({ opType }) => opType))).toEqual([['MatMul'], ['MatMul']])
    expect(inner.every((graph) => graph.initializers.length === 0)).toBe(true)
    expect(document.model.graph.initializers.map(({ dims }) => dims)).toEqual([
      [64, 100],
      [100, 64],
    ])
  })

  it('defaults of inputs, where asked to, so that weights listed as inputs count as constants', async () => {
    const spec: ModelSpec = { inputs: { x: 'float32[2,3]', w: 'float32[3]' }, outputs: { y: 'float32[2,3]' }, initializers: { w: tensor('float32', [3], [1, 2, 3]) }, nodes: ['n = Neg(w)', 'y = Mul(x, n)'] }
    const kept = await runPass(buildModel(spec), foldConstants, { defaultsAreConstants: false })
    expect(kept.transaction.changes).toEqual([])
    const { document, diagnostics } = await runPass(buildModel(spec), foldConstants)
    expect(document.model.graph.inputs.map(({ name }) => name)).toEqual(['x'])
    expect(opCounts(document)).toEqual({ Mul: 1 })
    expect(diagnostics.map(({ code }) => code)).toEqual(['defaults-are-constants'])
  })
})

describe('leaves alone', () => {
  it.each([
    ['random nodes', { nodes: [['r = RandomNormal()', { shape: [2, 3] }], 'y = Add(x, r)'] }],
    ['quantized weights', { initializers: { q: tensor('int8', [3], [1, 2, 3]), s: tensor('float32', [], [0.5]) }, nodes: ['w = DequantizeLinear(q, s)', 'y = Mul(x, w)'] }],
    ['results that are much larger than what they are computed from', { initializers: { s: tensor('int64', [2], [2n, 30_000n]) }, nodes: ['big = ConstantOfShape(s)', 'n = ReduceSum(big)', 'y = Add(x, n)'] }],
    ['shapes that depend on the input', { inputs: { x: 'float32[N,3]' }, initializers: { zero: tensor('float32', [], [0]) }, nodes: ['s = Shape(x)', ['f = Cast(s)', { to: 1 }], 'm = ReduceMax(f)', 'z = Mul(m, zero)', 'y = Add(x, z)'] }],
    ['operators that onnxruntime does not know', { opsets: { custom: 1 }, initializers: { w: tensor('float32', [3], [1, 2, 3]) }, nodes: ['n = custom.Mystery(w)', 'y = Mul(x, n)'] }],
    ['what an output is made of', { outputs: { y: 'float32[2,3]', k: 'float32[3]' }, initializers: { w: tensor('float32', [3], [1, 2, 3]) }, nodes: ['k = Neg(w)', 'y = Mul(x, k)'] }],
  ] satisfies [string, Partial<ModelSpec> & Pick<ModelSpec, 'nodes'>][])('%s', async (_, spec) => {
    const { transaction } = await runPass(buildModel({ ...types, ...spec }), foldConstants)
    expect(transaction.changes).toEqual([])
  })

  it('a node that onnxruntime refuses, folding the others', async () => {
    const model = buildModel({
      ...types,
      initializers: { w: tensor('float32', [3], [1, 2, 3]), bad: tensor('int64', [1], [7n]) },
      nodes: ['n = Neg(w)', 'r = Reshape(w, bad)', 's = ReduceSum(r)', 'm = Mul(x, n)', 'y = Add(m, s)'],
    })
    const { document, diagnostics } = await runPass(model, foldConstants)
    expect(opCounts(document)).toEqual({ Reshape: 1, ReduceSum: 1, Mul: 1, Add: 1 })
    expect(diagnostics).toMatchObject([{ code: 'not-folded', severity: 'info' }])
  })
})

it('does nothing the second time, leaves outputs as they were, and undo brings everything back', async () => {
  const spec: ModelSpec = { ...types, initializers: { w: tensor('float32', [3], [1, 2, 3]) }, nodes: [['c = Constant()', { value: tensor('float32', [3], [4, 5, 6]) }], 'n = Add(w, c)', 'e = Sqrt(n)', 'y = Mul(x, e)'] }
  const data = testData({ x: [2, 3] })
  const before = await outputsOf(buildModel(spec), data)
  const { document, transaction } = await runPass(buildModel(spec), foldConstants)
  expect(relativeError(before, await outputsOf(document, data))).toBeLessThanOrEqual(1e-7)
  expect((await runPass(document, foldConstants)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
