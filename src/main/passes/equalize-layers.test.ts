import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../runtime/model-file'
import { eliminateDeadNodes } from './eliminate-dead-nodes'
import { equalizeLayers } from './equalize-layers'
import { foldBatchNormalization } from './fold-batch-normalization'
import { foldConstants } from './fold-constants'
import { channelPeaks, layerOf } from './recovery/layer-weights'
import { findLayerPairs } from './recovery/layer-pairs'
import { outputsOf, ownSamples, relativeError, runPass, snapshot, testData } from './testing/run-pass'
import { floatValues } from './weight-store'

/** Channels 0 and 2 of the first layer are far apart. */
const spec: ModelSpec = {
  inputs: { x: 'float32[1,2,5,5]' },
  outputs: { y: 'float32[1,2,5,5]' },
  initializers: {
    w1: { dtype: 'float32', dims: [3, 2, 1, 1], values: [8, -4, 0.5, 0.25, 0.03, 0.01] },
    b1: filledTensor('float32', [3], 1, 0.5, -0.02),
    w2: { dtype: 'float32', dims: [2, 3, 1, 1], values: [0.1, 1, 5, -0.05, 0.5, 3] },
    slope: filledTensor('float32', [3, 1, 1], 0.1, 0.2, 0.3),
    zero: { dtype: 'float32', dims: [], values: [0] },
    bound: { dtype: 'float32', dims: [], values: [6] },
  },
  nodes: ['c = Conv(x, w1, b1)', 'r = Relu(c)', 'y = Conv(r, w2)'],
}
const data = testData({ x: [1, 2, 5, 5] }, 8)

function peaks(document: ModelDocument): { before: Float64Array; after: Float64Array } {
  const [pair] = findLayerPairs(document, document.model.graph)
  if (!pair) throw new Error('no pair of layers')
  return { before: channelPeaks(floatValues(pair.first.weight), pair.first.outputs), after: channelPeaks(floatValues(pair.second.weight), pair.second.inputs) }
}

describe('evens out the channels between two layers', () => {
  it.each([
    ['Relu', 'r = Relu(c)'],
    ['PRelu', 'r = PRelu(c, slope)'],
    ['nothing but pooling', 'r = MaxPool(c)'],
  ])('through %s', async (_, between) => {
    const model = () => buildModel({ ...spec, nodes: [spec.nodes[0] ?? '', between.startsWith('r = MaxPool') ? [between, { kernel_shape: [1, 1] }] : between, 'y = Conv(r, w2)'] })
    const { document } = await runPass(model(), equalizeLayers)
    const { before, after } = peaks(document)
    before.forEach((peak, channel) => expect(peak).toBeCloseTo(after[channel] ?? NaN, 2))
    expect(relativeError(await outputsOf(model(), data), await outputsOf(document, data))).toBeLessThan(1e-6)
  })

  it('through Clip only as far as no channel comes to its bound', async () => {
    const model = () => buildModel({ ...spec, nodes: ['c = Conv(x, w1, b1)', 'r = Clip(c, zero, bound)', 'y = Conv(r, w2)'] })
    const { document } = await runPass(model(), equalizeLayers, {}, data)
    const { before, after } = peaks(document)
    // The first channel reaches 6 in the samples; the last does not.
    expect(before[0]).toBe(8)
    expect(before[2]).toBeCloseTo(after[2] ?? NaN, 2)
    expect(relativeError(await outputsOf(model(), data), await outputsOf(document, data))).toBeLessThan(1e-6)
  })

  it('in chains with depthwise layers of the sample mobilenet.onnx, which computes the same afterwards', async () => {
    const file = openModelFile(join(ownSamples, 'digits/mobilenet.onnx'))
    try {
      const images = testData({ image: [1, 3, 48, 48] })
      const { document } = await runPass(file.model, foldConstants)
      await runPass(document, eliminateDeadNodes)
      await runPass(document, foldBatchNormalization)
      const expected = await outputsOf(document, images)
      const { transaction } = await runPass(document, equalizeLayers, {}, images)
      expect(transaction.changes.length).toBeGreaterThan(30)
      expect(relativeError(expected, await outputsOf(document, images))).toBeLessThan(1e-5)
    } finally {
      file.close()
    }
  })
})

describe('high biases', () => {
  const model = () => buildModel({ ...spec, initializers: { ...spec.initializers, b1: filledTensor('float32', [3], 20, 3, 1) } })
  const biasOf = (document: ModelDocument) => {
    const [node] = document.model.graph.nodes
    const layer = node && layerOf(document, document.model.graph, node)
    return layer?.bias ? floatValues(layer.bias) : new Float32Array()
  }

  it('move on into the next layer, which then has a bias', async () => {
    const [absorbed, kept] = [await runPass(model(), equalizeLayers, {}, data), await runPass(model(), equalizeLayers, { absorbHighBias: false }, data)]
    biasOf(kept.document).forEach((value, channel) => expect(biasOf(absorbed.document)[channel]).toBeLessThan(value))
    expect(absorbed.document.model.graph.nodes.at(-1)?.inputs).toHaveLength(3)
    expect(relativeError(await outputsOf(model(), data), await outputsOf(absorbed.document, data))).toBeLessThan(1e-6)
  })

  it('stay before a layer that pads: zeros at the border would be missing them', async () => {
    const padded = () => buildModel({ ...spec, initializers: { ...spec.initializers, b1: filledTensor('float32', [3], 20, 3, 1) }, nodes: ['c = Conv(x, w1, b1)', 'r = Relu(c)', ['y = Conv(r, w2)', { pads: [1, 1, 1, 1] }]], outputs: { y: 'float32[1,2,7,7]' } })
    const { document } = await runPass(padded(), equalizeLayers, {}, data)
    expect(document.model.graph.nodes.at(-1)?.inputs).toHaveLength(2)
    expect(relativeError(await outputsOf(padded(), data), await outputsOf(document, data))).toBeLessThan(1e-6)
  })
})

describe('leaves layers', () => {
  it.each([
    ['whose value between is given out', { outputs: { y: 'float32[1,2,5,5]', r: 'float32[1,3,5,5]' } }],
    ['with something between that is not linear by halves', { nodes: ['c = Conv(x, w1, b1)', 'r = Sigmoid(c)', 'y = Conv(r, w2)'] }],
    ['with a Clip between, without data', { nodes: ['c = Conv(x, w1, b1)', 'r = Clip(c, zero, bound)', 'y = Conv(r, w2)'] }],
    ['that share their weights', { nodes: ['c = Conv(x, w1, b1)', 'r = Relu(c)', 'y = Conv(r, w2)', 'z = Conv(x, w1)'], outputs: { y: 'float32[1,2,5,5]', z: 'float32[1,3,5,5]' } }],
  ])('%s', async (_, changed) => {
    expect((await runPass(buildModel({ ...spec, ...changed }), equalizeLayers)).transaction.changes).toEqual([])
  })
})

it('does nothing the second time, and undo brings everything back', async () => {
  const { document, transaction } = await runPass(buildModel(spec), equalizeLayers)
  expect((await runPass(document, equalizeLayers)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
