import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import { Recipe } from '#shared/recipe'
import { evaluateModel } from '../runtime/evaluation/evaluate-model'
import { openModelFile } from '../runtime/model-file'
import { type NpySpec, npzBytes } from '../runtime/testing/write-npz'
import { optimizeModel } from './optimize-model'
import { opCounts, outputsOf, ownSamples, relativeError, runner, runPass, snapshot, testData } from './testing/run-pass'
import { quantizeStatic } from './quantize-static'
import { recipeProblem, resolveRecipe } from './resolve-recipe'
import { budgetFinding } from './run-findings'
import { searchPrecision } from './search-precision'

/** The second layer has one large weight, for a channel that is always 0: with one scale for all of it, the others have nothing left. */
const spec: ModelSpec = {
  inputs: { x: 'float32[1,2,6,6]' },
  outputs: { y: 'float32[1,2,6,6]' },
  initializers: {
    w1: filledTensor('float32', [4, 2, 1, 1], 0.5, -0.25, 0.3),
    b1: filledTensor('float32', [4], -1, 0.5, 0.6, 0.7),
    w2: { dtype: 'float32', dims: [4, 4, 1, 1], values: [200, 0, 0, 0, 0, 0.5, 0.2, 0.1, 0, 0.3, 0.6, -0.1, 0, 0.2, 0.3, 0.4] },
    w3: { dtype: 'float32', dims: [2, 4, 1, 1], values: [0.5, 1, 0.9, 0.8, 0.5, 0.5, -0.7, 1] },
  },
  nodes: ['a = Conv(x, w1, b1)', 'r = Relu(a)', 'b = Conv(r, w2)', 'r2 = Relu(b)', 'y = Conv(r2, w3)'],
}
const data = testData({ x: [1, 2, 6, 6] }, 4)
const search = (options: Record<string, unknown>) => runPass(buildModel(spec), searchPrecision, { quantization: { perChannel: false }, ...options }, data)

/** Outputs of layers whose weight is float. */
function floatLayers({ model }: ModelDocument): string[] {
  const constants = new Set(model.graph.initializers.map(({ name }) => name))
  return model.graph.nodes.flatMap(({ opType, inputs, outputs }) => (opType === 'Conv' && constants.has(inputs[1] ?? '') ? outputs : []))
}

describe('leaves float', () => {
  it('only the layer that keeps the outputs from the target', async () => {
    const { document, diagnostics } = await search({ targetSqnrDb: 40 })
    expect(floatLayers(document)).toEqual(['b'])
    expect(diagnostics).toEqual(expect.arrayContaining([expect.objectContaining({ severity: 'info', code: 'kept-float' })]))
  })

  it('nothing where the target is reached without', async () => {
    const { document, diagnostics } = await search({ targetSqnrDb: 40, quantization: { perChannel: true } })
    expect(floatLayers(document)).toEqual([])
    expect(diagnostics).toEqual([])
    expect(opCounts(document)).toEqual(opCounts((await runPass(buildModel(spec), quantizeStatic, {}, data)).document))
  })

  it('no more layers than allowed, and says that this was not enough', async () => {
    const { document, diagnostics } = await search({ targetSqnrDb: 100, maxFloatLayers: 1 })
    expect(floatLayers(document)).toHaveLength(1)
    expect(diagnostics).toEqual(expect.arrayContaining([expect.objectContaining({ severity: 'warning', code: 'target-not-reached' })]))
  })
})

