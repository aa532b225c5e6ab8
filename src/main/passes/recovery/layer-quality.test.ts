import { describe, expect, it } from 'vitest'
import type { LayerQuality } from '#shared/measurement'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { quantizeStatic } from '../quantize-static'
import { runner, runPass, testData } from '../testing/run-pass'
import { measureLayerQuality } from './layer-quality'
import { snapshotModel } from './snapshot-model'

/** The second layer has one large weight, for a channel that is always 0: with one scale for all of it, the others have nothing left. */
const spec: ModelSpec = {
  opset: 11,
  inputs: { x: 'float32[1,2,6,6]' },
  outputs: { y: 'float32[1,2,6,6]' },
  initializers: {
    w1: filledTensor('float32', [4, 2, 1, 1], 0.5, -0.25, 0.3),
    b1: filledTensor('float32', [4], -9, 0.5, 0.6, 0.7),
    w2: { dtype: 'float32', dims: [4, 4, 1, 1], values: [200, 0, 0, 0, 0, 0.5, 0.2, 0.1, 0, 0.3, 0.6, -0.1, 0, 0.2, 0.3, 0.4] },
    w3: { dtype: 'float32', dims: [2, 4, 1, 1], values: [0.5, 1, 0.9, 0.8, 0.5, 0.5, -0.7, 1] },
  },
  nodes: [['a = Conv(x, w1, b1)', {}, 'first'], 'r = Relu(a)', ['b = Conv(r, w2)', {}, 'second'], 'r2 = Relu(b)', ['y = Conv(r2, w3)', {}, 'third']],
}
const calibration = testData({ x: [1, 2, 6, 6] }, 4)

async function compared(options: Record<string, unknown>) {
  const document = new ModelDocument(buildModel(spec))
  const float = snapshotModel(document)
  await runPass(document, quantizeStatic, options, calibration)
  const told: LayerQuality[][] = []
  const context = { calibration, runner, signal: new AbortController().signal, progress: (_: string, __: number | null, ___?: string, layers?: LayerQuality[]) => void told.push(layers ?? []) }
  const layers = await measureLayerQuality({ float, quantized: document.model, context, limit: 4 })
  return { layers, told, ids: float.graph.nodes.filter(({ opType }) => opType === 'Conv').map(({ id }) => id) }
}

describe('layers beside the float model', () => {
  it('have a figure each, in order, by the ids of the float model, though the opset was raised', async () => {
    const { layers, ids } = await compared({})
    expect(layers.map(({ nodeId }) => nodeId)).toEqual(ids)
    for (const { sqnrDb } of layers) expect(sqnrDb).toBeGreaterThan(25)
  })

  it('are told of after each sample', async () => {
    const { layers, told } = await compared({})
    expect(told).toHaveLength(4)
    expect(told.at(-1)).toEqual(layers)
  })

  it('carry on what was lost before them', async () => {
    const { layers } = await compared({ perChannel: false })
    const [first = 0, second = 0, third = 0] = layers.map(({ sqnrDb }) => sqnrDb)
    expect(first).toBeGreaterThan(25)
    expect(second).toBeLessThan(10)
    expect(third).toBeLessThan(15)
  })

  it('are none in a float model', async () => {
    const float = buildModel(spec)
    const context = { calibration, runner, signal: new AbortController().signal, progress: () => undefined }
    expect(await measureLayerQuality({ float, quantized: buildModel(spec), context, limit: 4 })).toEqual([])
  })
})
