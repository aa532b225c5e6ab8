/** Evaluating real models on data as people have it. The picture model says which of red, green and blue is strongest. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import wavefile from 'wavefile'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, type ModelSpec } from '#shared/onnx/testing/build-model'
import { openEvaluations } from '../../workspace/evaluations'
import { createOrtRunner } from '../ort-runner'
import { bytes, npzBytes } from '../testing/write-npz'
import { evaluateModel, type EvaluateModelOptions } from './evaluate-model'

const root = mkdtempSync(join(tmpdir(), 'edgefit-evaluate-'))
const runner = createOrtRunner({ scratchFolder: root })
let folder: string
let count = 0
beforeEach(() => {
  folder = join(root, String(count++))
  mkdirSync(folder)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const colours: ModelSpec = { inputs: { picture: 'float32[N,3,8,8]' }, outputs: { scores: 'float32[N,3]' }, nodes: ['p = GlobalAveragePool(picture)', 'scores = Flatten(p)'] }

function write(name: string, spec: ModelSpec): string {
  const path = join(folder, name)
  writeFileSync(path, joinPieces(encodeModel(buildModel(spec))))
  return path
}

async function picture(path: string, colour: string, { width = 8, height = 8 } = {}): Promise<void> {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  await sharp({ create: { width, height, channels: 3, background: colour } }).toFile(join(folder, path))
}

const evaluate = (options: Pick<EvaluateModelOptions, 'modelPath' | 'dataPath'> & Partial<EvaluateModelOptions>): Promise<EvaluationResult> => evaluateModel({ metric: 'top-1', runner, ...options })

describe('folders of pictures', () => {
  it('are labelled by their folders, whatever the format and the size', async () => {
    const modelPath = write('colours.onnx', colours)
    writeFileSync(join(folder, 'classes.txt'), 'red\ngreen\nblue\n')
    await picture('data/a-red/1.png', '#ff0000')
    await picture('data/a-red/2.jpg', '#e01010', { width: 31, height: 12 })
    await picture('data/b-green/1.webp', '#00ff00', { width: 9, height: 40 })
    await picture('data/c-blue/1.png', '#0000ff')
    await picture('data/c-blue/2.png', '#ff00f0')
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data') })
    expect(result).toMatchObject({ value: 0.8, samples: 5, skipped: { count: 0 }, classNames: ['a-red', 'b-green', 'c-blue'], preprocessing: { kind: 'image', width: 8, scale: 1 / 255 } })
    expect(result.confusion).toEqual([[2, 0, 0], [0, 1, 0], [1, 0, 1]])
    expect(result.worst).toEqual([{ name: 'c-blue/2.png', expected: 'c-blue', predicted: 'a-red', value: 0 }])
    expect(result.interval?.low).toBeLessThan(0.8)
  })

  it('name what is unreadable, without label or of an unknown class, and go on with the rest', async () => {
    const modelPath = write('colours.onnx', colours)
    for (const name of ['1', '2', '3', '4']) await picture(`data/${name}.png`, '#ff0000')
    writeFileSync(join(folder, 'data/broken.png'), 'no picture')
    writeFileSync(join(folder, 'data/labels.csv'), 'file,label\n1.png,0\n2.png,1\n3.png,7\nbroken.png,0\n')
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data') })
    expect(result).toMatchObject({ value: 0.5, samples: 2 })
    expect(result.skipped.first).toEqual([
      { name: '3.png', reason: 'has the label 7, but the model has 3 classes' },
      { name: '4.png', reason: 'has no label' },
      { name: 'broken.png', reason: expect.stringContaining('cannot be decoded') as string },
    ])
    expect(result.diagnostics.map(({ code }) => code)).toContain('samples-left-out')
  })

  it('say so where there is one class only, which leaves no AUC', async () => {
    const modelPath = write('colours.onnx', colours)
    await picture('data/0/1.png', '#ff0000')
    await picture('data/0/2.png', '#ff0000')
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data'), metric: 'auc' })
    expect(result).toMatchObject({ value: null, interval: null })
    expect(result.diagnostics.map(({ code }) => code)).toEqual(['one-class-only'])
  })

  it('are refused where they are empty, without labels, or without a sample that can be used', async () => {
    const modelPath = write('colours.onnx', colours)
    mkdirSync(join(folder, 'empty'))
    await expect(evaluate({ modelPath, dataPath: join(folder, 'empty') })).rejects.toMatchObject({ code: 'invalid-data', message: expect.stringContaining('holds no data') as string })
    await picture('flat/1.png', '#ff0000')
    await expect(evaluate({ modelPath, dataPath: join(folder, 'flat') })).rejects.toMatchObject({ code: 'invalid-data', message: expect.stringContaining('no labels') as string })
    mkdirSync(join(folder, 'bad/0'), { recursive: true })
    writeFileSync(join(folder, 'bad/0/1.png'), 'no picture')
    await expect(evaluate({ modelPath, dataPath: join(folder, 'bad') })).rejects.toMatchObject({ code: 'invalid-data', message: expect.stringContaining('None of the 1 samples') as string })
    await expect(evaluate({ modelPath, dataPath: join(folder, 'absent') })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('compare with pictures of class numbers beside them', async () => {
    const modelPath = write('masks.onnx', { inputs: { x: 'float32[1,3,4,4]' }, outputs: { y: 'float32[1,3,4,4]' }, nodes: ['y = Identity(x)'] })
    await picture('data/images/1.png', '#ff0000', { width: 4, height: 4 })
    mkdirSync(join(folder, 'data/masks'))
    // The model says class 0 everywhere; the upper half is class 1.
    await sharp(Buffer.from([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]), { raw: { width: 4, height: 4, channels: 1 } }).toColourspace('b-w').png().toFile(join(folder, 'data/masks/1.png'))
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data'), metric: 'iou' })
    expect(result.classes.map(({ index, support, value }) => ({ index, support, value }))).toEqual([{ index: 0, support: 16, value: 0.5 }, { index: 1, support: 8, value: 0 }])
    expect(result.value).toBe(0.25)
  })

  it.each([['pixels', 8], ['shares of the picture', 1]])('find boxes of COCO labels where the model answers in %s', async (_, end) => {
    // Says one box of class 0 whatever the picture: all of it.
    const modelPath = write('boxes.onnx', {
      inputs: { x: 'float32[1,3,8,8]' },
      outputs: { found: 'float32[1,6]' },
      initializers: { box: { dtype: 'float32', dims: [1, 6], values: [0, 0, end, end, 0.9, 0] }, zero: { dtype: 'float32', dims: [], values: [0] } },
      nodes: [['s = ReduceMean(x)', { keepdims: 0 }], 'z = Mul(s, zero)', 'found = Add(box, z)'],
    })
    await picture('data/1.png', '#ff0000', { width: 16, height: 16 })
    const coco = { images: [{ id: 1, file_name: '1.png' }], annotations: [{ image_id: 1, category_id: 3, bbox: [0, 0, 16, 16] }], categories: [{ id: 3, name: 'thing' }] }
    writeFileSync(join(folder, 'data/annotations.json'), JSON.stringify(coco))
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data'), metric: 'map' })
    expect(result).toMatchObject({ value: 1, also: { 'map-50': 1 }, classes: [{ name: 'thing', support: 1 }] })
  })
})

describe('other data', () => {
  it('arrays with labels, and cosine against the source without', async () => {
    const modelPath = write('one.onnx', { inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, nodes: ['y = Identity(x)'] })
    const variant = write('two.onnx', { inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, initializers: { k: { dtype: 'float32', dims: [2], values: [1, 0] } }, nodes: ['y = Mul(x, k)'] })
    const dataPath = join(folder, 'data.npz')
    writeFileSync(dataPath, npzBytes({ x: { descriptor: '<f4', dims: [3, 2], data: bytes(Float32Array.of(3, 4, 1, 0, 0, 1)) }, label: { descriptor: '<i8', dims: [3], data: bytes(BigInt64Array.of(1n, 0n, 0n)) } }))
    expect(await evaluate({ modelPath, dataPath })).toMatchObject({ value: 2 / 3, samples: 3 })
    const result = await evaluate({ modelPath: variant, referencePath: modelPath, dataPath, metric: 'cosine' })
    expect(result.outcomes.scores).toEqual([expect.closeTo(0.6, 6), 1, 0])
    const sqnr = await evaluate({ modelPath: variant, referencePath: modelPath, dataPath, metric: 'sqnr' })
    // Signal 25 + 1 + 1, noise 16 + 0 + 1.
    expect(sqnr.value).toBeCloseTo(10 * Math.log10(27 / 17), 6)
    await expect(evaluate({ modelPath, dataPath, metric: 'sqnr' })).rejects.toMatchObject({ code: 'bad-usage' })
  })

  it('arrays whose labels are missing, too few or of the wrong shape are refused by name', async () => {
    const modelPath = write('one.onnx', { inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, nodes: ['y = Identity(x)'] })
    const x = { descriptor: '<f4', dims: [3, 2], data: bytes(new Float32Array(6)) }
    writeFileSync(join(folder, 'none.npz'), npzBytes({ x }))
    writeFileSync(join(folder, 'few.npz'), npzBytes({ x, label: { descriptor: '|u1', dims: [2], data: Uint8Array.of(0, 1) } }))
    writeFileSync(join(folder, 'shape.npz'), npzBytes({ x: { descriptor: '<f4', dims: [3, 5], data: bytes(new Float32Array(15)) }, label: { descriptor: '|u1', dims: [3], data: Uint8Array.of(0, 1, 0) } }))
    await expect(evaluate({ modelPath, dataPath: join(folder, 'none.npz') })).rejects.toMatchObject({ code: 'invalid-data', message: expect.stringContaining('no labels') as string })
    await expect(evaluate({ modelPath, dataPath: join(folder, 'few.npz') })).rejects.toMatchObject({ message: expect.stringContaining('3 samples but 2 labels') as string })
    writeFileSync(join(folder, 'picture.npz'), npzBytes({ x, label: { descriptor: '<f4', dims: [3, 2, 2], data: bytes(new Float32Array(12)) } }))
    await expect(evaluate({ modelPath, dataPath: join(folder, 'picture.npz') })).rejects.toMatchObject({ message: expect.stringContaining('2 × 2 values, which is no class') as string })
    await expect(evaluate({ modelPath, dataPath: join(folder, 'shape.npz') })).rejects.toMatchObject({ message: expect.stringContaining("does not fit the model's input 'x'") as string })
  })

  it('a table, its label by name, rows that are no numbers left out', async () => {
    const modelPath = write('table.onnx', { inputs: { x: 'float32[N,2]' }, outputs: { y: 'float32[N,2]' }, nodes: ['y = Identity(x)'] })
    writeFileSync(join(folder, 'data.csv'), 'a,species,b\n2,first,1\n1,second,2\noops,first,1\n0,first,3\n')
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data.csv') })
    expect(result).toMatchObject({ value: 2 / 3, classNames: ['first', 'second'], skipped: { first: [{ name: '4', reason: "has 'oops' where 'x' wants a number" }] } })
  })

  it('texts by the word list beside them, with mean absolute error of a number', async () => {
    // The sum of the token ids of "a b": [CLS] 1, a 3, b 4, [SEP] 2.
    const modelPath = write('text.onnx', { inputs: { input_ids: 'int64[1,L]', attention_mask: 'int64[1,L]' }, outputs: { y: 'float32[1,1]' }, nodes: ['m = Mul(input_ids, attention_mask)', ['f = Cast(m)', { to: 1 }], ['y = ReduceSum(f)', { keepdims: 1 }]] })
    writeFileSync(join(folder, 'vocab.txt'), '[PAD]\n[CLS]\n[SEP]\na\nb\n[UNK]\n')
    writeFileSync(join(folder, 'data.jsonl'), '{"text": "A b", "label": 10}\n{"text": "a", "label": 7}\nnot json\n{"words": "a"}\n')
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data.jsonl'), metric: 'mae' })
    expect(result).toMatchObject({ value: 0.5, samples: 2, preprocessing: { kind: 'text', mask: 'attention_mask' } })
    expect(result.skipped.first.map(({ name }) => name)).toEqual(['3', '4'])
  })

  it('texts without a tokenizer are refused with what to do', async () => {
    const modelPath = write('text.onnx', { inputs: { input_ids: 'int64[1,L]' }, outputs: { y: 'int64[1,L]' }, nodes: ['y = Identity(input_ids)'] })
    writeFileSync(join(folder, 'data.jsonl'), '{"text": "a", "label": 0}\n')
    await expect(evaluate({ modelPath, dataPath: join(folder, 'data.jsonl') })).rejects.toMatchObject({ code: 'not-found', hint: expect.stringContaining('tokenizer.json') as string })
  })

  it('sounds at the rate the model wants', async () => {
    // Louder than a half on average is class 1.
    const modelPath = write('sound.onnx', {
      inputs: { wav: 'float32[1,8000]' },
      outputs: { y: 'float32[1,1]' },
      nodes: ['a = Abs(wav)', ['y = ReduceMean(a)', { keepdims: 1, axes: [1] }]],
    })
    for (const [name, level] of [['0/quiet', 0.1], ['1/loud', 0.9]] as const) {
      mkdirSync(dirname(join(folder, 'data', name)), { recursive: true })
      const wav = new wavefile.WaveFile()
      wav.fromScratch(1, 32000, '32f', new Float32Array(16000).fill(level))
      writeFileSync(join(folder, 'data', `${name}.wav`), wav.toBuffer())
    }
    writeFileSync(join(folder, 'data/1/broken.wav'), 'no sound')
    const card = { kind: 'audio', input: 'wav', sampleRate: 16000, length: 8000, features: 'waveform', mel: { window: 400, hop: 160, bands: 64, lowHz: 0, highHz: null, logOffset: 1e-6, power: 'power' }, layout: 'frames-bands' } as const
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data'), card })
    expect(result).toMatchObject({ value: 1, samples: 2, skipped: { count: 1, first: [{ name: '1/broken.wav' }] } })
  })
})

it.each([['resnet', 0.972], ['mobilenet', 0.974], ['resnet-wide', 0.977]])('the sample %s reaches the accuracy its README says', async (name, accuracy) => {
  const samples = join(import.meta.dirname, '../../../../resources/samples/digits')
  const result = await evaluate({ modelPath: join(samples, `${name}.onnx`), dataPath: join(samples, 'evaluation.npz'), threads: 1 })
  expect(result).toMatchObject({ value: accuracy, samples: 1000, skipped: { count: 0 }, preprocessing: { kind: 'tensor', scale: 1 / 255 } })
})

describe('results', () => {
  it('are found again by what bears on them, and interrupted runs go on', async () => {
    const modelPath = write('one.onnx', { inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, nodes: ['y = Identity(x)'] })
    const dataPath = join(folder, 'data.npz')
    const data = (last: number) => npzBytes({ x: { descriptor: '<f4', dims: [2, 2], data: bytes(Float32Array.of(1, 0, 0, last)) }, label: { descriptor: '|u1', dims: [2], data: Uint8Array.of(0, 1) } })
    writeFileSync(dataPath, data(1))
    const store = openEvaluations(join(folder, 'store'))
    const first = await evaluate({ modelPath, dataPath, store })
    const copy = join(folder, 'copy.onnx')
    copyFileSync(modelPath, copy)
    expect(await evaluate({ modelPath: copy, dataPath, store })).toMatchObject({ cached: true, value: first.value, conditions: first.conditions, model: { path: copy } })
    expect((await evaluate({ modelPath, dataPath, store, reuse: false })).cached).toBe(false)
    expect((await evaluate({ modelPath, dataPath, store, metric: 'top-5' })).cached).toBe(false)
    writeFileSync(dataPath, data(2))
    const other = await evaluate({ modelPath, dataPath, store })
    expect(other.cached).toBe(false)
    expect(store.list(first.model.sha256)).toHaveLength(3)
    // What an interrupted run had done is not run again: this one claims the first sample was wrong.
    const inputs = { modelSha256: first.model.sha256, referenceSha256: null, dataFingerprint: other.data.fingerprint, metric: 'top-1', card: other.preprocessing, limit: 2, exactIntegers: true } as const
    store.keepPart(inputs, { outcomes: [{ name: '0', score: 0, weight: 1, expected: 0, predicted: 1 }], skipped: [], inferenceMs: 1 })
    expect(await evaluate({ modelPath, dataPath, store, limit: 2 })).toMatchObject({ value: 0.5, outcomes: { names: ['0', '1'], scores: [0, 1] } })
    expect(store.part(inputs)).toBeNull()
    expect(existsSync(join(folder, 'store'))).toBe(true)
  })

  it('come bit by bit while it runs, and cancelling ends it', async () => {
    const modelPath = write('one.onnx', { inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, nodes: ['y = Identity(x)'] })
    const dataPath = join(folder, 'data.npz')
    writeFileSync(dataPath, npzBytes({ x: { descriptor: '<f4', dims: [50, 2], data: bytes(new Float32Array(100)) }, label: { descriptor: '|u1', dims: [50], data: new Uint8Array(50) } }))
    const abort = new AbortController()
    const store = openEvaluations(join(folder, 'store'))
    const seen: number[] = []
    const run = evaluate({
      modelPath,
      dataPath,
      signal: abort.signal,
      store,
      onPartial({ samples, value }) {
        seen.push(samples)
        expect(value).toBe(1)
        abort.abort()
      },
    })
    await expect(run).rejects.toThrow()
    expect(seen).toEqual([1])
    // What was done until then is not done again.
    expect(await evaluate({ modelPath, dataPath, store, onPartial: ({ samples }) => void seen.push(samples) })).toMatchObject({ value: 1, samples: 50 })
    expect(seen[1]).toBe(2)
  })
})
