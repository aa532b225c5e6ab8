import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { correctBias } from './correct-bias'
import { learnRounding } from './learn-rounding'
import type { CalibrationData, PassContext } from './pass'
import { quantizeStatic } from './quantize-static'
import { nearestProducts } from './recovery/nearest-products'
import { float32Numbers } from './recovery/observe'
import { snapshotModel } from './recovery/snapshot-model'
import { float32Tensor, outputsOf, relativeError, runner, runPass, snapshot } from './testing/run-pass'

const noise = (count: number, seed: number) => Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed) * Math.cos(at * 4.1414 * seed + 1))
const spec: ModelSpec = {
  inputs: { x: 'float32[1,16,8,8]' },
  outputs: { y: 'float32[1,4,8,8]' },
  initializers: { w: tensor('float32', [24, 16, 3, 3], noise(24 * 144, 3)), v: tensor('float32', [4, 24, 1, 1], noise(96, 7)) },
  nodes: [['a = Conv(x, w)', { pads: [1, 1, 1, 1] }, 'first'], 'r = Relu(a)', ['y = Conv(r, v)', {}, 'second']],
}

/** Channels go together, as those of real data do: errors can make up for each other. */
function samples(count: number, seed: number, size = 1): CalibrationData {
  return {
    sampleCount: count,
    description: 'test',
    synthetic: false,
    async *samples() {
      for (let number = 0; number < count; number++) {
        const shared = noise(64, seed + number)
        yield new Map([['x', float32Tensor([1, 16, 8, 8], noise(1024, seed * 2 + number).map((own, at) => size * (0.2 * own + (shared[at % 64] ?? 0))))]])
      }
    },
  }
}

const calibration = samples(12, 5)
/** A little smaller, so that nothing is outside the ranges seen in calibration. */
const evaluation = samples(6, 300, 0.7)

/** 16 bits for activations, so that what is left of the error is the weights' doing. */
async function quantized(source = spec): Promise<{ document: ModelDocument; context: PassContext }> {
  const document = new ModelDocument(buildModel(source))
  const float = snapshotModel(document)
  await runPass(document, quantizeStatic, { activationType: 'uint16', perChannel: false }, calibration)
  return { document, context: { calibration, runner, float, signal: new AbortController().signal, progress: () => undefined, report: () => undefined } }
}

async function learn({ document, context }: Awaited<ReturnType<typeof quantized>>) {
  return document.transact('learn-rounding', (edit) => learnRounding.run(edit, learnRounding.options.parse({}), context))
}

