import { expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { convertQuantization } from './convert-quantization'
import { quantizeStatic } from './quantize-static'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const spec: ModelSpec = {
  inputs: { x: 'float32[1,4,8,8]' },
  outputs: { y: 'float32[1,3]' },
  initializers: {
    w1: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3, 0.3, -0.7),
    b1: filledTensor('float32', [4], 0.1, -0.2),
    w2: filledTensor('float32', [4, 4, 1, 1], -0.5, 0.25, 0.2, -0.1, 0.3),
    w3: filledTensor('float32', [8, 3], 0.4, -0.3, 0.2, 0.7),
    b3: filledTensor('float32', [3], 0.2, -0.4),
    shape: tensor('int64', [2], [1n, 8n]),
  },
  nodes: [
    ['c1 = Conv(x, w1, b1)', { pads: [1, 1, 1, 1] }, 'one'],
    'r = Relu(c1)',
    ['c2 = Conv(r, w2)', {}, 'two'],
    'a = Add(c2, r)',
    ['j = Concat(a, c2)', { axis: 1 }],
    'g = GlobalAveragePool(j)',
    'f = Reshape(g, shape)',
    ['y = Gemm(f, w3, b3)', {}, 'three'],
  ],
}
const data = testData({ x: [1, 4, 8, 8] })
const quantized = async () => (await runPass(buildModel(spec), quantizeStatic, {}, data)).document

it('writes pairs as operators on integers, which give the same', async () => {
  const document = await quantized()
  const before = await outputsOf(document, data)
  await runPass(document, convertQuantization, { to: 'operators' })
  expect(opCounts(document)).toMatchObject({ QLinearConv: 2, QLinearAdd: 1, QLinearConcat: 1, QLinearGlobalAveragePool: 1 })
  expect(opCounts(document)).not.toHaveProperty('Conv')
  expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(0.01)
})

it('writes them back as pairs, which give the same', async () => {
  const document = await quantized()
  const before = await outputsOf(document, data)
  await runPass(document, convertQuantization, { to: 'operators' })
  await runPass(document, convertQuantization, { to: 'pairs' })
  expect(opCounts(document)).toMatchObject({ Conv: 2, Add: 1, Concat: 1, GlobalAveragePool: 1, Gemm: 1 })
  expect(Object.keys(opCounts(document)).filter((opType) => /^Q(Linear|Gemm)/.test(opType))).toEqual([])
  expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(0.01)
})

it('leaves a float model alone, and says so', async () => {
  const { transaction, diagnostics } = await runPass(buildModel(spec), convertQuantization, { to: 'operators' })
  expect(transaction.changes).toEqual([])
  expect(diagnostics).toMatchObject([{ code: 'nothing-to-convert' }])
})

it('does nothing the second time, and undo brings everything back', async () => {
  const document = await quantized()
  const before = snapshot(document)
  const { transaction } = await runPass(document, convertQuantization, { to: 'operators' })
  expect((await runPass(document, convertQuantization, { to: 'operators' })).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(before)
  expect(snapshot(new ModelDocument(buildModel(spec)))).not.toEqual(before)
})
