import { expect, it } from 'vitest'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { convertQuantization } from './convert-quantization'
import { dequantize } from './dequantize'
import { quantizeDynamic } from './quantize-dynamic'
import { quantizeStatic } from './quantize-static'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const spec: ModelSpec = {
  inputs: { x: 'float32[1,4,8,8]' },
  outputs: { y: null },
  initializers: {
    w1: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3, 0.3, -0.7),
    b1: filledTensor('float32', [4], 0.1, -0.2),
    w2: filledTensor('float32', [4, 4, 1, 1], -0.5, 0.25, 0.2, -0.1, 0.3),
  },
  nodes: [['c1 = Conv(x, w1, b1)', { pads: [1, 1, 1, 1] }, 'one'], 'r = Relu(c1)', ['c2 = Conv(r, w2)', {}, 'two'], 'y = Add(c2, r)'],
}
const data = testData({ x: [1, 4, 8, 8] })
const quantized = async () => (await runPass(buildModel(spec), quantizeStatic, {}, data)).document

it.each(['pairs', 'operators'])('makes float of %s, as near to the source as the integers were', async (to) => {
  const source = await outputsOf(buildModel(spec), data)
  const document = await quantized()
  const before = relativeError(source, await outputsOf(document, data))
  await runPass(document, convertQuantization, { to })
  await runPass(document, dequantize)
  expect(Object.keys(opCounts(document)).filter((opType) => /Linear$|^Q/.test(opType))).toEqual([])
  // The Relu that quantization stood for is a Clip from 0 now.
  expect(opCounts(document)).toMatchObject({ Conv: 2 })
  expect(document.model.graph.initializers.every(({ dataType }) => dataType === 1)).toBe(true)
  expect(relativeError(source, await outputsOf(document, data))).toBeLessThan(Math.max(before, 0.005))
})

it('makes float of a table of embeddings', async () => {
  const table: ModelSpec = { inputs: { x: 'float32[3,16]' }, outputs: { y: 'float32[3,16]' }, initializers: { t: filledTensor('float32', [40, 16], 0.5, -0.25, 0.125), ids: tensor('int64', [3], [3, 0, 39]) }, nodes: ['e = Gather(t, ids)', 'y = Add(x, e)'] }
  const rows = testData({ x: [3, 16] })
  const { document } = await runPass(buildModel(table), quantizeDynamic, { minElements: 0 })
  const before = await outputsOf(document, rows)
  const { diagnostics } = await runPass(document, dequantize)
  expect([opCounts(document), diagnostics]).toEqual([{ Gather: 1, Add: 1 }, []])
  expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['ids', 't.q.real'])
  expect(relativeError(before, await outputsOf(document, rows))).toBeLessThan(1e-6)
})

it('leaves a float model alone, and undo brings everything back', async () => {
  expect((await runPass(buildModel(spec), dequantize)).transaction.changes).toEqual([])
  const document = await quantized()
  const before = snapshot(document)
  const { transaction } = await runPass(document, dequantize)
  expect((await runPass(document, dequantize)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(before)
})
