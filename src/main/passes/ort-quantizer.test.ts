/** Scales, zero points and weights to the bit as ONNX Runtime's quantizer makes them (tests/bench/peers/ort_quantize_fixtures.py). */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dataTypeName } from '#shared/onnx/data-type'
import type { ModelDocument } from '#shared/onnx/document'
import { tensorBytes, tensorNumbers } from '#shared/onnx/tensor-data'
import { openModelFile } from '../runtime/model-file'
import type { TensorValue } from '../runtime/model-runner'
import type { CalibrationData } from './pass'
import { quantizationParameters, quantizationRange } from './quantize-numerics'
import { foldConstants } from './fold-constants'
import { quantizeDynamic } from './quantize-dynamic'
import { quantizeStatic } from './quantize-static'
import { float32Tensor, runPass, sharedModels } from './testing/run-pass'

const folder = join(import.meta.dirname, '../../../tests/fixtures/ort-quantizer')
/** The models are third-party and not part of the project. */
const isAbsent = !existsSync(sharedModels)
const fixture = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const weights = z.record(z.string(), z.object({ dtype: z.string(), values: z.string(), scales: z.string(), zeroPoints: z.string() }))

describe('scale and zero point', () => {
  const { cases } = z
    .object({ cases: z.array(z.object({ type: z.enum(['int8', 'uint8']), symmetric: z.boolean(), reduceRange: z.boolean(), range: z.tuple([z.string(), z.string()]), scale: z.string(), zeroPoint: z.number() })) })
    .parse(fixture('parameters.json'))

  it.each(['int8', 'uint8'] as const)('of %s ranges are those of the reference', (type) => {
    const own = cases.filter((known) => known.type === type)
    expect(own.length).toBeGreaterThan(50)
    for (const { symmetric, reduceRange, range, scale, zeroPoint } of own) {
      const [min, max] = range.map(fromBits) as [number, number]
      const found = quantizationParameters(min, max, { ...quantizationRange(type, { symmetric, reduceRange }), symmetric })
      expect({ scale: toBits(found.scale), zeroPoint: found.zeroPoint }).toEqual({ scale, zeroPoint })
    }
  })
})

describe('dynamic quantization', () => {
  const files = readdirSync(folder).filter((name) => name.startsWith('dynamic-'))
  const schema = z.object({ model: z.string(), opTypes: z.array(z.string()), weightType: z.enum(['int8', 'uint8']), weights })

  it.skipIf(isAbsent).each(files)('%s: weights are those of the reference', async (name) => {
    const expected = schema.parse(fixture(name))
    const file = openModelFile(join(sharedModels, expected.model))
    try {
      // The reference turns Gemm into MatMul first.
      const opTypes = expected.opTypes.flatMap((opType) => (opType === 'MatMul' ? ['MatMul', 'Gemm'] : [opType]))
      const { document } = await runPass(file.model, quantizeDynamic, { opTypes, weightType: expected.weightType, perChannel: false, minElements: 0 })
      expect(storedWeights(document, Object.keys(expected.weights))).toEqual(expected.weights)
    } finally {
      file.close()
    }
  })
})

/** Shares of what the reference quantized that must be there to compare; the rest are nodes that we leave float on purpose. */
const LEAST_WEIGHTS = 0.45
const LEAST_ACTIVATIONS = 0.25
/** How far scales may be from the reference's, beside their size, where ranges are not asked for to the bit. */
const ROUNDING = 1e-4

