import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TryInput, TryOutput } from '#shared/samples/try'
import { findAppRoot } from '../../host/app-root'
import { createTryModels, type TryModels } from './try-models'

const samples = join(findAppRoot(import.meta.dirname), 'resources/samples')
let folder: string
let models: TryModels

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-try-'))
  models = createTryModels({ scratchFolder: folder })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function answer(model: string, input: TryInput): Promise<{ output: TryOutput; expected: string | null }> {
  const modelPath = join(samples, model)
  const { answers, expected } = await models.run({ modelPath, paths: [modelPath], input, runs: 1 })
  const [only] = answers
  if (!only?.output) throw new Error(only?.error?.message ?? 'no answer')
  expect(only.latency?.p50Ms).toBeGreaterThan(0)
  return { output: only.output, expected }
}

function best(output: TryOutput): string | undefined {
  return output.kind === 'classes' || output.kind === 'intent' ? output.top[0]?.label : undefined
}

test.each(['digits/mobilenet.onnx', 'gestures/gestures.onnx', 'keywords/keywords.onnx'])('%s recognises an example of its own data', async (model) => {
  const { output, expected } = await answer(model, { kind: 'example', index: 1 })
  expect(best(output)).toBe(expected)
})

test('a heard sentence gives its intent and its slots, English and Chinese', async () => {
  const english = await answer('intent/student.onnx', { kind: 'text', text: 'um wait me up at half past seven tomorrow' })
  expect(best(english.output)).toBe('set_alarm')
  expect(english.output).toMatchObject({ slots: [{ slot: 'time', text: 'half past seven' }, { slot: 'date', text: 'tomorrow' }] })
  const chinese = await answer('intent/student.onnx', { kind: 'text', text: '打开客厅的灯' })
  expect(best(chinese.output)).toBe('lights')
  expect(chinese.output).toMatchObject({ slots: [{ slot: 'switch', text: '打开' }, { slot: 'room', text: '客厅' }] })
})

test('a phrase is translated by encoder, decoder and decoder with past together', async () => {
  const text = { kind: 'text', text: 'when does the train to the airport leave tomorrow' } as const
  for (const part of ['encoder', 'decoder', 'decoder-with-past']) {
    expect((await answer(`translation/${part}.onnx`, text)).output).toEqual({ kind: 'text', text: '明天去机场的火车几点开' })
  }
})

test('drawn strokes are a gesture, rows of numbers are scores', async () => {
  const square = [[0, 0], [80, 0], [80, 80], [0, 80], [0, 0]] as [number, number][]
  expect(best((await answer('gestures/gestures.onnx', { kind: 'strokes', strokes: [square] })).output)).toBe('square')
  const { output } = await answer('behaviour/interest.onnx', { kind: 'rows', rows: [[0.7, 300, 0], [0.01, 3, 50]] })
  if (output.kind !== 'scores') throw new Error('no scores')
  const [keen = 0, bored = 0] = output.values
  expect(keen).toBeGreaterThan(bored)
})

test('a picture of any size is scaled up to twice its pixels, a large one brought to size first', async () => {
  const path = join(folder, 'wide.png')
  await sharp({ create: { width: 60, height: 30, channels: 3, background: '#406080' } }).png().toFile(path)
  const { output } = await answer('super-resolution/super-resolution.onnx', { kind: 'file', path })
  expect(output).toMatchObject({ kind: 'picture', picture: { width: 120, height: 60 } })
  await sharp({ create: { width: 1000, height: 500, channels: 3, background: '#406080' } }).png().toFile(path)
  expect((await answer('super-resolution/super-resolution.onnx', { kind: 'file', path })).output).toMatchObject({ picture: { width: 384, height: 192 } })
})

test('a model and a copy of it give the same answer, side by side', async () => {
  const modelPath = join(samples, 'digits/mobilenet.onnx')
  const other = join(samples, 'digits/resnet.onnx')
  const { answers, preview } = await models.run({ modelPath, paths: [modelPath, other, modelPath], input: { kind: 'example', index: 3 }, runs: 2 })
  expect(preview).toMatchObject({ kind: 'picture', picture: { width: 48, height: 48 } })
  expect(answers.map(({ sameAsFirst }) => sameAsFirst)).toEqual([true, false, true])
  expect(answers[1]?.sqnrDb).toEqual(expect.any(Number))
})

test.each([
  ['digits/mobilenet.onnx', { kind: 'file', path: '/sounds/hello.wav' }, /takes a picture.*not 'hello.wav'/],
  ['digits/mobilenet.onnx', { kind: 'text', text: 'seven' }, /takes a picture.*not a text/],
  ['keywords/keywords.onnx', { kind: 'strokes', strokes: [] }, /takes a sound \(WAV\), not a gesture/],
  ['intent/student.onnx', { kind: 'example', index: 0 }, /no examples of its own; it takes a text/],
  ['gestures/gestures.onnx', { kind: 'strokes', strokes: [[[1, 1]]] }, /no stroke to go by/],
] as [string, TryInput, RegExp][])('%s says what it takes where it is given something else', async (model, input, said) => {
  await expect(answer(model, input)).rejects.toMatchObject({ code: 'invalid-data', message: expect.stringMatching(said) as string })
})

test('a file that only calls itself a picture is refused by its name', async () => {
  const path = join(folder, 'broken.png')
  writeFileSync(path, 'no picture at all')
  await expect(answer('digits/resnet.onnx', { kind: 'file', path })).rejects.toMatchObject({ code: 'invalid-data', message: "'broken.png' could not be read as a picture." })
})

test('a model that is no sample is understood by its inputs, or run on tensors', async () => {
  const described = await models.describe(join(samples, 'digits/resnet.onnx'))
  expect(described).toMatchObject({ task: { kind: 'classify-picture' }, examples: 1000 })
  const modelPath = join(samples, 'digits/mobilenet.onnx')
  const copy = join(folder, 'unknown.onnx')
  copyFileSync(modelPath, copy)
  expect(await models.describe(copy)).toEqual({ task: { kind: 'classify-picture', labels: null }, examples: 0 })
  const text = join(folder, 'tensors.onnx')
  copyFileSync(join(samples, 'intent/student.onnx'), text)
  expect((await models.describe(text)).task).toEqual({ kind: 'tensors' })
})

test('a variant that is gone is told of, and the others answer', async () => {
  const modelPath = join(samples, 'gestures/gestures.onnx')
  const { answers } = await models.run({ modelPath, paths: [modelPath, join(folder, 'gone.onnx')], input: { kind: 'example', index: 0 }, runs: 1 })
  expect(answers.map(({ error }) => error?.code ?? null)).toEqual([null, 'not-found'])
})

test('outputs of another runtime are read and compared like those of one of ours', async () => {
  const modelPath = join(samples, 'gestures/gestures.onnx')
  const input = { kind: 'example', index: 2 } as const
  const { model, feeds } = await models.portable({ modelPath, path: modelPath, input })
  expect(model.length).toBeGreaterThan(600_000)
  expect(feeds).toMatchObject([{ name: 'stroke', dtype: 'float32', dims: [1, 3, 64] }])
  const logits = Float32Array.from({ length: 14 }, (_, at) => (at === 5 ? 9 : 0))
  const outputs = [{ name: 'logits', dtype: 'float32', dims: [1, 14], data: Buffer.from(logits.buffer).toString('base64') }] as const
  const { output, sameAsFirst } = await models.read({ modelPath, input, outputs: [...outputs].map((tensor) => ({ ...tensor, dims: [...tensor.dims] })) })
  expect(best(output)).toBe('triangle')
  expect(sameAsFirst).toBe(false)
})
