import { expect, it } from 'vitest'
import type { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { quantizeStatic } from '../quantize-static'
import { opCounts, outputsOf, relativeError, runPass, testData } from '../testing/run-pass'

/** The second layer has one large weight, for a channel that is always 0: in integers with one scale, the others would have nothing left. */
const spec: ModelSpec = {
  inputs: { x: 'float32[1,2,6,6]' },
  outputs: { y: 'float32[1,2,6,6]' },
  initializers: {
    w1: filledTensor('float32', [4, 2, 1, 1], 0.5, -0.25, 0.3),
    b1: filledTensor('float32', [4], -1, 0.5, 0.6, 0.7),
    w2: { dtype: 'float32', dims: [4, 4, 1, 1], values: [200, 0, 0, 0, 0, 0.5, 0.2, 0.1, 0, 0.3, 0.6, -0.1, 0, 0.2, 0.3, 0.4] },
    w3: { dtype: 'float32', dims: [2, 4, 1, 1], values: [0.5, 1, 0.9, 0.8, 0.5, 0.5, -0.7, 1] },
  },
  nodes: ['a = Conv(x, w1, b1)', 'r = Relu(a)', ['b = Conv(r, w2)', {}, 'second'], 'r2 = Relu(b)', 'y = Conv(r2, w3)'],
}
const data = testData({ x: [1, 2, 6, 6] }, 4)

async function errorWithout(nodes: string[]): Promise<{ document: ModelDocument; error: number }> {
  const { document } = await runPass(buildModel(spec), quantizeStatic, { perChannel: false, excludeNodes: nodes }, data)
  return { document, error: relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data)) }
}

it('keeps a layer float that is left out, though onnxruntime would quantize its weights between integers', async () => {
  expect((await errorWithout([])).error).toBeGreaterThan(0.5)
  expect((await errorWithout(['second'])).error).toBeLessThan(0.01)
})

it('adds nothing where every layer is quantized, or where the float layer reads no integers', async () => {
  expect(opCounts((await errorWithout([])).document)['Clip']).toBeUndefined()
  const first: ModelSpec = { ...spec, nodes: [['a = Conv(x, w1, b1)', {}, 'first'], ...spec.nodes.slice(1)] }
  const { document } = await runPass(buildModel(first), quantizeStatic, { excludeNodes: ['first'] }, data)
  expect(opCounts(document)['Clip']).toBeUndefined()
})

it('is one Clip for all layers that read a value', async () => {
  const twice: ModelSpec = { ...spec, outputs: { ...spec.outputs, z: 'float32[1,2,6,6]' }, nodes: [...spec.nodes, ['b2 = Conv(r, w2)', {}, 'third'], 'z = Conv(b2, w3)'] }
  const { document } = await runPass(buildModel(twice), quantizeStatic, { excludeNodes: ['second', 'third'] }, data)
  expect(opCounts(document)['Clip']).toBe(1)
})
