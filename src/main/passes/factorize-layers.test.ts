import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkModel } from '#shared/onnx/check/check-model'
import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { buildModel, tensor, type TensorSpec } from '#shared/onnx/testing/build-model'
import { openCalibrationData } from '../runtime/calibration-data'
import { openModelFile } from '../runtime/model-file'
import { decoupleConvolutions } from './decouple-convolutions'
import { factorizeLayers } from './factorize-layers'
import type { CalibrationData } from './pass'
import { float32Tensor, opCounts, outputsOf, ownSamples, relativeError, runPass, snapshot } from './testing/run-pass'

/** Numbers in -1 … 1 (Marsaglia's xorshift). */
function noise(count: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: count }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  })
}

function noisy(dims: readonly number[], seed: number): TensorSpec {
  return tensor('float32', dims, noise(dims.reduce((product, dim) => product * dim, 1), seed))
}

/** Values of `make(row, column)` summed over `rank` terms. */
function lowRank(dims: readonly number[], rank: number, make: (at: readonly number[], term: number) => number): TensorSpec {
  const count = dims.reduce((product, dim) => product * dim, 1)
  const values = Array.from({ length: count }, (_, index) => {
    const at = dims.map((_, axis) => Math.floor(index / dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)) % (dims[axis] ?? 1))
    let sum = 0
    for (let term = 0; term < rank; term++) sum += make(at, term)
    return sum
  })
  return tensor('float32', dims, values)
}

function data(dims: readonly number[], count = 6): CalibrationData {
  return {
    sampleCount: count,
    description: 'test',
    synthetic: false,
    async *samples() {
      for (let sample = 0; sample < count; sample++) yield new Map([['x', float32Tensor(dims, noise(dims.reduce((product, dim) => product * dim, 1), sample + 5).map((value) => value + 0.5))]])
    },
  }
}

function convModel(weight: TensorSpec, attributes: Record<string, number | string | readonly number[]>, input = '1,16,12,12'): Model {
  const [rows = 0] = weight.dims
  return buildModel({ inputs: { x: `float32[${input}]` }, outputs: { y: null }, initializers: { w: weight, b: noisy([rows], 9) }, nodes: [['c = Conv(x, w, b)', attributes, 'conv'], 'y = Relu(c)'] })
}

const a = noise(4096, 1)
const b = noise(4096, 2)
const value = (table: readonly number[], at: number) => table[at] ?? NaN

