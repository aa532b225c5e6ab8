import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'
import { quantizeStatic } from './quantize-static'
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
  /** Those that the float model decides for: it is right every time. */
  async function labels(): Promise<number[]> {
    const values = await outputsOf(buildModel(spec), data)
    return Array.from({ length: values.length / 6 }, (_, row) => {
      const own = values.slice(row * 6, row * 6 + 6)
      return own.indexOf(Math.max(...own))
    })
  }
  const searchFor = (found: readonly number[] | null, options: Record<string, unknown> = {}) =>
    runPass(buildModel(spec), searchPrecision, { budget: 'accuracy', quantization: { perChannel: false }, ...options }, { ...data, labels: () => Promise.resolve(found) })

  it('keeps float what top-1 falls without', async () => {
    const { document, diagnostics } = await searchFor(await labels(), { maxAccuracyLoss: 0.05 })
    expect(floatLayers(document)).toEqual(['b'])
    expect(diagnostics).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'kept-float', message: expect.stringContaining('% of decisions right') as string })]))
  })

  it('measures from what the float model reaches, not from all', async () => {
    const wrong = (await labels()).map((label) => (label + 1) % 6)
    const { document } = await searchFor(wrong, { maxAccuracyLoss: 0.05 })
    expect(floatLayers(document)).toEqual([])
  })

  it('refuses data without a label for each decision', async () => {
    await expect(searchFor(null)).rejects.toThrow(expect.objectContaining({ code: 'invalid-data', message: expect.stringContaining('no labels') as string }))
    await expect(searchFor([1, 2])).rejects.toThrow(expect.objectContaining({ code: 'invalid-data', message: expect.stringContaining('2 labels') as string }))
  })
})

it('refuses options that quantize-static does not have', async () => {
  await expect(search({ quantization: { perchannel: true } })).rejects.toThrow(expect.objectContaining({ code: 'invalid-recipe' }))
})

it('is taken back by undo as a whole', async () => {
  const { document, transaction } = await search({ targetSqnrDb: 40 })
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
