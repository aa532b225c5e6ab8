import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import type { OutputError } from '#shared/measurement'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { ownModelsFolder } from '../../../tests/fixtures/shared-models'
import { openCalibrationData } from './calibration-data'
import { openModelFile } from './model-file'
import type { TensorValue } from './model-runner'
import { createOrtRunner } from './ort-runner'
import { measureOutputError, OutputErrorMeter } from './output-error'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-output-error-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))
const runner = createOrtRunner({ scratchFolder })

function floats(...values: number[]): TensorValue {
  return { dataType: DATA_TYPES.float32.code, dims: [values.length], bytes: bytesOf(Float32Array.from(values)) }
}

function measured(...pairs: [TensorValue, TensorValue][]): { error: OutputError | null; diagnostics: Diagnostic[] } {
  const meter = new OutputErrorMeter('y')
  for (const [reference, candidate] of pairs) meter.add(reference, candidate)
  const diagnostics: Diagnostic[] = []
  return { error: meter.finish((diagnostic) => diagnostics.push(diagnostic)), diagnostics }
}

test('signal to noise, cosine and the largest difference are over all samples together', () => {
  const { error } = measured([floats(3, 0), floats(3, 1)], [floats(0, 4), floats(0, 2)])
  // Σ reference² = 25, Σ difference² = 1 + 4 = 5; Σ products = 9 + 8, Σ candidate² = 10 + 4.
  expect(error?.sqnrDb).toBeCloseTo(10 * Math.log10(5), 10)
  expect(error?.cosine).toBeCloseTo(17 / Math.sqrt(25 * 14), 10)
  expect(error).toMatchObject({ maxAbs: 2, elements: 4, output: 'y' })
})

test('equal outputs have no finite ratio, which is null', () => {
  expect(measured([floats(1, -2, 0), floats(1, -2, 0)]).error).toEqual({ output: 'y', sqnrDb: null, cosine: 1, maxAbs: 0, elements: 3 })
})

test('NaN on one side counts as zero there and is reported; the same on both sides is equal', () => {
  const { error, diagnostics } = measured([floats(3, 4, NaN, Infinity), floats(3, NaN, NaN, Infinity)])
  expect(error).toMatchObject({ maxAbs: 4, elements: 4 })
  expect(error?.sqnrDb).toBeCloseTo(10 * Math.log10(25 / 16), 10)
  expect(diagnostics).toMatchObject([{ severity: 'error', code: 'output-not-finite', valueName: 'y' }])
})

test('every figure is finite, whatever the outputs', () => {
  const { error } = measured([floats(0, 0), floats(1, NaN)], [floats(NaN, Infinity), floats(0, -Infinity)])
  expect(Number.isFinite(error?.sqnrDb)).toBe(true)
  expect(JSON.parse(JSON.stringify(error))).toEqual(error)
})

test('samples of another shape are left out and reported', () => {
  const both = measured([floats(1, 2), floats(1)], [floats(1), floats(1)])
  expect(both.error).toMatchObject({ elements: 1, sqnrDb: null })
  expect(both.diagnostics).toMatchObject([{ code: 'output-shape-differs' }])
  expect(measured([floats(1, 2), floats(1)]).error).toBeNull()
})

test('integers and half floats are compared as numbers', () => {
  const whole = (values: bigint[]): TensorValue => ({ dataType: DATA_TYPES.int64.code, dims: [values.length], bytes: bytesOf(BigInt64Array.from(values)) })
  expect(measured([whole([1n, 5n]), whole([1n, 2n])]).error?.maxAbs).toBe(3)
  const half = (bits: number): TensorValue => ({ dataType: DATA_TYPES.float16.code, dims: [1], bytes: bytesOf(Uint16Array.of(bits)) })
  expect(measured([half(0x3c00), half(0x4000)]).error?.maxAbs).toBe(1)
})

test('a model is compared with a changed one, output by output', async () => {
  const spec = (factor: number) =>
    buildModel({
      inputs: { x: 'float32[N,2]' },
      outputs: { same: 'float32[N,2]', scaled: 'float32[N,2]' },
      initializers: { f: tensor('float32', [1], [factor]) },
      nodes: ['same = Neg(x)', 'scaled = Mul(x, f)'],
    })
  const data = await openCalibrationData({ kind: 'synthetic', samples: 5 }, spec(1))
  const seen: string[] = []
  const errors = await measureOutputError({ runner, reference: spec(1), candidate: spec(1.1), data, progress: (done, total) => seen.push(`${done}/${total}`) })
  expect(errors[0]).toEqual({ output: 'same', sqnrDb: null, cosine: 1, maxAbs: 0, elements: 10 })
  expect(errors[1]?.sqnrDb).toBeCloseTo(20, 3)
  expect(seen).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5'])
})

test('an output that the other model lacks is reported', async () => {
  const two = buildModel({ inputs: { x: 'float32[2]' }, outputs: { y: null, z: null }, nodes: ['y = Neg(x)', 'z = Abs(x)'] })
  const one = buildModel({ inputs: { x: 'float32[2]' }, outputs: { y: null }, nodes: ['y = Neg(x)'] })
  const diagnostics: Diagnostic[] = []
  const data = await openCalibrationData({ kind: 'synthetic', samples: 1 }, one)
  const errors = await measureOutputError({ runner, reference: two, candidate: one, data, report: (diagnostic) => diagnostics.push(diagnostic) })
  expect(errors.map(({ output }) => output)).toEqual(['y'])
  expect(diagnostics).toMatchObject([{ code: 'output-missing', valueName: 'z' }])
})

test('a sample model equals itself on real data, and another one does not', async () => {
  const resnet = join(ownModelsFolder, 'digits/resnet.onnx')
  const file = openModelFile(resnet)
  const data = await openCalibrationData({ kind: 'path', path: join(ownModelsFolder, 'digits/calibration.npz') }, file.model)
  const itself = await measureOutputError({ runner, reference: resnet, candidate: resnet, data, limit: 4 })
  expect(itself).toMatchObject([{ output: 'logits', sqnrDb: null, elements: 40 }])
  const other = await measureOutputError({ runner, reference: resnet, candidate: join(ownModelsFolder, 'digits/mobilenet.onnx'), data, limit: 4 })
  expect(other[0]?.sqnrDb).toBeLessThan(40)
  file.close()
})
