import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { fuseBiasAdd } from './fuse-bias-add'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const conv: ModelSpec = {
  inputs: { x: 'float32[1,2,5,5]' },
  outputs: { y: 'float32[1,3,3,3]' },
  initializers: {
    w: filledTensor('float32', [3, 2, 3, 3], 0.5, -0.25, 0.125, 1, -1),
    b: filledTensor('float32', [3], 0.5, -1, 2),
    k: filledTensor('float32', [3, 1, 1], 2, -0.5, 3),
    s: filledTensor('float32', [], 0.25),
  },
  nodes: ['c = Conv(x, w, b)', 'm = Mul(c, k)', 'a = Add(s, m)', 'y = Relu(a)'],
}
const gemm: ModelSpec = {
  inputs: { x: 'float32[2,4]' },
  outputs: { y: 'float32[2,3]' },
  initializers: { w: filledTensor('float32', [3, 4], 0.5, -0.25, 0.125, 1, -1), b: filledTensor('float32', [1, 3], 0.5, -1, 2), k: filledTensor('float32', [3], 2, -0.5, 3) },
  nodes: [['g = Gemm(x, w, b)', { transB: 1, alpha: 0.5, beta: { type: 'float', value: 2 } }], 'm = Mul(g, k)', 'y = Add(m, k)'],
}

describe('takes Add and Mul of constants into', () => {
  it.each([
    ['a Conv with a bias', conv, { x: [1, 2, 5, 5] }, { Conv: 1, Relu: 1 }],
    ['a Conv without one', { ...conv, nodes: ['c = Conv(x, w)', ...conv.nodes.slice(1)] }, { x: [1, 2, 5, 5] }, { Conv: 1, Relu: 1 }],
    ['a Gemm with alpha and beta', gemm, { x: [2, 4] }, { Gemm: 1 }],
    ['a Gemm without a bias', { ...gemm, nodes: ['g = Gemm(x, v)', 'm = Mul(g, k)', 'y = Add(m, k)'], initializers: { ...gemm.initializers, v: filledTensor('float32', [4, 3], 0.5, -0.25) } }, { x: [2, 4] }, { Gemm: 1 }],
  ] as const)('%s', async (_, spec: ModelSpec, inputs: Record<string, readonly number[]>, counts) => {
    const data = testData(inputs)
    const before = await outputsOf(buildModel(spec), data)
    const { document } = await runPass(buildModel(spec), fuseBiasAdd)
    expect(opCounts(document)).toEqual(counts)
    expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(1e-6)
  })
})

describe('leaves', () => {
  it.each([
    ['a constant that differs from place to place', { ...conv, initializers: { ...conv.initializers, k: filledTensor('float32', [1, 3], 1, 2, 3) }, nodes: ['c = Conv(x, w, b)', 'y = Mul(c, k)'] }],
    ['what another node reads too', { ...conv, nodes: ['c = Conv(x, w, b)', 'm = Mul(c, k)', 'y = Add(m, c)'] }],
    ['a sum of two values', { ...conv, nodes: ['c = Conv(x, w, b)', 'd = Conv(x, w)', 'y = Add(c, d)'] }],
    ['a constant of more dimensions', { ...conv, initializers: { ...conv.initializers, k: filledTensor('float32', [1, 1, 3, 1, 1], 1) }, outputs: { y: null }, nodes: ['c = Conv(x, w, b)', 'y = Mul(c, k)'] }],
  ] as [string, ModelSpec][])('%s', async (_, spec) => {
    const { transaction } = await runPass(buildModel(spec), fuseBiasAdd)
    expect(transaction.changes).toEqual([])
  })
})

it('does nothing the second time, and undo brings everything back', async () => {
  const { document, transaction } = await runPass(buildModel(conv), fuseBiasAdd)
  expect((await runPass(document, fuseBiasAdd)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(conv))))
})