describe('factorize-layers', () => {
  it('writes a Conv of few independent output channels as two, with the same results', async () => {
    const weight = lowRank([32, 16, 3, 3], 8, ([row = 0, c = 0, y = 0, x = 0], term) => value(a, row * 8 + term) * value(b, term * 144 + c * 9 + y * 3 + x))
    const model = convModel(weight, { pads: [1, 0, 1, 2], strides: [2, 1], dilations: [1, 2] })
    const samples = data([1, 16, 12, 12])
    const source = await outputsOf(model, samples)
    const { document, layers, diagnostics } = await runPass(model, factorizeLayers, { keep: 'fewer-macs', forms: ['channels'], energy: 0.9999, minElements: 100 }, samples)
    expect(opCounts(document)).toEqual({ Conv: 2, Relu: 1 })
    expect(relativeError(source, await outputsOf(document, samples))).toBeLessThan(1e-4)
    expect(layers).toMatchObject([{ nodeName: 'conv', isChanged: true, note: 'channels, rank 8', figures: { rank1: 8, macsRatio: (8 * (144 + 32)) / (32 * 144) } }])
    expect(diagnostics).toMatchObject([{ code: 'layers-factored' }])
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
    // The node keeps its id, and nothing of the old layer stays in the file.
    expect(document.model.graph.nodes[1]?.name).toBe('conv')
    expect(document.initializer(document.model.graph, 'w')).toBeNull()
  })

  it('writes a separable kernel as k×1 and 1×k', async () => {
    const weight = lowRank([32, 16, 3, 5], 8, ([row = 0, c = 0, y = 0, x = 0], term) => value(a, term * 48 + c * 3 + y) * value(b, term * 160 + row * 5 + x))
    const samples = data([1, 16, 12, 12])
    for (const attributes of [{ pads: [1, 2, 1, 0], strides: [1, 2] }, { auto_pad: 'SAME_LOWER' }]) {
      const model = convModel(weight, attributes)
      const source = await outputsOf(model, samples)
      const { document, layers } = await runPass(model, factorizeLayers, { keep: 'fewer-macs', forms: ['spatial'], energy: 0.9999, minElements: 100 }, samples)
      expect(layers).toMatchObject([{ isChanged: true, note: 'spatial, rank 8' }])
      expect(relativeError(source, await outputsOf(document, samples))).toBeLessThan(1e-4)
    }
  })

  it('squeezes channels on both sides of a kernel', async () => {
    const weight = lowRank([32, 32, 3, 3], 64, ([row = 0, c = 0, y = 0, x = 0], term) => value(a, row * 8 + (term % 8)) * value(b, c * 8 + Math.floor(term / 8)) * value(a, 2000 + term * 9 + y * 3 + x))
    const model = convModel(weight, { pads: [1, 1, 1, 1] }, '1,32,10,10')
    const samples = data([1, 32, 10, 10])
    const source = await outputsOf(model, samples)
    const { document, layers } = await runPass(model, factorizeLayers, { keep: 'fewer-macs', forms: ['tucker'], energy: 0.9999, minElements: 100 }, samples)
    expect(layers).toMatchObject([{ isChanged: true, note: 'tucker, rank 8 and 8' }])
    expect(opCounts(document)).toEqual({ Conv: 3, Relu: 1 })
    expect(relativeError(source, await outputsOf(document, samples))).toBeLessThan(1e-4)
  })

  it.each([
    ['MatMul', 'y = MatMul(x, w)', [48, 40]],
    ['Gemm', 'y = Gemm(x, w, b)', [48, 40]],
    ['Gemm with transB', 'y = Gemm(x, w, b)', [40, 48]],
  ] as const)('splits %s, keeping the bias', async (form, node, dims) => {
    const weight = lowRank(dims, 8, ([row = 0, column = 0], term) => value(a, row * 8 + term) * value(b, column * 8 + term))
    const model = buildModel({
      inputs: { x: 'float32[5,48]' },
      outputs: { y: 'float32[5,40]' },
      initializers: { w: weight, ...(form !== 'MatMul' && { b: noisy([1, 40], 3) }) },
      nodes: [[node, form.endsWith('transB') ? { transB: 1 } : {}, 'product']],
    })
    const samples = data([5, 48], 20)
    const source = await outputsOf(model, samples)
    const { document, layers } = await runPass(model, factorizeLayers, { keep: 'fewer-macs', energy: 0.9999, minElements: 100 }, samples)
    expect(layers).toMatchObject([{ isChanged: true, figures: { rank1: 8 } }])
    expect(relativeError(source, await outputsOf(document, samples))).toBeLessThan(1e-4)
  })

  it('leaves layers of full rank, grouped ones and those beyond the budget alone, and says why', async () => {
    const samples = data([1, 16, 12, 12])
    const full = await runPass(convModel(noisy([32, 16, 3, 3], 4), {}), factorizeLayers, { keep: 'fewer-macs', energy: 0.999, minElements: 100 }, samples)
    expect(full.transaction.changes).toEqual([])
    expect(full.layers).toMatchObject([{ isChanged: false, note: expect.stringMatching(/off by \d+ % at least/) as string }])
    expect(full.diagnostics).toMatchObject([{ code: 'nothing-to-do' }])
    const grouped = await runPass(convModel(noisy([32, 4, 3, 3], 4), { group: 4 }), factorizeLayers, { keep: 'fewer-macs', minElements: 100 }, samples)
    expect(grouped.layers).toMatchObject([{ isChanged: false, note: expect.stringMatching(/grouped/) as string }])
    const budget = await runPass(convModel(noisy([32, 16, 3, 3], 4), {}), factorizeLayers, { keep: 'fewer-macs', rankBy: 'macs', minSqnrDb: 60, minElements: 100 }, samples)
    expect(budget.transaction.changes).toEqual([])
    expect(budget.layers).toMatchObject([{ isChanged: false, note: expect.stringMatching(/below 60 dB/) as string }])
  })

  it('changes nothing that it does not measure as faster, and says what it measured', async () => {
    const weight = lowRank([32, 16, 3, 3], 8, ([row = 0, c = 0, y = 0, x = 0], term) => value(a, row * 8 + term) * value(b, term * 144 + c * 9 + y * 3 + x))
    const model = convModel(weight, {})
    const { document, layers } = await runPass(model, factorizeLayers, { minElements: 100 }, data([1, 16, 12, 12], 2))
    const [layer] = layers
    const ratio = layer?.figures['latencyRatio'] ?? NaN
    expect(ratio).toBeGreaterThan(0)
    expect(opCounts(document)['Conv']).toBe(layer?.isChanged ? (layer.note.startsWith('tucker') ? 3 : 2) : 1)
    if (layer?.isChanged) expect(ratio).toBeLessThanOrEqual(0.95)
    else expect(layer?.note).toMatch(/measured ×|whole model/)
  })

  it('changes nothing when run again, and undo restores the model', async () => {
    const weight = lowRank([32, 16, 3, 3], 8, ([row = 0, c = 0, y = 0, x = 0], term) => value(a, row * 8 + term) * value(b, term * 144 + c * 9 + y * 3 + x))
    const document = new ModelDocument(convModel(weight, {}))
    const before = snapshot(document)
    const options = { keep: 'fewer-macs', minElements: 100, energy: 0.9999 }
    const first = await runPass(document, factorizeLayers, options, data([1, 16, 12, 12]))
    expect(first.transaction.changes.length).toBeGreaterThan(0)
    const once = snapshot(document)
    const second = await runPass(document, factorizeLayers, options, data([1, 16, 12, 12]))
    expect(snapshot(document)).toEqual(once)
    document.undo(second.transaction)
    document.undo(first.transaction)
    expect(snapshot(document)).toEqual(before)
  })
})

