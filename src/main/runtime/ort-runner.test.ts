import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { DATA_TYPES, type DataTypeName } from '#shared/onnx/data-type'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { bytesOf, numbersFromBytes } from '#shared/onnx/tensor-data'
import { sharedModelsFolder } from '../../../tests/fixtures/shared-models'
import { openModelFile } from './model-file'
import type { Feeds, TensorValue } from './model-runner'
import { createOrtRunner } from './ort-runner'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-ort-runner-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))
const runner = createOrtRunner({ scratchFolder })

const twoSteps = buildModel({
  inputs: { x: 'float32[N,3]' },
  outputs: { y: 'float32[N,2]' },
  initializers: { w: tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6]) },
  nodes: ['t = MatMul(x, w)', 'y = Relu(t)'],
})

function floats(dims: number[], values: number[]): TensorValue {
  return { dataType: DATA_TYPES.float32.code, dims, bytes: bytesOf(Float32Array.from(values)) }
}

function numbersOf(value: TensorValue | undefined, type: DataTypeName): number[] {
  if (!value) throw new Error('the output is missing')
  return Array.from(numbersFromBytes(type, value.bytes, value.dims.reduce((a, b) => a * b, 1)), Number)
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown)
  if (error instanceof AppError) return error
  throw new Error(`expected an AppError, got ${String(error)}`)
}

test('a document runs as it is now, and values inside it can be asked for without touching it', async () => {
  const document = new ModelDocument(twoSteps)
  const outputsBefore = document.model.graph.outputs
  const running = await runner.load(document, { extraOutputs: ['t'] })
  const outputs = await running.run(new Map([['x', floats([1, 3], [1, -1, 0])]]))
  await running.close()
  expect(running.outputNames).toEqual(['y', 't'])
  expect(numbersOf(outputs.get('t'), 'float32')).toEqual([-2, -2])
  expect(numbersOf(outputs.get('y'), 'float32')).toEqual([0, 0])
  expect(document.model.graph.outputs).toBe(outputsBefore)
})

test('an edited document gives what the edit says', async () => {
  const document = new ModelDocument(twoSteps)
  await document.transact('negate', (edit) => {
    const relu = edit.main.nodes.find(({ opType }) => opType === 'Relu')
    if (relu) edit.updateNode(edit.main, relu, { opType: 'Neg' })
  })
  const running = await runner.load(document)
  const outputs = await running.run(new Map([['x', floats([1, 3], [1, -1, 0])]]))
  await running.close()
  expect(numbersOf(outputs.get('y'), 'float32')).toEqual([2, 2])
})

test('every element type that onnxruntime-node takes goes in and comes out with the same bytes', async () => {
  const types: Partial<Record<DataTypeName, Uint8Array>> = {
    float32: bytesOf(Float32Array.of(1.5, -2)),
    float64: bytesOf(Float64Array.of(1.5, -2)),
    float16: bytesOf(Uint16Array.of(0x3c00, 0xc000)),
    int8: bytesOf(Int8Array.of(-128, 127)),
    uint8: Uint8Array.of(0, 255),
    int16: bytesOf(Int16Array.of(-32768, 32767)),
    uint16: bytesOf(Uint16Array.of(0, 65535)),
    int32: bytesOf(Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
    uint32: bytesOf(Uint32Array.of(0, 2 ** 32 - 1)),
    int64: bytesOf(BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)),
    uint64: bytesOf(BigUint64Array.of(0n, 2n ** 64n - 1n)),
    bool: Uint8Array.of(1, 0),
  }
  const names = Object.keys(types) as DataTypeName[]
  const model = buildModel({
    inputs: Object.fromEntries(names.map((name) => [`in_${name}`, `${name}[2]`])),
    outputs: Object.fromEntries(names.map((name) => [`out_${name}`, `${name}[2]`])),
    nodes: names.map((name) => `out_${name} = Identity(in_${name})`),
  })
  const feeds: Feeds = new Map(
    names.map((name): [string, TensorValue] => {
      // At an odd offset, so that the bytes are not aligned for their type.
      const own = types[name] ?? new Uint8Array(0)
      const shifted = new Uint8Array(own.length + 1)
      shifted.set(own, 1)
      return [`in_${name}`, { dataType: DATA_TYPES[name].code, dims: [2], bytes: shifted.subarray(1) }]
    }),
  )
  const running = await runner.load(model)
  const outputs = await running.run(feeds)
  await running.close()
  for (const name of names) {
    expect(outputs.get(`out_${name}`)?.dataType, name).toBe(DATA_TYPES[name].code)
    expect([...(outputs.get(`out_${name}`)?.bytes ?? [])], name).toEqual([...(types[name] ?? [])])
  }
})

