import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SensitivityResult } from '#shared/measurement'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../../runtime/model-file'
import { quantizeStatic } from '../quantize-static'
import { snapshotModel } from '../recovery/snapshot-model'
import { ownSamples, runner, runPass, testData } from '../testing/run-pass'
import { analyzeSensitivity } from './analyze-sensitivity'
import { measureSensitivity } from './measure-sensitivity'

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
const context = { calibration, runner, signal: new AbortController().signal, progress: () => undefined }

async function sensitivities(options: Record<string, unknown>) {
  const document = new ModelDocument(buildModel(spec))
  const float = snapshotModel(document)
  await runPass(document, quantizeStatic, options, calibration)
  return measureSensitivity({ float, quantized: document.model, context, limit: 4 })
}

describe('sensitivity', () => {
  it('is worst for the layer that suits its scale least, and not for its neighbours', async () => {
    const layers = await sensitivities({ perChannel: false })
    expect(layers.map(({ nodeName }) => nodeName)).toEqual(['first', 'second', 'third'])
    const [first, second, third] = layers.map(({ outputSqnrDb }) => outputSqnrDb)
    expect(second).toBeLessThan(10)
    expect(Math.min(first ?? 0, third ?? 0)).toBeGreaterThan(25)
  })

  it('follows the options: a scale for each channel mends that layer, though the opset had to be raised for it', async () => {
    const layers = await sensitivities({ perChannel: true })
    for (const { layerSqnrDb, outputSqnrDb } of layers) expect(Math.min(layerSqnrDb, outputSqnrDb)).toBeGreaterThan(25)
  })

  it('stops when it is cancelled', async () => {
    const document = new ModelDocument(buildModel(spec))
    const float = snapshotModel(document)
    await runPass(document, quantizeStatic, {}, calibration)
    const cancelled = measureSensitivity({ float, quantized: document.model, context: { ...context, signal: AbortSignal.abort() }, limit: 4 })
    await expect(cancelled).rejects.toThrow(expect.objectContaining({ code: 'cancelled' }))
  })

  it('of the sample resnet.onnx names nodes of the file itself', async () => {
    const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-sensitivity-'))
    const modelPath = join(ownSamples, 'digits/resnet.onnx')
    const file = openModelFile(modelPath)
    try {
      const data = { kind: 'path', path: join(ownSamples, 'digits/calibration.npz') } as const
      const result = await analyzeSensitivity({ modelPath, data, options: {}, samples: 4 }, { scratchFolder, signal: new AbortController().signal, progress: () => undefined })
      expect(SensitivityResult.parse(result)).toEqual(result)
      const names = new Map(file.model.graph.nodes.map((node) => [node.id, node.name]))
      expect(result.layers.length).toBeGreaterThan(10)
      for (const { nodeId, nodeName } of result.layers) expect(names.get(nodeId)).toBe(nodeName)
      // Layers together cost more than any one of them.
      expect(result.allQuantizedDb).toBeLessThan(Math.min(...result.layers.map(({ outputSqnrDb }) => outputSqnrDb)) + 1)
    } finally {
      file.close()
      rmSync(scratchFolder, { recursive: true, force: true })
    }
  })
})
