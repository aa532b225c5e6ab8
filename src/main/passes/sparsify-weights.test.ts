import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkModel } from '#shared/onnx/check/check-model'
import { decodeModel } from '#shared/onnx/codec/decode'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { memorySource } from '#shared/onnx/byte-source'
import { ModelDocument } from '#shared/onnx/document'
import { tensorFloats } from '#shared/onnx/tensor-data'
import { buildModel, type ModelSpec, tensor, type TensorSpec } from '#shared/onnx/testing/build-model'
import { openCalibrationData } from '../runtime/calibration-data'
import { openModelFile } from '../runtime/model-file'
import type { CalibrationData } from './pass'
import { sparsifyWeights } from './sparsify-weights'
import { float32Tensor, outputsOf, ownSamples, relativeError, runPass, snapshot } from './testing/run-pass'

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

function noisy(dims: readonly number[], seed: number, scale = 1): TensorSpec {
  return tensor('float32', dims, noise(dims.reduce((product, dim) => product * dim, 1), seed).map((value) => value * scale))
}

const spec: ModelSpec = {
  inputs: { x: 'float32[1,8,10,10]' },
  outputs: { y: 'float32[1,24]' },
  initializers: { w: noisy([16, 8, 3, 3], 1), b: noisy([16], 2), v: noisy([16, 24], 3, 0.1), small: noisy([24, 24], 4) },
  nodes: [['c = Conv(x, w, b)', { pads: [1, 1, 1, 1], strides: [2, 2] }, 'conv'], 'r = Relu(c)', ['g = GlobalAveragePool(r)', {}], 'f = Flatten(g)', ['m = MatMul(f, v)', {}, 'product'], 'y = MatMul(m, small)'],
}

/** Samples in which channels have unlike sizes and follow each other. */
function correlated(channels: number, count: number): CalibrationData {
  return {
    sampleCount: count,
    description: 'test',
    synthetic: false,
    async *samples() {
      for (let sample = 0; sample < count; sample++) {
        const base = noise(100, 100 + sample)
        const own = noise(channels * 100, 1000 + sample)
        yield new Map([['x', float32Tensor([1, channels, 10, 10], own.map((value, at) => (0.3 * value + (base[at % 100] ?? 0)) * (1 + (Math.floor(at / 100) % 4))))]])
      }
    },
  }
}

function zeroShare(document: ModelDocument, name: string): number {
  const values = [...tensorFloats(document.initializer(document.model.graph, name) ?? expect.fail(`no initializer ${name}`))]
  return values.filter((value) => value === 0).length / values.length
}