describe('gives', () => {
  it('16 bits instead, for targets that have them', async () => {
    const { document } = await search({ targetSqnrDb: 40, higher: 'int16' })
    expect(floatLayers(document)).toEqual([])
    const wide = document.model.graph.initializers.filter(({ dataType }) => dataType === DATA_TYPES.int16.code)
    expect(wide.map(({ name }) => name)).toContain('w2.q')
  })

  it('4 bits to layers that bear them, within the budget, and still runs', async () => {
    const { document, diagnostics } = await search({ targetSqnrDb: 15, fourBits: true, quantization: { perChannel: true } })
    const four = document.model.graph.initializers.filter(({ dataType, dims }) => dataType === DATA_TYPES.int4.code && dims.length === 4)
    expect(four.length).toBeGreaterThan(0)
    expect(diagnostics.map(({ severity }) => severity)).toEqual(['info'])
    expect(diagnostics[0]?.message).toContain('4 bits')
    const error = relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))
    expect(-20 * Math.log10(error)).toBeGreaterThan(15)
    const none = await search({ targetSqnrDb: 45, fourBits: true, quantization: { perChannel: true } })
    expect(none.document.model.graph.initializers.some(({ dataType, dims }) => dataType === DATA_TYPES.int4.code && dims.length === 4)).toBe(false)
  })
})

it('can go by decisions instead of errors', async () => {
  const { document } = await search({ budget: 'agreement', targetAgreement: 0.95 })
  expect(floatLayers(document)).toEqual(['b'])
})

