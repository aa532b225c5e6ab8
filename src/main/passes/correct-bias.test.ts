import { describe, expect, it } from 'vitest'
import { AppError } from '#shared/errors'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { correctBias } from './correct-bias'
import type { CalibrationData, PassContext } from './pass'
import { quantizeStatic } from './quantize-static'
import { snapshotModel } from './recovery/snapshot-model'
import { float32Tensor, outputsOf, relativeError, runner, runPass, snapshot, testData } from './testing/run-pass'

/** One scale for weights of very different size: rounding shifts the means of the small channels. */
const spec: ModelSpec = {
  inputs: { x: 'float32[1,2,6,6]' },
  outputs: { y: 'float32[1,2,4,4]' },
  initializers: {
    w1: { dtype: 'float32', dims: [4, 2, 1, 1], values: [8, -4, 0.5, 0.3, 0.03, 0.09, 0.4, -0.02] },
    b1: filledTensor('float32', [4], 1, 0.5, 0.2),
    w2: filledTensor('float32', [2, 4, 3, 3], 0.01, 0.3, 0.05, -0.02, 0.7, -0.4, 0.033),
  },
  nodes: ['c = Conv(x, w1, b1)', 'r = Relu(c)', 'y = Conv(r, w2)'],
}
const data = testData({ x: [1, 2, 6, 6] }, 8)

async function quantized(model: () => ReturnType<typeof buildModel>): Promise<{ document: ModelDocument; context: PassContext }> {
  const document = new ModelDocument(model())
  const context: PassContext = { calibration: data, runner, float: snapshotModel(document), signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
  await runPass(document, quantizeStatic, { perChannel: false }, data)
  return { document, context }
}

describe('corrects biases of a quantized model', () => {
  it('so that outputs come nearer to those of the float model, and their means most of all', async () => {
    const { document, context } = await quantized(() => buildModel(spec))
    const float = await outputsOf(buildModel(spec), data)
    const before = await outputsOf(document, data)
    await document.transact('correct-bias', (edit) => correctBias.run(edit, { calibrationSamples: 8 }, context))
    const after = await outputsOf(document, data)
    expect(relativeError(float, after)).toBeLessThan(relativeError(float, before))
    const bias = (values: Float32Array) => Math.abs(values.reduce((sum, value, at) => sum + value - (float[at] ?? NaN), 0) / values.length)
    expect(bias(after)).toBeLessThan(bias(before) / 4)
    // The second layer had no bias: it has one now, of the integers that its kernel takes.
    expect(document.model.graph.nodes.find(({ outputs }) => outputs.some((name) => name.startsWith('y')))?.inputs).toHaveLength(3)
  })

  it('and undo brings everything back', async () => {
    const { document, context } = await quantized(() => buildModel(spec))
    const before = snapshot(document)
    const transaction = await document.transact('correct-bias', (edit) => correctBias.run(edit, { calibrationSamples: 8 }, context))
    expect(transaction.changes.length).toBeGreaterThan(0)
    document.undo(transaction)
    expect(snapshot(document)).toEqual(before)
  })

  it('and never makes them worse when it runs again', async () => {
    const { document, context } = await quantized(() => buildModel(spec))
    const float = await outputsOf(buildModel(spec), data)
    const correct = () => document.transact('correct-bias', (edit) => correctBias.run(edit, { calibrationSamples: 8 }, context))
    await correct()
    const once = relativeError(float, await outputsOf(document, data))
    await correct()
    expect(relativeError(float, await outputsOf(document, data))).toBeLessThanOrEqual(once)
  })
})

it('leaves a layer alone whose means on samples held out would be further off', async () => {
  // The first six samples fall between the steps of the range, the last two on them.
  const apart: CalibrationData = {
    ...data,
    async *samples() {
      for (let number = 0; number < 8; number++) yield new Map([['x', float32Tensor([1, 2, 6, 6], Array.from({ length: 72 }, (_, at) => (at === 0 ? 255 : number < 6 ? (at % 9) + 0.4 : at % 9)))]])
    },
  }
  const document = new ModelDocument(buildModel({ ...spec, outputs: { c: 'float32[1,4,6,6]' }, nodes: ['c = Conv(x, w1, b1)'] }))
  const found: string[] = []
  const context: PassContext = { calibration: apart, runner, float: snapshotModel(document), signal: new AbortController().signal, progress: () => undefined, report: ({ code }) => void found.push(code) }
  await runPass(document, quantizeStatic, {}, apart)
  const transaction = await document.transact('correct-bias', (edit) => correctBias.run(edit, { calibrationSamples: 8 }, context))
  expect(transaction.changes).toEqual([])
  expect(found).toEqual(['layers-not-corrected'])
})

it('leaves a model alone that has no integers', async () => {
  const document = new ModelDocument(buildModel(spec))
  const context: PassContext = { calibration: data, runner, float: snapshotModel(document), signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
  expect((await document.transact('correct-bias', (edit) => correctBias.run(edit, { calibrationSamples: 8 }, context))).changes).toEqual([])
})

it('says what it needs where nothing was quantized before it', async () => {
  await expect(runPass(buildModel(spec), correctBias, {}, data)).rejects.toThrow(AppError)
})