describe('learned rounding', () => {
  it('is nearer to the float model than rounding to nearest, on other data too', async () => {
    const made = await quantized()
    const float = await outputsOf(buildModel(spec), evaluation)
    const before = relativeError(float, await outputsOf(made.document, evaluation))
    await learn(made)
    expect(relativeError(float, await outputsOf(made.document, evaluation))).toBeLessThan(0.7 * before)
  })

  it('takes each group of a convolution by itself', async () => {
    // Four inputs and two outputs in each of four groups.
    const grouped: ModelSpec = {
      ...spec,
      initializers: { w: tensor('float32', [8, 4, 3, 3], noise(8 * 36, 3)), v: tensor('float32', [4, 8, 1, 1], noise(32, 7)) },
      nodes: [['a = Conv(x, w)', { pads: [1, 1, 1, 1], group: 4 }, 'first'], 'r = Relu(a)', ['y = Conv(r, v)', {}, 'second']],
    }
    const made = await quantized(grouped)
    const float = await outputsOf(buildModel(grouped), evaluation)
    const before = relativeError(float, await outputsOf(made.document, evaluation))
    const messages: string[] = []
    await learn({ ...made, context: { ...made.context, report: ({ message }) => void messages.push(message) } })
    expect(messages).toEqual([expect.stringContaining("'first'")])
    expect(relativeError(float, await outputsOf(made.document, evaluation))).toBeLessThan(0.8 * before)
  })

  it('says how much the products of each layer gained', async () => {
    const { document, context } = await quantized()
    const messages: string[] = []
    await learn({ document, context: { ...context, report: ({ code, message }) => void messages.push(`${code} ${message}`) } })
    expect(messages).toEqual([expect.stringMatching(/^rounding-learned .*'first'/)])
  })

  it('keeps the means that biases were corrected to', async () => {
    // Inputs far from zero: what turning weights adds up to is a shift of the output.
    const shifted = { ...calibration, async *samples() { for await (const feeds of calibration.samples()) yield new Map([...feeds].map(([name, value]) => [name, float32Tensor(value.dims, float32Numbers(value).map((number) => number + 2))])) } }
    const document = new ModelDocument(buildModel(spec))
    const float = snapshotModel(document)
    await runPass(document, quantizeStatic, { activationType: 'uint16', perChannel: false }, shifted)
    const context: PassContext = { calibration: shifted, runner, float, signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
    await document.transact('correct-bias', (edit) => correctBias.run(edit, correctBias.options.parse({}), context))
    const reference = await outputsOf(buildModel(spec), shifted)
    const errors = async () => {
      const found = await outputsOf(document, shifted)
      return { mean: found.reduce((sum, value, at) => sum + value - (reference[at] ?? NaN), 0) / found.length, relative: relativeError(reference, found) }
    }
    const before = await errors()
    const transaction = await learn({ document, context })
    expect(transaction.changes.length).toBeGreaterThan(0)
    const after = await errors()
    expect(after.relative).toBeLessThan(before.relative)
    // A small part of the error.
    expect(Math.abs(after.mean - before.mean)).toBeLessThan(0.05 * before.relative * Math.hypot(...reference) / Math.sqrt(reference.length))
  })

  it('leaves layers as they were that fit the samples learned from, and no others', async () => {
    // Each of the first nine samples is another direction, and those held out are others again: nothing can be learned from them.
    const apart: CalibrationData = {
      ...calibration,
      async *samples() {
        for (let number = 0; number < 12; number++) yield new Map([['x', float32Tensor([1, 64], Array.from({ length: 64 }, (_, at) => Number(number < 9 ? at < 32 && (at + number) % 4 < 2 : at >= 32)))]])
      },
    }
    const made: ModelSpec = { inputs: { x: 'float32[1,64]' }, outputs: { y: 'float32[1,8]' }, initializers: { w: tensor('float32', [64, 8], noise(512, 3).map((value, at) => (at < 256 ? value : -0.01))) }, nodes: [['y = MatMul(x, w)', {}, 'product']] }
    const document = new ModelDocument(buildModel(made))
    const float = snapshotModel(document)
    await runPass(document, quantizeStatic, { perChannel: false }, apart)
    const found: string[] = []
    const context: PassContext = { calibration: apart, runner, float, signal: new AbortController().signal, progress: () => undefined, report: ({ code, message }) => void found.push(`${code} ${message}`) }
    const transaction = await learn({ document, context })
    expect(transaction.changes).toEqual([])
    expect(found).toEqual(["no-gain On samples held out 1 of 1 layers are nearer as they were: 'product'."])
  })

  it('is taken back by undo, and changes nothing the second time', async () => {
    const made = await quantized()
    const before = snapshot(made.document)
    const transaction = await learn(made)
    expect(transaction.changes.length).toBeGreaterThan(0)
    const after = snapshot(made.document)
    await learn(made)
    expect(snapshot(made.document)).toEqual(after)
    made.document.undo(transaction)
    expect(snapshot(made.document)).toEqual(before)
  })

  it('needs a float model to compare with', async () => {
    await expect(runPass(buildModel(spec), learnRounding, {}, calibration)).rejects.toThrow(expect.objectContaining({ code: 'invalid-recipe' }))
  })
})

it('turns one of two weights whose inputs are always alike, so that their errors make up for each other', () => {
  const found = nearestProducts({ steps: Float64Array.of(1.4, 2.4), columns: 2, products: Float64Array.of(1, 1, 1, 1), qmin: -127, qmax: 127 })
  expect([...found.codes].reduce((sum, code) => sum + code, 0)).toBe(4)
  expect(found.learnedError).toBeLessThan(found.nearestError)
})

it('leaves weights to nearest whose inputs have nothing to do with each other, and never leaves the range', () => {
  const { codes } = nearestProducts({ steps: Float64Array.of(1.4, -2.6, 140), columns: 3, products: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), qmin: -127, qmax: 127 })
  expect([...codes]).toEqual([1, -3, 127])
})
