import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { dataTypeLabel, dataTypeName } from '#shared/onnx/data-type'
import type { Model } from '#shared/onnx/records'
import { bytesOf, numbersFromBytes } from '#shared/onnx/tensor-data'
import { buildModel } from '#shared/onnx/testing/build-model'
import { ownModelsFolder, sharedModelsFolder } from '../../../tests/fixtures/shared-models'
import type { CalibrationData } from '../passes/pass'
import { openCalibrationData } from './calibration-data'
import { openModelFile } from './model-file'
import type { TensorValue } from './model-runner'
import { npyBytes, type NpySpec, npzBytes } from './testing/write-npz'

const root = mkdtempSync(join(tmpdir(), 'edgefit-data-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let files = 0

function model(inputs: Record<string, string>): Model {
  const [first = 'x'] = Object.keys(inputs)
  return buildModel({ inputs, outputs: { y: null }, nodes: [`y = Identity(${first})`] })
}

function write(name: string, content: Uint8Array | string): string {
  const folder = join(root, `case-${++files}`)
  mkdirSync(folder)
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

function folderOf(contents: Record<string, Uint8Array | string>): string {
  const folder = join(root, `case-${++files}`)
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const float32 = (dims: number[], values: number[]): NpySpec => ({ descriptor: '<f4', dims, data: bytesOf(Float32Array.from(values)) })
const counting = (count: number) => Array.from({ length: count }, (_, at) => at)

/** What each sample feeds, in numbers. */
async function read(data: CalibrationData): Promise<Record<string, { type: string; dims: readonly number[]; values: readonly (number | string)[] }>[]> {
  const samples = []
  for await (const feeds of data.samples()) samples.push(Object.fromEntries([...feeds].map(([name, value]) => [name, show(value)])))
  return samples
}

function show(value: TensorValue): { type: string; dims: readonly number[]; values: readonly (number | string)[] } {
  const type = dataTypeName(value.dataType)
  if (type === null) throw new Error('unknown type')
  const values = value.strings ?? Array.from(numbersFromBytes(type, value.bytes, value.dims.reduce((a, b) => a * b, 1)), Number)
  return { type: dataTypeLabel(value.dataType), dims: value.dims, values }
}

function open(path: string, of: Model): Promise<CalibrationData> {
  return openCalibrationData({ kind: 'path', path }, of)
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown)
  if (error instanceof AppError) return error
  throw new Error(`expected an AppError, got ${String(error)}`)
}

describe('what one sample is', () => {
  test('[N, …] gives N feeds of batch 1', async () => {
    const data = await open(write('a.npy', npyBytes(float32([3, 2], counting(6)))), model({ x: 'float32[batch,2]' }))
    expect(data).toMatchObject({ sampleCount: 3, synthetic: false })
    expect((await read(data)).map(({ x }) => x)).toEqual([
      { type: 'float32', dims: [1, 2], values: [0, 1] },
      { type: 'float32', dims: [1, 2], values: [2, 3] },
      { type: 'float32', dims: [1, 2], values: [4, 5] },
    ])
  })

  test('a batch that the model fixes is kept, and what is left over is said', async () => {
    const data = await open(write('a.npy', npyBytes(float32([5, 2], counting(10)))), model({ x: 'float32[2,2]' }))
    expect(data.sampleCount).toBe(2)
    expect(data.description).toContain('the last 1 of a.npy left out')
    expect((await read(data))[1]?.x?.values).toEqual([4, 5, 6, 7])
  })

  test('one rank more is a list of whole feeds, one rank less is a single sample', async () => {
    const of = model({ x: 'float32[2,3]' })
    const many = await read(await open(write('a.npy', npyBytes(float32([4, 2, 3], counting(24)))), of))
    expect(many).toHaveLength(4)
    expect(many[3]?.x).toEqual({ type: 'float32', dims: [2, 3], values: [18, 19, 20, 21, 22, 23] })
    const one = await read(await open(write('a.npy', npyBytes(float32([3], [7, 8, 9]))), model({ x: 'float32[N,3]' })))
    expect(one).toEqual([{ x: { type: 'float32', dims: [1, 3], values: [7, 8, 9] } }])
  })

  test('an input with a single sample serves with every sample of the others', async () => {
    const path = write('a.npz', npzBytes({ x: float32([3, 1], [1, 2, 3]), rate: { descriptor: '<i8', dims: [], data: bytesOf(BigInt64Array.of(16000n)) } }))
    const samples = await read(await open(path, model({ x: 'float32[N,1]', rate: 'int64[]' })))
    expect(samples.map(({ x, rate }) => [x?.values[0], rate?.values[0]])).toEqual([[1, 16000], [2, 16000], [3, 16000]])
  })

  test('samples can be read again', async () => {
    const data = await open(write('a.npz', npzBytes({ x: float32([2, 1], [1, 2]) })), model({ x: 'float32[N,1]' }))
    expect(await read(data)).toEqual(await read(data))
  })

  test('each sample has memory of its own, unless it may be that of the one before', async () => {
    const data = await open(write('a.npy', npyBytes(float32([3, 1], [1, 2, 3]))), model({ x: 'float32[N,1]' }))
    const buffersOf = async (options: { reuseMemory?: boolean }) => {
      const [values, buffers] = [[] as unknown[], new Set<unknown>()]
      for await (const feeds of data.samples(options)) {
        const value = feeds.get('x')
        if (!value) throw new Error('x is not fed')
        values.push(...show(value).values)
        buffers.add(value.bytes.buffer)
      }
      return { values, buffers: buffers.size }
    }
    expect(await buffersOf({})).toEqual({ values: [1, 2, 3], buffers: 3 })
    expect(await buffersOf({ reuseMemory: true })).toEqual({ values: [1, 2, 3], buffers: 1 })
  })

  test('samples across pieces of a large file are the same where they lie and in memory of their own', async () => {
    const data = await open(write('a.npy', npyBytes(float32([300, 1000], counting(300_000)))), model({ x: 'float32[N,1000]' }))
    for (const options of [{}, { reuseMemory: true }]) {
      let at = 0
      for await (const feeds of data.samples(options)) {
        const { bytes } = feeds.get('x') ?? { bytes: new Uint8Array() }
        const values = numbersFromBytes('float32', bytes, 1000)
        expect([values.length, values[0], values[999]]).toEqual([1000, at * 1000, at * 1000 + 999])
        at++
      }
      expect(at).toBe(300)
    }
  })

  test('stopping in the middle is fine', async () => {
    const data = await open(write('a.npz', npzBytes({ x: float32([1000, 1], counting(1000)) })), model({ x: 'float32[N,1]' }))
    for await (const feeds of data.samples()) {
      expect(feeds.size).toBe(1)
      break
    }
  })
})

describe('which array is for which input', () => {
  test('arrays go by name, others are named as not used', async () => {
    const path = write('a.npz', npzBytes({ label: float32([2], [0, 1]), b: float32([2, 1], [3, 4]), a: float32([2, 1], [1, 2]) }))
    const data = await open(path, model({ a: 'float32[N,1]', b: 'float32[N,1]' }))
    expect(data.description).toContain('not used: label')
    expect((await read(data)).map(({ a, b }) => [a?.values[0], b?.values[0]])).toEqual([[1, 3], [2, 4]])
  })

  test('a single array is for the single input, whatever its name, labels aside', async () => {
    const path = write('a.npz', npzBytes({ pictures: float32([1, 1], [5]), y: float32([1], [0]) }))
    expect((await read(await open(path, model({ x: 'float32[N,1]' }))))[0]?.x?.values).toEqual([5])
  })

  test('.npy files in a folder are named after inputs, or are samples of the only input in numeric order', async () => {
    const named = folderOf({ 'a.npy': npyBytes(float32([1, 1], [1])), 'b.npy': npyBytes(float32([1, 1], [2])) })
    expect((await read(await open(named, model({ a: 'float32[N,1]', b: 'float32[N,1]' }))))[0]).toMatchObject({ a: { values: [1] }, b: { values: [2] } })
    const numbered = folderOf({ 's10.npy': npyBytes(float32([1], [10])), 's9.npy': npyBytes(float32([1], [9])) })
    expect((await read(await open(numbered, model({ x: 'float32[N,1]' })))).map(({ x }) => x?.values[0])).toEqual([9, 10])
  })

  test('an input without data is named, with what was there', async () => {
    const error = await failure(open(write('a.npz', npzBytes({ b: float32([1, 1], [1]), c: float32([1, 1], [1]) })), model({ x: 'float32[N,1]' })))
    expect(error).toMatchObject({ code: 'invalid-data', message: "a.npz has nothing for the model's input 'x' (float32 [N, 1]); looked at: b, c." })
  })

  test('different numbers of samples are refused', async () => {
    const path = write('a.npz', npzBytes({ a: float32([2, 1], [1, 2]), b: float32([3, 1], [1, 2, 3]) }))
    expect((await failure(open(path, model({ a: 'float32[N,1]', b: 'float32[N,1]' })))).message).toBe("'a' in a.npz holds 2 samples but 'b' in a.npz holds 3.")
  })
})

describe('element types', () => {
  test('uint8 pictures become 0…1 for a float input, and the description says so', async () => {
    const path = write('a.npy', npyBytes({ descriptor: '|u1', dims: [1, 1, 1, 3], data: Uint8Array.of(0, 51, 255) }))
    const data = await open(path, model({ x: 'float32[N,1,1,3]' }))
    expect(data.description).toContain('scaled from uint8 0…255 to float32 0…1')
    expect((await read(data))[0]?.x?.values).toEqual([0, Math.fround(0.2), 1])
  })

  test('uint8 that is no picture keeps its values', async () => {
    const path = write('a.npy', npyBytes({ descriptor: '|u1', dims: [1, 2], data: Uint8Array.of(0, 255) }))
    expect((await read(await open(path, model({ x: 'float32[N,2]' }))))[0]?.x?.values).toEqual([0, 255])
  })

  test('big-endian arrays are turned round', async () => {
    const data = Buffer.alloc(8)
    data.writeFloatBE(1.5, 0)
    data.writeFloatBE(-2, 4)
    const path = write('a.npy', npyBytes({ descriptor: '>f4', dims: [1, 2], data }))
    expect((await read(await open(path, model({ x: 'float32[N,2]' }))))[0]?.x?.values).toEqual([1.5, -2])
  })

  test('fixed-width texts are read', async () => {
    const path = write('a.npy', npyBytes({ descriptor: '<U2', dims: [2], data: bytesOf(Uint32Array.of(0x61, 0, 0x6c49, 0x5b57)) }))
    expect((await read(await open(path, model({ x: 'string[N]' })))).map(({ x }) => x?.values)).toEqual([['a'], ['汉字']])
  })

  test('a value that would be lost is named with its sample', async () => {
    const path = write('a.npy', npyBytes({ descriptor: '<f8', dims: [2, 1], data: bytesOf(Float64Array.of(1, 1.5)) }))
    const data = await open(path, model({ x: 'int64[N,1]' }))
    expect(data.description).toContain('converted from float64 to int64')
    expect((await failure(read(data))).message).toBe("a.npy is float64 and cannot become int64 for input 'x' without loss: 1.5 is not an integer (sample 2).")
  })

  test('NaN and infinity are refused with their place', async () => {
    const data = await open(write('a.npy', npyBytes(float32([2, 2], [1, 2, 3, NaN]))), model({ x: 'float32[N,2]' }))
    expect(await failure(read(data))).toMatchObject({ code: 'invalid-data', message: 'a.npy has a NaN or an infinity in sample 2 (element 1).' })
  })
})

describe('what is refused', () => {
  const x = model({ x: 'float32[N,2]' })

  test.for<[what: string, name: string, content: Uint8Array | string, says: string | RegExp]>([
    ['wrong dimensions', 'a.npy', npyBytes(float32([2, 3], counting(6))), "a.npy is float32 [2, 3], which does not fit the model's input 'x': float32 [N, 2]."],
    ['a wrong rank', 'a.npy', npyBytes(float32([1, 1, 1, 2], [1, 2])), /does not fit/],
    ['no samples', 'a.npy', npyBytes(float32([0, 2], [])), 'a.npy holds no samples: its shape is [0, 2].'],
    ['texts for numbers', 'a.npy', npyBytes({ descriptor: '<U1', dims: [1, 2], data: new Uint8Array(8) }), /does not fit/],
    ['Python objects', 'a.npy', npyBytes({ descriptor: '|O', dims: [1, 2], data: new Uint8Array(0) }), 'a.npy holds Python objects.'],
    ['column-major arrays', 'a.npy', npyBytes({ ...float32([3, 2], counting(6)), fortranOrder: true }), /Fortran/],
    ['absurd dimensions', 'a.npy', npyBytes({ descriptor: '<f4', dims: [2 ** 40, 2 ** 40], data: new Uint8Array(0) }), 'a.npy has absurd dimensions.'],
    ['what is no array', 'a.npy', 'hello, this is text', 'a.npy is not a NumPy .npy array.'],
    ['what is no archive', 'a.npz', 'hello, this is text and not a zip archive at all', /'a\.npz' is not a readable \.npz archive/],
    ['an archive without arrays', 'a.npz', npzBytes({}), 'a.npz holds no arrays.'],
    ['what is no tensor', 'a.pb', 'hello', /a\.pb is not a tensor/],
    ['a picture for a model that takes none', 'a.jpg', 'jpeg', 'The model has no input that images could feed.'],
    ['any other file', 'a.txt', '1,2', "'a.txt' is not a kind of data that can be read."],
  ])('%s', async ([, name, content, says]) => {
    const error = await failure(open(write(name, content), x))
    if (typeof says === 'string') expect(error.message).toBe(says)
    else expect(error.message).toMatch(says)
  })

  test('a file that ends too early', async () => {
    const whole = npyBytes(float32([4, 2], counting(8)))
    const data = await open(write('a.npy', whole.subarray(0, whole.length - 5)), x)
    expect(await failure(read(data))).toMatchObject({ code: 'truncated', message: 'a.npy ends too early: 5 more bytes were expected.' })
  })

  test('a path that does not exist', async () => {
    expect((await failure(open(join(root, 'nowhere'), x))).code).toBe('not-found')
  })

  test('folders that are empty, mixed, or of pictures', async () => {
    expect((await failure(open(folderOf({ 'readme.txt': 'x' }), x))).message).toMatch(/holds no data/)
    expect((await failure(open(folderOf({ 'a.npy': npyBytes(float32([1, 2], [1, 2])), 'a.npz': npzBytes({}) }), x))).message).toMatch(/mixes \.npz and \.npy/)
    expect((await failure(open(folderOf({ 'a.png': 'x', 'b.png': 'x' }), x))).code).toBe('not-supported')
  })

  test('inputs that are no tensors', async () => {
    const error = await failure(open(write('a.npy', npyBytes(float32([1], [1]))), model({ x: 'sequence(float32[1])' })))
    expect(error).toMatchObject({ code: 'not-supported', message: "The model's input 'x' is a sequence; only tensors can be fed." })
  })
})

test('inputs with a default value need no data', async () => {
  const withDefault = buildModel({
    inputs: { x: 'float32[N,1]', w: 'float32[1]' },
    outputs: { y: null },
    initializers: { w: { dtype: 'float32', dims: [1], values: [2] } },
    nodes: ['y = Mul(x, w)'],
  })
  expect(Object.keys((await read(await open(write('a.npy', npyBytes(float32([1, 1], [3]))), withDefault)))[0] ?? {})).toEqual(['x'])
})

test("the sample models' own calibration set is read as pictures of 0…1", async () => {
  const file = openModelFile(join(ownModelsFolder, 'digits/resnet.onnx'))
  const data = await open(join(ownModelsFolder, 'digits/calibration.npz'), file.model)
  expect(data.sampleCount).toBe(256)
  let largest = 0
  let count = 0
  for await (const feeds of data.samples()) {
    const image = feeds.get('image')
    expect(image?.dims).toEqual([1, 3, 48, 48])
    if (image) largest = Math.max(largest, ...show(image).values.map(Number))
    count++
  }
  expect(count).toBe(256)
  expect(largest).toBeGreaterThan(0.9)
  expect(largest).toBeLessThanOrEqual(1)
  file.close()
})

describe.skipIf(!existsSync(sharedModelsFolder))('test_data_set folders of ONNX', () => {
  const folder = join(sharedModelsFolder, 'classification/mnist-8.data')
  const mnist = () => openModelFile(join(sharedModelsFolder, 'classification/mnist-8.onnx')).model

  test('each is a sample, its tensors by order', async () => {
    const data = await open(folder, mnist())
    expect(data.sampleCount).toBe(3)
    for (const sample of await read(data)) expect(sample.Input3?.dims).toEqual([1, 1, 28, 28])
  })

  test('one of them alone, or a single tensor file, is one sample', async () => {
    expect((await open(join(folder, 'test_data_set_1'), mnist())).sampleCount).toBe(1)
    expect((await open(join(folder, 'test_data_set_1', 'input_0.pb'), mnist())).sampleCount).toBe(1)
  })

  test('a tensor cut short is refused', async () => {
    const whole = readFileSync(join(folder, 'test_data_set_0', 'input_0.pb'))
    expect((await open(write('whole.pb', whole), mnist())).sampleCount).toBe(1)
    const path = write('cut.pb', whole.subarray(0, 1000))
    expect((await failure(open(path, mnist()))).code).toBe('invalid-data')
  })
})
