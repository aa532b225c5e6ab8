import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { quantizeStatic } from './quantize-static'
import { reEstimateNormalization } from './re-estimate-normalization'
import { snapshotModel } from './recovery/snapshot-model'
import { outputsOf, relativeError, runner, runPass, snapshot, testData } from './testing/run-pass'

/** The normalization stands behind an Add of two branches, so that no layer can take it in. */
const spec: ModelSpec = {
  inputs: { x: 'float32[1,4,6,6]' },
  outputs: { y: 'float32[1,4,6,6]' },
  initializers: {
    w: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3, 0.3, -0.7),
    scale: filledTensor('float32', [4], 2, 3, -2.5),
    shift: filledTensor('float32', [4], 0.1, -0.2),
    mean: filledTensor('float32', [4], 0.3, -0.1),
    variance: filledTensor('float32', [4], 0.05, 0.1),
  },
  nodes: [['c = Conv(x, w)', { pads: [1, 1, 1, 1] }, 'conv'], 'a = Add(c, x)', 'n = BatchNormalization(a, scale, shift, mean, variance)', 'y = Relu(n)'],
}
const calibration = testData({ x: [1, 4, 6, 6] }, 6)

/** The input's range is cut in half, so that its statistics move. */
async function quantized() {
  const document = new ModelDocument(buildModel(spec))
  const float = snapshotModel(document)
  await runPass(document, quantizeStatic, { tensorOverrides: { x: { min: -0.5, max: 0.3 } } }, calibration)
  return { document, context: { calibration, runner, float, signal: new AbortController().signal, progress: () => undefined, report: () => undefined } }
}

const reEstimate = ({ document, context }: Awaited<ReturnType<typeof quantized>>) =>
  document.transact('re-estimate', (edit) => reEstimateNormalization.run(edit, reEstimateNormalization.options.parse({}), context))

describe('re-estimating normalization', () => {
  it('brings the outputs nearer to those of the float model', async () => {
    const made = await quantized()
    const float = await outputsOf(buildModel(spec), calibration)
    const before = relativeError(float, await outputsOf(made.document, calibration))
    await reEstimate(made)
    expect(relativeError(float, await outputsOf(made.document, calibration))).toBeLessThan(0.9 * before)
  })

  it('is taken back by undo', async () => {
    const made = await quantized()
    const before = snapshot(made.document)
    made.document.undo(await reEstimate(made))
    expect(snapshot(made.document)).toEqual(before)
  })

  it('changes nothing where no normalization is left', async () => {
    const model: ModelSpec = { ...spec, nodes: [...spec.nodes.slice(0, 2), 'y = Relu(a)'] }
    const document = new ModelDocument(buildModel(model))
    const float = snapshotModel(document)
    await runPass(document, quantizeStatic, {}, calibration)
    const { context } = await quantized()
    expect((await reEstimate({ document, context: { ...context, float } })).changes).toEqual([])
  })
})
