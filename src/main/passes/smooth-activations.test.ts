import { expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import type { CalibrationData } from './pass'
import { quantizeStatic } from './quantize-static'
import { smoothActivations } from './smooth-activations'
import { float32Tensor, outputsOf, relativeError, runPass, snapshot } from './testing/run-pass'

const WIDTH = 96
const noise = (count: number, seed: number) => Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed) * Math.cos(at * 4.1414 * seed + 1))
/** A few columns are far stronger than the rest, as in trained transformers. */
const strong = Array.from({ length: WIDTH }, (_, at) => (at % 32 === 3 ? 40 : 0.5 + (at % 7) / 10))

const normalized: ModelSpec = {
  inputs: { x: `float32[6,${WIDTH}]` },
  outputs: { y: 'float32[6,48]' },
  initializers: {
    scale: tensor('float32', [WIDTH], strong),
    shift: tensor('float32', [WIDTH], noise(WIDTH, 3)),
    w: tensor('float32', [WIDTH, 48], noise(WIDTH * 48, 5)),
    v: tensor('float32', [48, WIDTH], noise(WIDTH * 48, 7)),
  },
  nodes: ['n = LayerNormalization(x, scale, shift)', 'p = MatMul(n, w)', ['q = Gemm(n, v)', { transB: 1 }], 'y = Add(p, q)'],
}
const calibration: CalibrationData = {
  sampleCount: 12,
  description: 'test',
  synthetic: false,
  async *samples() {
    for (let at = 0; at < 12; at++) yield new Map([['x', float32Tensor([6, WIDTH], noise(6 * WIDTH, at + 20))]])
  },
}

async function quantizedError(model: ModelDocument): Promise<number> {
  const { document } = await runPass(model, quantizeStatic, {}, calibration)
  return relativeError(await outputsOf(buildModel(normalized), calibration), await outputsOf(document, calibration))
}

it('computes the same, and loses less in 8 bits', async () => {
  const { document, diagnostics } = await runPass(buildModel(normalized), smoothActivations, {}, calibration)
  expect(relativeError(await outputsOf(buildModel(normalized), calibration), await outputsOf(document, calibration))).toBeLessThan(1e-5)
  expect(diagnostics).toEqual([expect.objectContaining({ severity: 'info', code: 'smoothed' })])
  const smoothed = await quantizedError(document)
  expect(smoothed).toBeLessThan(0.7 * (await quantizedError(new ModelDocument(buildModel(normalized)))))
})

it('takes the strength that it is given', async () => {
  const half = await runPass(buildModel(normalized), smoothActivations, { strength: 0.5 }, calibration)
  expect(half.diagnostics[0]?.message).toContain("'n' 0.50")
})

it('leaves activations whose maker cannot take the scales, or that others read', async () => {
  const plain: ModelSpec = { ...normalized, nodes: ['n = Relu(x)', ...normalized.nodes.slice(1)] }
  const shared: ModelSpec = { ...normalized, outputs: { ...normalized.outputs, n: `float32[6,${WIDTH}]` } }
  for (const spec of [plain, shared]) expect((await runPass(buildModel(spec), smoothActivations, {}, calibration)).transaction.changes).toEqual([])
})

it('is taken back by undo', async () => {
  const { document, transaction } = await runPass(buildModel(normalized), smoothActivations, {}, calibration)
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(normalized))))
})
