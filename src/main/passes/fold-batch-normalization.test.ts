import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../runtime/model-file'
import { eliminateDeadNodes } from './eliminate-dead-nodes'
import { foldBatchNormalization } from './fold-batch-normalization'
import { opCounts, outputsOf, ownSamples, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const spec: ModelSpec = {
  inputs: { x: 'float32[1,2,5,5]' },
  outputs: { y: 'float32[1,3,3,3]' },
  initializers: {
    w: filledTensor('float32', [3, 2, 3, 3], 0.5, -0.25, 0.125, 1, -1),
    b: filledTensor('float32', [3], 0.5, -1, 2),
    scale: filledTensor('float32', [3], 1.5, -0.5, 3),
    shift: filledTensor('float32', [3], 0.1, 0.2, -0.3),
    mean: filledTensor('float32', [3], 0.4, -0.2, 0),
    variance: filledTensor('float32', [3], 0.01, 2, 1),
  },
  nodes: ['c = Conv(x, w, b)', ['n = BatchNormalization(c, scale, shift, mean, variance)', { epsilon: 0.001 }], 'y = Relu(n)'],
}

describe('folds a BatchNormalization into the layer before it', () => {
  it('with a bias', async () => {
    const data = testData({ x: [1, 2, 5, 5] })
    const before = await outputsOf(buildModel(spec), data)
    const { document } = await runPass(buildModel(spec), foldBatchNormalization)
    expect(opCounts(document)).toEqual({ Conv: 1, Relu: 1 })
    expect(document.model.graph.initializers).toHaveLength(2)
    expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(1e-6)
  })

  it('without one', async () => {
    const model = () => buildModel({ ...spec, nodes: ['c = Conv(x, w)', ...spec.nodes.slice(1)] })
    const data = testData({ x: [1, 2, 5, 5] })
    const { document } = await runPass(model(), foldBatchNormalization)
    expect(opCounts(document)).toEqual({ Conv: 1, Relu: 1 })
    expect(relativeError(await outputsOf(model(), data), await outputsOf(document, data))).toBeLessThan(1e-6)
  })

  it('in a ConvTranspose with groups, and in Gemm with alpha, beta and either layout', async () => {
    const channels = (count: number) => ({ scale: filledTensor('float32', [count], 1.5, -0.5, 3), shift: filledTensor('float32', [count], 0.1, 0.2, -0.3), mean: filledTensor('float32', [count], 0.4, -0.2, 0), variance: filledTensor('float32', [count], 0.01, 2, 1) })
    const bn = 'y = BatchNormalization(c, scale, shift, mean, variance)'
    const turned: ModelSpec = {
      inputs: { x: 'float32[1,4,5,5]' },
      outputs: { y: 'float32[1,6,7,7]' },
      initializers: { w: filledTensor('float32', [4, 3, 3, 3], 0.5, -0.25, 0.125, 1, -1), b: filledTensor('float32', [6], 0.5, -1, 2), ...channels(6) },
      nodes: [['c = ConvTranspose(x, w, b)', { group: 2 }], bn],
    }
    const gemm = (transB: number): ModelSpec => ({
      inputs: { x: 'float32[2,4]' },
      outputs: { y: 'float32[2,3]' },
      initializers: { w: filledTensor('float32', transB ? [3, 4] : [4, 3], 0.5, -0.25, 0.125, 1, -1), b: filledTensor('float32', [3], 0.5, -1, 2), ...channels(3) },
      nodes: [['c = Gemm(x, w, b)', { transB, alpha: 0.5, beta: 2.5 }], bn],
    })
    for (const [model, inputs] of [[turned, { x: [1, 4, 5, 5] }], [gemm(0), { x: [2, 4] }], [gemm(1), { x: [2, 4] }]] as const) {
      const data = testData(inputs)
      const { document } = await runPass(buildModel(model), foldBatchNormalization)
      expect(document.model.graph.nodes).toHaveLength(1)
      expect(relativeError(await outputsOf(buildModel(model), data), await outputsOf(document, data))).toBeLessThan(1e-6)
    }
  })

  it.each([['resnet.onnx'], ['mobilenet.onnx']])('in the sample %s, within 1e-5 of the outputs', async (name) => {
    const file = openModelFile(join(ownSamples, 'digits', name))
    try {
      const data = testData({ image: [1, 3, 48, 48] })
      const before = await outputsOf(file.model, data)
      // Statistics reach some nodes through Identity.
      const { document } = await runPass(file.model, eliminateDeadNodes)
      await runPass(document, foldBatchNormalization)
      expect(opCounts(document)['BatchNormalization']).toBeUndefined()
      expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(1e-5)
    } finally {
      file.close()
    }
  })
})

describe('leaves it', () => {
  it.each([
    ['after another reader of the Conv', { outputs: { y: 'float32[1,3,3,3]', c: 'float32[1,3,3,3]' } }],
    ['after something that is no layer', { nodes: ['c = Conv(x, w, b)', 'r = Relu(c)', 'n = BatchNormalization(r, scale, shift, mean, variance)', 'y = Relu(n)'] }],
    ['whose statistics are fed', { inputs: { x: 'float32[1,2,5,5]', fed: 'float32[3]' }, nodes: ['c = Conv(x, w, b)', 'n = BatchNormalization(c, scale, shift, fed, variance)', 'y = Relu(n)'] }],
  ])('%s', async (_, changed) => {
    const { transaction } = await runPass(buildModel({ ...spec, ...changed }), foldBatchNormalization)
    expect(transaction.changes).toEqual([])
  })
})

it('does nothing the second time, and undo brings everything back', async () => {
  const { document, transaction } = await runPass(buildModel(spec), foldBatchNormalization)
  expect((await runPass(document, foldBatchNormalization)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
