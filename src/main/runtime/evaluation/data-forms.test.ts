/** The forms in which people keep samples and labels, each read once for a figure known by hand. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, type ModelSpec } from '#shared/onnx/testing/build-model'
import { createOrtRunner } from '../ort-runner'
import { bytes, npyBytes, npzBytes } from '../testing/write-npz'
import { evaluateModel, type EvaluateModelOptions } from './evaluate-model'

const root = mkdtempSync(join(tmpdir(), 'edgefit-data-forms-'))
const runner = createOrtRunner({ scratchFolder: root })
let folder: string
let count = 0
beforeEach(() => {
  folder = join(root, String(count++))
  mkdirSync(folder)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const model = (spec: ModelSpec) => put('model.onnx', joinPieces(encodeModel(buildModel(spec))))
const evaluate = (options: Pick<EvaluateModelOptions, 'modelPath' | 'dataPath'> & Partial<EvaluateModelOptions>): Promise<EvaluationResult> => evaluateModel({ metric: 'top-1', runner, ...options })

async function picture(name: string, colour: string, side = 8): Promise<void> {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  await sharp({ create: { width: side, height: side, channels: 3, background: colour } }).png().toFile(path)
}

const same: ModelSpec = { inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, nodes: ['y = Identity(x)'] }
const colours: ModelSpec = { inputs: { picture: 'float32[N,3,8,8]' }, outputs: { scores: 'float32[N,3]' }, nodes: ['p = GlobalAveragePool(picture)', 'scores = Flatten(p)'] }

describe('labels of pictures', () => {
  it.each([
    ['an object from file to label', 'labels.json', '{"1.png": 0, "2.png": "1"}'],
    ['a list of objects', 'labels.json', '[{"file": "1.png", "class": 0}, {"file": "2.png", "class": 1}]'],
    ['COCO without boxes', 'annotations.json', '{"images":[{"id":1,"file_name":"1.png"},{"id":2,"file_name":"2.png"}],"annotations":[{"image_id":1,"category_id":5},{"image_id":2,"category_id":9}],"categories":[{"id":5,"name":"red"},{"id":9,"name":"green"}]}'],
    ['a table of tabs without a head', 'labels.csv', '1.png\t0\n2.png\t1\n'],
  ])('are read from %s', async (_, name, content) => {
    await picture('data/1.png', '#ff0000')
    await picture('data/2.png', '#0000ff')
    put(`data/${name}`, content)
    expect(await evaluate({ modelPath: model(colours), dataPath: join(folder, 'data') })).toMatchObject({ value: 0.5, samples: 2, outcomes: { expected: [0, 1], predicted: [0, 2] } })
  })

  it('are read from a file elsewhere, which changes what the result is known by', async () => {
    await picture('data/1.png', '#ff0000')
    const one = put('one.csv', 'file,label\n1.png,0\n')
    const other = put('other.csv', 'file,label\n1.png,1\n')
    const [right, wrong] = [await evaluate({ modelPath: model(colours), dataPath: join(folder, 'data'), labelsPath: one }), await evaluate({ modelPath: model(colours), dataPath: join(folder, 'data'), labelsPath: other })]
    expect([right.value, wrong.value]).toEqual([1, 0])
    expect(right.data.fingerprint).not.toBe(wrong.data.fingerprint)
  })

  it('are pictures of the same name where pictures come out', async () => {
    await picture('data/images/1.png', '#808080')
    await picture('data/targets/1.png', '#808080')
    await picture('data/images/2.png', '#808080')
    await picture('data/targets/2.png', '#818181')
    const modelPath = model({ inputs: { x: 'float32[1,3,8,8]' }, outputs: { y: 'float32[1,3,8,8]' }, nodes: ['y = Identity(x)'] })
    const result = await evaluate({ modelPath, dataPath: join(folder, 'data'), metric: 'psnr' })
    // Equal pictures count 200 dB; one of 255 everywhere is 20 log10(255) dB.
    expect(result.outcomes.scores).toEqual([200, expect.closeTo(20 * Math.log10(255), 2)])
    expect((await evaluate({ modelPath, dataPath: join(folder, 'data'), metric: 'ssim' })).outcomes.scores[0]).toBeCloseTo(1, 6)
  })
})

describe('tensors', () => {
  const x = { descriptor: '<f4', dims: [2, 2], data: bytes(Float32Array.of(1, 0, 0, 1)) }
  const labels = { descriptor: '<i4', dims: [2], data: bytes(Int32Array.of(0, 0)) }

  it('in .npy files of their own, labels beside them or elsewhere', async () => {
    const modelPath = model(same)
    put('data/x.npy', npyBytes(x))
    put('data/label.npy', npyBytes(labels))
    expect(await evaluate({ modelPath, dataPath: join(folder, 'data') })).toMatchObject({ value: 0.5, samples: 2 })
    expect(await evaluate({ modelPath, dataPath: join(folder, 'data/x.npy'), labelsPath: join(folder, 'data/label.npy') })).toMatchObject({ value: 0.5, samples: 2 })
  })

  it('in test sets of ONNX, compared with the outputs they expect', async () => {
    const modelPath = model(same)
    put('data/test_data_set_0/input_0.pb', tensorProto([1, 2], Float32Array.of(1, 2)))
    put('data/test_data_set_0/output_0.pb', tensorProto([1, 2], Float32Array.of(1, 2)))
    put('data/test_data_set_1/input_0.pb', tensorProto([1, 2], Float32Array.of(3, 4)))
    put('data/test_data_set_1/output_0.pb', tensorProto([1, 2], Float32Array.of(3, 8)))
    expect(await evaluate({ modelPath, dataPath: join(folder, 'data'), metric: 'mae' })).toMatchObject({ value: 1, samples: 2 })
    // What a trusted run gave as scores is its class.
    expect(await evaluate({ modelPath, dataPath: join(folder, 'data') })).toMatchObject({ value: 1, samples: 2 })
  })

  it('read as text by an alphabet, with errors of characters and of words', async () => {
    const modelPath = model({ inputs: { x: 'float32[1,4,3]' }, outputs: { y: 'float32[1,4,3]' }, nodes: ['y = Identity(x)'] })
    put('alphabet.txt', 'a\nb\n')
    const [blank, a, b] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    const scores = Float32Array.from([...[a, a, blank, b], ...[a, blank, a, blank]].flat())
    const words = Uint32Array.from([...'ab', ...'ab'], (letter) => letter.codePointAt(0) ?? 0)
    const dataPath = put('data.npz', npzBytes({ x: { descriptor: '<f4', dims: [2, 4, 3], data: bytes(scores) }, label: { descriptor: '<U2', dims: [2], data: bytes(words) } }))
    const result = await evaluate({ modelPath, dataPath, metric: 'cer' })
    // "ab" is read right, then "aa": one of four characters, and one of two words.
    expect(result).toMatchObject({ value: 0.25, worst: [{ expected: 'ab', predicted: 'aa' }, { predicted: 'ab' }] })
    expect(await evaluate({ modelPath, dataPath, metric: 'wer' })).toMatchObject({ value: 0.5 })
  })
})

it('texts go through a tokenizer.json, pairs with the types of their tokens', async () => {
  const modelPath = model({
    inputs: { input_ids: 'int64[1,L]', token_type_ids: 'int64[1,L]' },
    outputs: { y: 'float32[1,1]' },
    nodes: ['s = Add(input_ids, token_type_ids)', ['f = Cast(s)', { to: 1 }], ['y = ReduceSum(f)', { keepdims: 1 }]],
  })
  const special = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } })
  const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } })
  const token = (id: string, at: number) => ({ id, ids: [at], tokens: [id] })
  put('tokenizer.json', JSON.stringify({
    version: '1.0', truncation: null, padding: null, normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'Whitespace' }, decoder: null,
    added_tokens: [{ id: 1, content: '[CLS]', special: true }, { id: 2, content: '[SEP]', special: true }].map((one) => ({ ...one, single_word: false, lstrip: false, rstrip: false, normalized: false })),
    post_processor: { type: 'TemplateProcessing', single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)], pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)], special_tokens: { '[CLS]': token('[CLS]', 1), '[SEP]': token('[SEP]', 2) } },
    model: { type: 'WordLevel', vocab: { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, good: 10, bad: 20 }, unk_token: '[UNK]' },
  }))
  // 1 + 10 + 2; then 1 + 10 + 2 + 20 + 2 and two tokens of the second type.
  const dataPath = put('data.jsonl', '{"text": "Good", "label": 13}\n{"text": "good", "text_pair": "bad", "label": 37}\n')
  expect(await evaluate({ modelPath, dataPath, metric: 'mae' })).toMatchObject({ value: 0, samples: 2, preprocessing: { kind: 'text', types: 'token_type_ids' } })
})

it('a table of tabs has its label in the last column where none is named so', async () => {
  const dataPath = put('data.tsv', 'a\tb\tkind\n1\t0\tyes\n0\t1\tyes\n')
  expect(await evaluate({ modelPath: model({ inputs: { x: 'float32[N,2]' }, outputs: { y: 'float32[N,2]' }, nodes: ['y = Identity(x)'] }), dataPath })).toMatchObject({ value: 0.5, classNames: ['yes'] })
})

/** A TensorProto of float32: dims, data_type 1 and raw_data. */
function tensorProto(dims: readonly number[], values: Float32Array): Uint8Array {
  return Uint8Array.of(...dims.flatMap((dim) => [0x08, dim]), 0x10, 1, 0x4a, values.byteLength, ...bytes(values))
}