test('texts go in and come out', async () => {
  const model = buildModel({ inputs: { x: 'string[2]' }, outputs: { y: 'string[2]' }, nodes: ['y = Identity(x)'] })
  const running = await runner.load(model)
  const outputs = await running.run(new Map([['x', { dataType: DATA_TYPES.string.code, dims: [2], bytes: new Uint8Array(0), strings: ['a', '汉字'] }]]))
  await running.close()
  expect(outputs.get('y')?.strings).toEqual(['a', '汉字'])
})

test('empty tensors are allowed', async () => {
  const running = await runner.load(twoSteps)
  const outputs = await running.run(new Map([['x', floats([0, 3], [])]]))
  await running.close()
  expect(outputs.get('y')?.dims).toEqual([0, 2])
})

test('a large model goes through a scratch file, which is gone once the model is closed', async () => {
  const width = 1600
  const weights = new Float32Array(width * width)
  weights[0] = 2
  const model = buildModel({
    inputs: { x: `float32[1,${width}]` },
    outputs: { y: `float32[1,${width}]` },
    initializers: { w: { name: 'w', dataType: DATA_TYPES.float32.code, dims: [width, width], data: { kind: 'bytes', bytes: bytesOf(weights) } } },
    nodes: ['y = MatMul(x, w)'],
  })
  const running = await runner.load(model)
  expect(readdirSync(scratchFolder).filter((name) => name.startsWith('model-'))).toHaveLength(1)
  const outputs = await running.run(new Map([['x', floats([1, width], [3, ...new Array<number>(width - 1).fill(0)])]]))
  await running.close()
  expect(numbersOf(outputs.get('y'), 'float32')[0]).toBe(6)
  expect(readdirSync(scratchFolder).filter((name) => name.startsWith('model-'))).toEqual([])
})

test('external data is found although the model is not handed over as a file', async () => {
  const folder = mkdtempSync(join(scratchFolder, 'external-'))
  writeFileSync(join(folder, 'weights.bin'), bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6)))
  const entries = [{ key: 'location', value: 'weights.bin' }]
  const model = buildModel({
    inputs: { x: 'float32[1,3]' },
    outputs: { y: 'float32[1,2]' },
    initializers: { w: { name: 'w', dataType: DATA_TYPES.float32.code, dims: [3, 2], data: { kind: 'external', entries, resolved: null } } },
    nodes: ['y = MatMul(x, w)'],
  })
  const path = join(folder, 'model.onnx')
  writeFileSync(path, joinPieces(encodeModel(model)))
  const file = openModelFile(path)
  const running = await runner.load(new ModelDocument(file.model))
  const outputs = await running.run(new Map([['x', floats([1, 3], [1, 1, 1])]]))
  await running.close()
  file.close()
  expect(numbersOf(outputs.get('y'), 'float32')).toEqual([9, 12])
})

test('onnxruntime does not read external data outside the folder of the model', async () => {
  const folder = mkdtempSync(join(scratchFolder, 'escape-'))
  const entries = [{ key: 'location', value: '../../../../../../../../etc/passwd' }, { key: 'length', value: '24' }]
  const model = buildModel({
    inputs: { x: 'float32[1,3]' },
    outputs: { y: 'float32[1,2]' },
    initializers: { w: { name: 'w', dataType: DATA_TYPES.float32.code, dims: [3, 2], data: { kind: 'external', entries, resolved: null } } },
    nodes: ['y = MatMul(x, w)'],
  })
  const path = join(folder, 'model.onnx')
  writeFileSync(path, joinPieces(encodeModel(model)))
  const error = await failure(runner.loadFile(path))
  expect(error.code).toBe('runtime-rejected')
  expect(error.hint).toContain('same folder')
  expect((await failure(runner.load(model))).code).toBe('not-found')
})