describe('decouple-convolutions', () => {
  const weight = lowRank([32, 16, 3, 3], 2, ([row = 0, c = 0, y = 0, x = 0], term) => value(a, term * 512 + row * 16 + c) * value(b, term * 144 + c * 9 + y * 3 + x))

  it('writes a Conv as the sum of pairs it is made of, with the error for each number of them', async () => {
    const model = convModel(weight, { pads: [1, 1, 0, 0], strides: [2, 2] })
    const samples = data([1, 16, 12, 12])
    const source = await outputsOf(model, samples)
    const { document, layers } = await runPass(model, decoupleConvolutions, { keep: 'fewer-macs', maxError: 0.01, minElements: 100 }, samples)
    expect(opCounts(document)).toEqual({ Conv: 4, Add: 1, Relu: 1 })
    expect(relativeError(source, await outputsOf(document, samples))).toBeLessThan(1e-3)
    const { error1 = NaN, error2 = NaN, error3 = NaN, terms } = layers[0]?.figures ?? {}
    expect(terms).toBe(2)
    expect(error1).toBeGreaterThan(0.1)
    expect(error2).toBeLessThan(0.01)
    expect(error3).toBeLessThan(0.01)
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('declines pointwise, depthwise and inexact layers', async () => {
    const samples = data([1, 16, 12, 12])
    const exact = await runPass(convModel(noisy([32, 16, 3, 3], 4), {}), decoupleConvolutions, { keep: 'fewer-macs', maxError: 0.05, minElements: 100 }, samples)
    expect(exact.layers).toMatchObject([{ isChanged: false, note: expect.stringMatching(/off by/) as string }])
    expect(exact.transaction.changes).toEqual([])
    const pointwise = await runPass(convModel(noisy([32, 16, 1, 1], 4), {}), decoupleConvolutions, { minElements: 100 }, samples)
    expect(pointwise.layers).toEqual([])
    const depthwise = await runPass(convModel(noisy([32, 1, 3, 3], 4), { group: 16 }), decoupleConvolutions, { minElements: 100 }, samples)
    expect(depthwise.layers).toMatchObject([{ isChanged: false, note: expect.stringMatching(/depthwise already/) as string }])
  })
})

it('the budget of the outputs holds on the digits sample', async () => {
  const file = openModelFile(join(ownSamples, 'digits/resnet.onnx'))
  try {
    const samples = await openCalibrationData({ kind: 'path', path: join(ownSamples, 'digits/calibration.npz') }, file.model)
    const source = await outputsOf(new ModelDocument(file.model), samples)
    const { document, layers } = await runPass(new ModelDocument(openModelFile(file.path).model), factorizeLayers, { keep: 'fewer-macs', forms: ['channels'], minSqnrDb: 20, calibrationSamples: 4 }, samples)
    expect(layers.some(({ isChanged }) => isChanged)).toBe(true)
    expect(-20 * Math.log10(relativeError(source, await outputsOf(document, samples)))).toBeGreaterThan(18)
  } finally {
    file.close()
  }
})