describe('sparsify-weights', () => {
  it.each([
    ['layer', 0.5, 0.5],
    ['channel', 0.5, 0.5],
  ] as const)('sets the asked share of each layer to zero by %s', async (scope, first, second) => {
    const { document, layers } = await runPass(buildModel(spec), sparsifyWeights, { scope, minElements: 300 })
    expect(zeroShare(document, 'w')).toBeCloseTo(first, 2)
    expect(zeroShare(document, 'v')).toBeCloseTo(second, 2)
    expect(layers.map(({ nodeName, isChanged, figures }) => [nodeName, isChanged, figures['sparsity']?.toFixed(2)])).toEqual([
      ['conv', true, '0.50'],
      ['product', true, '0.50'],
      ['', true, '0.50'],
    ])
  })

  it('takes the weights of all layers together globally, and what each contributes by sensitivity', async () => {
    const global = await runPass(buildModel(spec), sparsifyWeights, { scope: 'global', excludeNodes: [''], minElements: 300 })
    // The product's weights are a tenth of the others'.
    expect(zeroShare(global.document, 'v')).toBeGreaterThan(0.9)
    const balanced = await runPass(buildModel(spec), sparsifyWeights, { scope: 'sensitivity', excludeNodes: [''], minElements: 300 })
    expect(zeroShare(balanced.document, 'v')).toBeLessThan(0.8)
    for (const { document } of [global, balanced]) expect((zeroShare(document, 'w') * 1152 + zeroShare(document, 'v') * 384) / 1536).toBeCloseTo(0.5, 1)
  })

  it.each([
    ['2:4', 2],
    ['1:4', 1],
  ] as const)('keeps %s of neighbours along the inputs', async (pattern, kept) => {
    for (const method of ['magnitude', 'sparsegpt']) {
      const { document } = await runPass(buildModel(spec), sparsifyWeights, { pattern, method, minElements: 1000 }, correlated(8, 4))
      const values = tensorFloats(document.initializer(document.model.graph, 'w') ?? expect.fail())
      for (let at = 0; at < values.length; at += 4) expect(values.slice(at, at + 4).filter((value) => value !== 0)).toHaveLength(kept)
    }
  })

  it('loses less the more it knows: sparsegpt, then wanda, then magnitude', async () => {
    const data = correlated(8, 16)
    const source = await outputsOf(buildModel(spec), data)
    const errors = await Promise.all(
      ['sparsegpt', 'wanda', 'magnitude'].map(async (method) => relativeError(source, await outputsOf((await runPass(buildModel(spec), sparsifyWeights, { method, scope: 'layer', minElements: 1000 }, data)).document, data))),
    )
    expect(errors).toEqual(errors.toSorted((a, b) => a - b))
    expect(errors[0]).toBeLessThan(0.5 * (errors[2] ?? NaN))
  })

  it('says what it does and does not bring', async () => {
    const { diagnostics } = await runPass(buildModel(spec), sparsifyWeights, {})
    expect(diagnostics).toMatchObject([{ code: 'sparse-weights', message: expect.stringMatching(/gzip/) as string, hint: expect.stringMatching(/no faster/) as string }])
  })

  it('stores what is smaller so as sparse tensors, which onnxruntime computes the same with', async () => {
    const data = correlated(8, 2)
    const dense = await runPass(buildModel(spec), sparsifyWeights, { sparsity: 0.9, scope: 'layer' })
    const { document, diagnostics } = await runPass(buildModel(spec), sparsifyWeights, { sparsity: 0.9, scope: 'layer', storage: 'auto' })
    expect(diagnostics.map(({ code }) => code)).toEqual(['sparse-weights', 'sparse-storage'])
    const bytes = joinPieces(encodeModel(document.model))
    expect(bytes.length).toBeLessThan(joinPieces(encodeModel(dense.document.model)).length - 1000)
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
    const again = decodeModel(memorySource(bytes))
    expect(again.graph.sparseInitializers.map(({ values, dims }) => [values.name, dims])).toEqual([['w', [16, 8, 3, 3]]])
    expect(await outputsOf(again, data)).toEqual(await outputsOf(dense.document, data))
  })

  it('leaves small, shared, computed and excluded weights alone', async () => {
    const shared = buildModel({
      inputs: { x: 'float32[4,32]' },
      outputs: { y: 'float32[4,32]' },
      initializers: { w: noisy([32, 32], 1), s: noisy([32, 32], 2) },
      nodes: [['a = MatMul(x, w)', {}, 'one'], ['b = MatMul(a, w)', {}, 'two'], ['t = Neg(s)', {}], ['y = MatMul(b, t)', {}, 'computed']],
    })
    const { transaction, diagnostics, layers } = await runPass(shared, sparsifyWeights, {})
    expect(transaction.changes).toEqual([])
    expect(diagnostics.map(({ code }) => code)).toEqual(['layer-kept', 'layer-kept', 'nothing-to-do'])
    expect(layers.every(({ isChanged, note }) => !isChanged && note.includes('several'))).toBe(true)
    const excluded = await runPass(buildModel(spec), sparsifyWeights, { excludeNodes: ['conv'], minElements: 1000 })
    expect(excluded.transaction.changes).toEqual([])
  })

  it('changes nothing when run again, and undo restores the model', async () => {
    const document = new ModelDocument(buildModel(spec))
    const before = snapshot(document)
    const first = await runPass(document, sparsifyWeights, { method: 'magnitude' })
    const once = snapshot(document)
    const second = await runPass(document, sparsifyWeights, { method: 'magnitude' })
    expect(snapshot(document)).toEqual(once)
    document.undo(second.transaction)
    document.undo(first.transaction)
    expect(snapshot(document)).toEqual(before)
  })

  it('halves the weights of the digits sample without changing what it recognizes by much', async () => {
    const file = openModelFile(join(ownSamples, 'digits/resnet.onnx'))
    try {
      const data = await openCalibrationData({ kind: 'path', path: join(ownSamples, 'digits/calibration.npz') }, file.model)
      const source = await outputsOf(new ModelDocument(file.model), data)
      const { document } = await runPass(new ModelDocument(openModelFile(file.path).model), sparsifyWeights, { calibrationSamples: 4 }, data)
      const result = await outputsOf(document, data)
      const [classes, samples] = [10, source.length / 10]
      const best = (values: Float32Array, sample: number) => [...values.subarray(sample * classes, (sample + 1) * classes)].reduce((top, value, at, all) => (value > (all[top] ?? NaN) ? at : top), 0)
      const same = Array.from({ length: samples }, (_, sample) => best(source, sample) === best(result, sample)).filter(Boolean).length
      expect(same / samples).toBeGreaterThan(0.97)
    } finally {
      file.close()
    }
  })
})
