import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import type { Model } from '#shared/onnx/records'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { sharedModelsFolder } from '../../../tests/fixtures/shared-models'
import { openCalibrationData } from './calibration-data'
import { openModelFile } from './model-file'
import type { Feeds } from './model-runner'
import { createOrtRunner } from './ort-runner'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-synthetic-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))
const runner = createOrtRunner({ scratchFolder })

async function samplesOf(model: Model, options: Parameters<typeof openCalibrationData>[2] = {}, samples = 2): Promise<Feeds[]> {
  const data = await openCalibrationData({ kind: 'synthetic', samples }, model, options)
  const all: Feeds[] = []
  for await (const feeds of data.samples()) all.push(feeds)
  return all
}

function identity(inputs: Record<string, string>): Model {
  return buildModel({ inputs, outputs: { out: null }, nodes: [`out = Identity(${Object.keys(inputs)[0] ?? ''})`] })
}

test('the same samples come every time, and differ from each other', async () => {
  const model = identity({ x: 'float32[N,4]' })
  const first = await samplesOf(model)
  const again = await samplesOf(model)
  expect(first.map((feeds) => feeds.get('x')?.bytes)).toEqual(again.map((feeds) => feeds.get('x')?.bytes))
  expect(first[0]?.get('x')?.bytes).not.toEqual(first[1]?.get('x')?.bytes)
})

test('what comes of random inputs is said to be of random inputs', async () => {
  const data = await openCalibrationData({ kind: 'synthetic', samples: 3 }, identity({ x: 'float32[N,4]' }))
  expect(data).toMatchObject({ synthetic: true, sampleCount: 3 })
  expect(data.description).toMatch(/^synthetic .*x \[1, 4\]/)
})

test('open dimensions take the sizes given, by symbol or by place', async () => {
  const [feeds] = await samplesOf(identity({ x: 'float32[N,T,?]', y: 'float32[T]' }), { dims: { T: 5, 'x:2': 7 } })
  expect(feeds?.get('x')?.dims).toEqual([1, 5, 7])
  expect(feeds?.get('y')?.dims).toEqual([5])
})

test('sizes that the weights ask for are taken from them', async () => {
  const model = buildModel({
    inputs: { x: 'float32[?,?]' },
    outputs: { y: null },
    initializers: { w: tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6]) },
    nodes: ['y = MatMul(x, w)'],
  })
  expect((await samplesOf(model))[0]?.get('x')?.dims).toEqual([1, 3])
})

test('guesses are tried out until the model runs', async () => {
  // Runs with a multiple of 16000 only, which is not the first guess.
  const model = buildModel({
    inputs: { x: 'float32[?,?]' },
    outputs: { y: null },
    initializers: { shape: tensor('int64', [2], [-1, 16000]) },
    nodes: ['y = Reshape(x, shape)'],
  })
  expect((await samplesOf(model, { runner }))[0]?.get('x')?.dims).toEqual([1, 16000])
})

test('where no guess works, the open dimensions are named', async () => {
  const model = buildModel({
    inputs: { x: 'float32[?,width]' },
    outputs: { y: null },
    initializers: { shape: tensor('int64', [2], [-1, 1237]) },
    nodes: ['y = Reshape(x, shape)'],
  })
  const error: unknown = await samplesOf(model, { runner }).then(() => null, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AppError)
  expect(error).toMatchObject({ code: 'runtime-rejected', hint: expect.stringContaining('width') as string })
  expect((await samplesOf(model, { runner, dims: { width: 1237 } }))[0]?.get('x')?.dims).toEqual([1, 1237])
})

test('indices stay within the table that they look up', async () => {
  const rows = 5
  const model = buildModel({
    inputs: { ids: 'int64[1,64]' },
    outputs: { y: null },
    initializers: { table: tensor('float32', [rows, 1], [0, 1, 2, 3, 4]) },
    nodes: ['wide = Cast(ids)', 'y = Gather(table, wide)'].map((text, at): string | [string, Record<string, number>] => (at === 0 ? [text, { to: 7 }] : text)),
  })
  const [feeds] = await samplesOf(model)
  const ids = Array.from(numbersFromBytes('int64', feeds?.get('ids')?.bytes ?? new Uint8Array(0), 64), Number)
  expect(Math.max(...ids)).toBeLessThan(rows)
  expect(new Set(ids).size).toBeGreaterThan(2)
})

test('bfloat16 inputs cannot be made up', async () => {
  await expect(samplesOf(identity({ x: 'bfloat16[2]' }))).rejects.toMatchObject({ code: 'not-supported' })
})

describe.skipIf(!existsSync(sharedModelsFolder))('models of other people', () => {
  const index = existsSync(sharedModelsFolder)
    ? (JSON.parse(readFileSync(join(sharedModelsFolder, 'index.json'), 'utf8')) as { file: string; ran: boolean; size: number }[])
    : []
  // Every one that onnxruntime runs at all; the largest pictures take seconds and show nothing more.
  const slow = /style_candy|stft_inlined|vgg19|super_resolution_10|zfnet|alexnet/
  const files = index.filter(({ file, ran }) => ran && file.endsWith('.onnx') && !slow.test(file)).map(({ file }) => file)

  test.for(files)('%s runs on made-up inputs', async (file) => {
    const opened = openModelFile(join(sharedModelsFolder, file))
    const [feeds] = await samplesOf(opened.model, { runner }, 1)
    const running = await runner.loadFile(opened.path)
    const outputs = await running.run(feeds ?? new Map())
    await running.close()
    opened.close()
    expect(outputs.size).toBeGreaterThan(0)
  })
})