test('the optimised graph and the profile are written where they are wanted', async () => {
  const folder = mkdtempSync(join(scratchFolder, 'written-'))
  const running = await runner.load(twoSteps, { optimizedModelPath: join(folder, 'optimized.onnx'), profilePrefix: join(folder, 'profile') })
  await running.run(new Map([['x', floats([1, 3], [1, 2, 3])]]))
  const profile = running.endProfiling()
  await running.close()
  const optimized = openModelFile(join(folder, 'optimized.onnx'))
  expect(optimized.model.graph.nodes.map(({ opType }) => opType)).toContain('MatMul')
  optimized.close()
  expect(profile !== null && existsSync(profile)).toBe(true)
  expect(readFileSync(profile ?? '', 'utf8')).toContain('MatMul')
})

test('the level of optimisation is the one asked for', async () => {
  const chain = buildModel({ inputs: { x: 'float32[2]' }, outputs: { y: 'float32[2]' }, nodes: ['a = Identity(x)', 'y = Relu(a)'] })
  const ops: Record<string, string[]> = {}
  for (const optimization of ['none', 'all'] as const) {
    const path = join(scratchFolder, `${optimization}.onnx`)
    await (await runner.load(chain, { optimization, optimizedModelPath: path })).close()
    const file = openModelFile(path)
    ops[optimization] = file.model.graph.nodes.map(({ opType }) => opType)
    file.close()
  }
  expect(ops).toEqual({ none: ['Identity', 'Relu'], all: ['Relu'] })
})

test('settings of the session reach onnxruntime, as the weights beside the optimised graph show', async () => {
  // x64quantprecision goes the same way but has no effect to see on processors with VNNI.
  const model = buildModel({
    inputs: { x: 'float32[1,64]' },
    outputs: { y: 'float32[1,64]' },
    initializers: { w: { name: 'w', dataType: DATA_TYPES.float32.code, dims: [64, 64], data: { kind: 'bytes', bytes: new Uint8Array(64 * 64 * 4) } } },
    nodes: ['y = MatMul(x, w)'],
  })
  const path = join(scratchFolder, 'beside.onnx')
  await (await runner.load(model, { optimizedModelPath: path, exactIntegers: true })).close()
  expect(existsSync(`${path}.data`)).toBe(true)
})

test('a model that onnxruntime refuses says so in one sentence, without its source paths', async () => {
  const unknownOp = await failure(runner.load(buildModel({ inputs: { x: 'float32[1]' }, outputs: { y: 'float32[1]' }, opsets: { 'my.domain': 1 }, nodes: ['y = my.domain.Frobnicate(x)'] })))
  expect(unknownOp).toMatchObject({ code: 'runtime-rejected', message: 'onnxruntime could not load the model: the operator Frobnicate of domain my.domain is unknown to it.' })
  const wrongShape = await runner.load(twoSteps)
  const error = await failure(wrongShape.run(new Map([['x', floats([1, 4], [1, 2, 3, 4])]])))
  await wrongShape.close()
  expect(error.message).toBe("onnxruntime could not run the model: input 'x' has the wrong shape: axis 1 is 4 and must be 3.")
})

test('missing inputs are named', async () => {
  const running = await runner.load(twoSteps)
  expect(await failure(running.run(new Map()))).toMatchObject({ code: 'invalid-data', message: "The data has nothing for the model's input 'x'." })
  await running.close()
})

test('a .ort file is declined by name', async () => {
  expect(await failure(runner.loadFile('/nowhere/upsample.ort'))).toMatchObject({ code: 'not-supported' })
})

test.skipIf(!existsSync(sharedModelsFolder))('outputs that are sequences of maps are left out, the tensors beside them come', async () => {
  const running = await runner.loadFile(join(sharedModelsFolder, 'tabular/sklearn_randomforest_zipmap.onnx'))
  const outputs = await running.run(new Map([['X', floats([1, 4], [1, 2, 3, 4])]]))
  await running.close()
  expect([...outputs.keys()]).toEqual(['output_label'])
})

test.skipIf(!existsSync(sharedModelsFolder)).for([
  ['awkward/bert_tokenizer_contrib.onnx', 'the operator BertTokenizer of domain ai.onnx.contrib is unknown to it'],
  ['awkward/super_resolution_ir1.onnx', 'the model does not say which opset it uses'],
  ['awkward/float16_in_bfloat16_out.onnx', 'an element type (code 16)'],
  ['awkward/lfs_pointer.onnx', 'not an ONNX model'],
] as const)('%s is refused with a reason and a hint', async ([file, reason]) => {
  const error = await failure(runner.loadFile(join(sharedModelsFolder, file)))
  expect(error.code).toBe('runtime-rejected')
  expect(error.message).toContain(reason)
  expect(error.hint).toBeTruthy()
})