describe('with labels', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-search-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const inputPath = join(folder, 'model.onnx')
  writeFileSync(inputPath, joinPieces(encodeModel(buildModel(spec))))
  const float32 = (values: Float32Array, dims: readonly number[]): NpySpec => ({ descriptor: '<f4', dims, data: bytesOf(values) })
  const size = 2 * 6 * 6

  /** The calibration samples, with labels made of what the float model says in each. */
  async function labelled(name: string, labelOf: (outputs: Float32Array) => Record<string, NpySpec>): Promise<string> {
    const inputs: number[] = []
    for await (const feeds of data.samples()) for (const { bytes } of feeds.values()) inputs.push(...new Float32Array(bytes.slice().buffer))
    const path = join(folder, name)
    writeFileSync(path, npzBytes({ x: float32(Float32Array.from(inputs), [4, 2, 6, 6]), ...labelOf(await outputsOf(buildModel(spec), data)) }))
    return path
  }
  const classes = (outputs: Float32Array, shift = 0): Record<string, NpySpec> => {
    const decided = Array.from({ length: 4 }, (_, at) => outputs.subarray(at * size, (at + 1) * size)).map((own) => own.indexOf(Math.max(...own)))
    return { label: { descriptor: '<i8', dims: [4], data: bytesOf(BigInt64Array.from(decided, (index) => BigInt((index + shift) % size))) } }
  }
  /** Values that the float model misses by 0.1 each. */
  const values = (outputs: Float32Array): Record<string, NpySpec> => ({ target: float32(outputs.map((value, at) => value + (at % 2 === 0 ? 0.1 : -0.1)), [4, 2, 6, 6]) })

  async function searchOn(path: string, options: Record<string, unknown>): Promise<{ float: string[]; diagnostics: readonly Diagnostic[] }> {
    const recipe = Recipe.parse([{ pass: 'search-precision', options: { budget: 'accuracy', quantization: { perChannel: false }, ...options } }])
    const outputPath = join(folder, 'result.onnx')
    const report = await optimizeModel({ inputPath, outputPath, recipe, data: { kind: 'path', path }, measureLatency: false }, { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined })
    const file = openModelFile(outputPath)
    try {
      return { float: floatLayers(new ModelDocument(file.model)), diagnostics: report.passes.flatMap(({ diagnostics }) => diagnostics) }
    } finally {
      file.close()
    }
  }

  it('keeps float what top-1 falls without', async () => {
    const { float, diagnostics } = await searchOn(await labelled('top-1.npz', classes), { maxAccuracyLoss: 0.05 })
    expect(float).toEqual(['b'])
    expect(diagnostics).toEqual([expect.objectContaining({ code: 'kept-float', message: expect.stringContaining('top-1 100.00 % instead of') as string })])
  })

  it('measures from what the float model reaches, not from all', async () => {
    const { float } = await searchOn(await labelled('wrong.npz', (outputs) => classes(outputs, 1)), { maxAccuracyLoss: 0.05 })
    expect(float).toEqual([])
  })

  it('keeps an error from rising by more than a part of the float model’s', async () => {
    const path = await labelled('mae.npz', values)
    const kept = await searchOn(path, { metric: 'mae', maxAccuracyLoss: 0.05 })
    expect(kept.float).toEqual(['b'])
    expect(kept.diagnostics[0]?.message).toMatch(/mae 0\.10\d+ instead of mae 0\.8\d+ with 8 bits everywhere; wanted: mae 0\.1050\./)
    expect((await searchOn(path, { metric: 'mae', maxAccuracyLoss: 9 })).float).toEqual([])
  })

  it('takes labels from other data than it calibrates with, beside them', async () => {
    const path = await labelled('unlabelled.npz', () => ({}))
    await labelled('labelled.npz', classes)
    expect((await searchOn(path, { maxAccuracyLoss: 0.05, labelledData: 'labelled.npz' })).float).toEqual(['b'])
  })

  it('refuses data without labels, with labels of another kind, and random inputs', async () => {
    const refusal = (message: string): unknown => expect.objectContaining({ code: 'invalid-data', message: expect.stringContaining(message) as string, hint: expect.stringContaining('labelledData') as string })
    await expect(searchOn(await labelled('none.npz', () => ({})), {})).rejects.toThrow(refusal("No top-1 can be kept to: There are no labels in 'none.npz'"))
    await expect(searchOn(await labelled('classes.npz', classes), { metric: 'psnr' })).rejects.toThrow(refusal('sample 0 expects 1 values, but the model gives 1 × 2 × 6 × 6'))
    await expect(searchOn(await labelled('classes.npz', classes), { metric: 'iou' })).rejects.toThrow(refusal('has no mask as label'))
  })

  it('holds the PSNR of the super-resolution sample to 0.01 dB below float, with one layer kept', async () => {
    const folderOfSample = join(ownSamples, 'super-resolution')
    const outputPath = join(folder, 'super-resolution.onnx')
    const metric = { metric: 'psnr', labelledData: 'evaluation.npz', maxAccuracyLoss: 0.0003 }
    const recipe = Recipe.parse([{ pass: 'fold-constants' }, { pass: 'search-precision', options: { budget: 'accuracy', ...metric } }])
    const report = await optimizeModel(
      { inputPath: join(folderOfSample, 'super-resolution.onnx'), outputPath, recipe, data: { kind: 'path', path: join(folderOfSample, 'calibration.npz') }, measureLatency: false },
      { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined },
    )
    expect(report.passes.at(-1)?.diagnostics).toMatchObject([{ code: 'kept-float', message: expect.stringMatching(/^'[^']+' stays float: psnr 34\.36 dB instead of psnr 34\.35 dB/) as string }])
    const { value } = await evaluateModel({ modelPath: outputPath, dataPath: join(folderOfSample, 'evaluation.npz'), metric: 'psnr', runner })
    expect(value).toBeGreaterThan(34.37 * (1 - 0.0003))
  })
})

it('refuses options that quantize-static does not have, before anything runs', () => {
  const problem = (quantization: object) => recipeProblem(Recipe.parse([{ pass: 'search-precision', options: { quantization } }]))?.message
  expect(problem({ perchannel: true })).toContain('perchannel')
  expect(problem({ percentile: 500 })).toContain("option 'quantization.percentile': Too big")
  expect(problem({ perChannel: false })).toBeUndefined()
})

it('warns where the finished model is below what was asked for, though the search reached it on fewer samples', async () => {
  const recipe = Recipe.parse([{ pass: 'search-precision', options: { targetSqnrDb: 40, samples: 1, quantization: { perChannel: true } } }])
  const [below, above] = [35, 45].map((sqnrDb) => budgetFinding(resolveRecipe(recipe), [{ output: 'y', sqnrDb, cosine: 1, maxAbs: 0, elements: 1 }]))
  expect(below).toMatchObject({ severity: 'warning', code: 'budget-not-kept', message: expect.stringContaining('35.0 dB') as string })
  expect(above).toBeNull()
})

it('is taken back by undo as a whole', async () => {
  const { document, transaction } = await search({ targetSqnrDb: 40 })
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