describe('static quantization', () => {
  const files = readdirSync(folder).filter((name) => name.startsWith('static-'))
  const schema = z.object({ model: z.string(), inputs: z.record(z.string(), z.array(z.number())), weights, activations: z.record(z.string(), z.object({ scale: z.string(), zeroPoint: z.number() })) })

  it.skipIf(isAbsent).each(files)('%s: weights, biases and activations are those of the reference, and by default as near as float32 rounds', async (name) => {
    const expected = schema.parse(fixture(name))
    const path = join(sharedModels, expected.model)
    const [file, again] = [openModelFile(path), openModelFile(path)]
    try {
      // The script, too, takes defaults of inputs for constants.
      const { document } = await runPass(file.model, foldConstants, {})
      await runPass(document, quantizeStatic, { exactRanges: true }, samplesOf(expected.inputs))
      // Nodes that only one of the two quantizes are not compared: docs/quantization-differences.md has a line for each kind.
      const names = Object.keys(expected.weights).filter((weight) => document.initializer(document.model.graph, `${weight}.q`))
      expect(names.length).toBeGreaterThanOrEqual(Object.keys(expected.weights).length * LEAST_WEIGHTS)
      expect(storedWeights(document, names)).toEqual(Object.fromEntries(names.map((weight) => [weight, expected.weights[weight]])))

      const found = activationParameters(document)
      const shared = Object.keys(expected.activations).filter((value) => found.has(value))
      expect(shared.length).toBeGreaterThanOrEqual(Object.keys(expected.activations).length * LEAST_ACTIVATIONS)
      for (const value of shared) expect([value, found.get(value)]).toEqual([value, expected.activations[value]])

      const { document: fast } = await runPass(again.model, foldConstants, {})
      await runPass(fast, quantizeStatic, {}, samplesOf(expected.inputs))
      const integers = names.filter((weight) => expected.weights[weight]?.dtype !== 'int32')
      expect(storedWeights(fast, integers)).toEqual(Object.fromEntries(integers.map((weight) => [weight, expected.weights[weight]])))
      const rounded = activationParameters(fast)
      expect([...rounded.keys()]).toEqual([...found.keys()])
      for (const [value, { scale, zeroPoint }] of rounded) {
        const exact = found.get(value)
        expect(Math.abs(fromBits(scale) / fromBits(exact?.scale ?? '') - 1), value).toBeLessThan(ROUNDING)
        expect(Math.abs(zeroPoint - (exact?.zeroPoint ?? NaN)), value).toBeLessThanOrEqual(1)
      }
    } finally {
      file.close()
      again.close()
    }
  })
})

function samplesOf(inputs: Readonly<Record<string, readonly number[]>>): CalibrationData {
  return {
    sampleCount: 2,
    description: 'fixture',
    synthetic: true,
    async *samples() {
      for (let number = 0; number < 2; number++) yield new Map(Object.entries(inputs).map(([input, shape]) => [input, sample(shape, number)]))
    },
  }
}

function storedWeights(document: ModelDocument, names: readonly string[]): z.infer<typeof weights> {
  const { graph } = document.model
  return Object.fromEntries(
    names.map((name) => {
      const [values, scale, zeroPoint] = ['q', 'scale', 'zp'].map((suffix) => document.initializer(graph, `${name}.${suffix}`))
      if (!values || !scale) throw new Error(`'${name}' was not quantized`)
      const channels = scale.dims[0] ?? 1
      // Biases have no zero point here: it is 0.
      const zeroPoints = zeroPoint ? tensorBytes(zeroPoint) : new Uint8Array(4 * channels)
      return [name, { dtype: dataTypeName(values.dataType) ?? '', values: digest(tensorBytes(values)), scales: digest(tensorBytes(scale)), zeroPoints: digest(zeroPoints) }]
    }),
  )
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** By the name of the real value; where quantization took a Relu in, by that of the Relu. */
function activationParameters(document: ModelDocument): Map<string, { scale: string; zeroPoint: number }> {
  const { graph } = document.model
  return new Map(
    graph.nodes.flatMap((node) => {
      if (node.opType !== 'QuantizeLinear') return []
      const [scale, zeroPoint] = node.inputs.slice(1).map((name) => document.initializer(graph, name))
      if (!scale || !zeroPoint) throw new Error('a QuantizeLinear without constant parameters')
      return [[(node.outputs[0] ?? '').replace(/\.q(_\d+)?$/, ''), { scale: toBits(Number(tensorNumbers(scale)[0])), zeroPoint: Number(tensorNumbers(zeroPoint)[0]) }]]
    }),
  )
}

/** As `sample` in the script. */
function sample(shape: readonly number[], number: number): TensorValue {
  const count = shape.reduce((product, dim) => product * dim, 1)
  return float32Tensor(shape, Array.from({ length: count }, (_, at) => Math.fround(((at * 37 + number * 11) % 101) / 50) - 1))
}

function fromBits(bits: string): number {
  return new Float32Array(Uint32Array.of(parseInt(bits, 16)).buffer)[0] ?? NaN
}

function toBits(value: number): string {
  return (new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0).toString(16).padStart(8, '0')
}
