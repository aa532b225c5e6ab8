import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { eliminateCommonSubexpressions } from './eliminate-common-subexpressions'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const spec: ModelSpec = {
  inputs: { x: 'float32[2,4]' },
  outputs: { y: 'float32[2,4]' },
  initializers: { w: filledTensor('float32', [4, 4], 0.5, -0.25), v: filledTensor('float32', [4, 4], 0.5, -0.25), u: filledTensor('float32', [4, 4], 0.5) },
  nodes: ['a = MatMul(x, w)', 'b = MatMul(x, v)', ['c = LeakyRelu(a)', { alpha: 0.5 }], ['d = LeakyRelu(b)', { alpha: 0.5 }], 'e = MatMul(d, u)', 'f = Add(c, d)', 'y = Add(e, f)'],
}

it('keeps one of equal constants and of the chains that come of them', async () => {
  const data = testData({ x: [2, 4] })
  const before = await outputsOf(buildModel(spec), data)
  const { document } = await runPass(buildModel(spec), eliminateCommonSubexpressions)
  expect(opCounts(document)).toEqual({ MatMul: 2, LeakyRelu: 1, Add: 2 })
  expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['w', 'u'])
  expect(relativeError(before, await outputsOf(document, data))).toBe(0)
})

describe('keeps', () => {
  it.each([
    ['nodes with other attributes', ['a = LeakyRelu(x)', ['b = LeakyRelu(x)', { alpha: 0.5 }], 'y = Add(a, b)']],
    ['nodes that give another value each time', ['a = RandomNormalLike(x)', 'b = RandomNormalLike(x)', 'y = Add(a, b)']],
    ['nodes with other inputs', ['a = Relu(x)', 'b = Relu(a)', 'y = Add(a, b)']],
  ])('%s', async (_, nodes) => {
    const { transaction } = await runPass(buildModel({ ...spec, nodes: nodes as ModelSpec['nodes'], initializers: {} }), eliminateCommonSubexpressions)
    expect(transaction.changes).toEqual([])
  })

  it('names that the model gives out', async () => {
    const { document } = await runPass(buildModel({ ...spec, outputs: { a: null, b: null }, nodes: ['a = Relu(x)', 'b = Relu(x)'], initializers: {} }), eliminateCommonSubexpressions)
    expect(opCounts(document)).toEqual({ Relu: 2 })
  })
})

it('does nothing the second time, and undo brings everything back', async () => {
  const { document, transaction } = await runPass(buildModel(spec), eliminateCommonSubexpressions)
  expect((await runPass(document, eliminateCommonSubexpressions)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
