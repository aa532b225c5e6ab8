import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeModel } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../runtime/model-file'
import { storeBfloat16 } from './store-bfloat16'
import { storeFloat16 } from './store-float16'
import { opCounts, outputsOf, ownSamples, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const values = Array.from({ length: 320 }, (_, at) => Math.sin(at * 12.9898))
const spec: ModelSpec = {
  inputs: { x: 'float32[4,32]' },
  outputs: { y: 'float32[4,10]' },
  initializers: { w: tensor('float32', [32, 10], values), b: filledTensor('float32', [10], 0.1, -0.2) },
  nodes: ['y = Gemm(x, w, b)'],
}
const data = testData({ x: [4, 32] })
const passes = [
  ['float16', storeFloat16, 2 ** -11],
  ['bfloat16', storeBfloat16, 2 ** -8],
] as const

describe.each(passes)('storing as %s', (type, pass, bound) => {
  it('puts a Cast under the weight’s name, and moves outputs by rounding only', async () => {
    const { document, diagnostics } = await runPass(buildModel(spec), pass)
    expect([opCounts(document), diagnostics]).toEqual([{ Cast: 1, Gemm: 1 }, []])
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['b', `w.${type}`])
    expect(relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))).toBeLessThan(bound)
  })

  it('reaches constants within If, and leaves those of functions', async () => {
    const branch = (op: string) => ({ initializers: { v: tensor('float32', [32, 10], values) }, outputs: { [`${op}_y`]: 'float32[4,10]' }, nodes: [`${op}_m = MatMul(x, v)`, `${op}_y = ${op}(${op}_m)`] })
    const model = buildModel({ inputs: { x: 'float32[4,32]', c: 'bool[]' }, outputs: { y: 'float32[4,10]' }, nodes: [['y = If(c)', { then_branch: branch('Relu'), else_branch: branch('Neg') }]] })
    const { document } = await runPass(model, pass)
    expect(document.graphs().map((graph) => graph.nodes[0]?.opType)).toEqual(['If', 'Cast', 'Cast'])
  })

  it.each([
    ['small constants', { ...spec, initializers: { ...spec.initializers, w: filledTensor('float32', [32, 1], 1) }, outputs: { y: 'float32[4,1]' }, nodes: ['y = MatMul(x, w)'] }],
    ['defaults of inputs', { ...spec, inputs: { ...spec.inputs, w: 'float32[32,10]' } }],
    ['integers', { ...spec, initializers: { w: filledTensor('int64', [32, 10], 1) }, outputs: { y: 'int64[32,10]' }, inputs: {}, nodes: ['y = Identity(w)'] }],
  ] satisfies [string, ModelSpec][])('leaves %s', async (_, left) => {
    expect((await runPass(buildModel(left), pass)).transaction.changes).toEqual([])
  })

  it('takes the weights of old files, which are inputs too', async () => {
    const old = { ...spec, opset: 7, irVersion: 3, inputs: { x: 'float32[4,32]', w: 'float32[32,10]', b: 'float32[10]' } }
    const { document } = await runPass(buildModel(old), pass)
    expect(document.model.graph.inputs.map(({ name }) => name)).toEqual(['x'])
    expect(relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))).toBeLessThan(bound)
  })

  it('does nothing the second time, and undo brings everything back', async () => {
    const { document, transaction } = await runPass(buildModel(spec), pass)
    expect((await runPass(document, pass)).transaction.changes).toEqual([])
    document.undo(transaction)
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
  })

  it('halves the sample resnet.onnx and keeps its outputs', async () => {
    const file = openModelFile(join(ownSamples, 'digits/resnet.onnx'))
    try {
      const images = testData({ image: [1, 3, 48, 48] })
      const before = await outputsOf(file.model, images)
      const { document } = await runPass(file.model, pass)
      expect(encodeModel(document.model).sizeBytes / file.sizeBytes).toBeLessThan(0.52)
      expect(relativeError(before, await outputsOf(document, images))).toBeLessThan(4 * bound)
    } finally {
      file.close()
    }
  })
})

it('values that stand for infinity become the largest float16, with a diagnostic', async () => {
  const masked: ModelSpec = { ...spec, initializers: { m: filledTensor('float32', [32, 10], 0, -3.4e38) }, inputs: { x: 'float32[32,10]' }, outputs: { y: 'float32[32,10]' }, nodes: ['y = Max(x, m)'] }
  const { document, diagnostics } = await runPass(buildModel(masked), storeFloat16)
  expect(diagnostics).toMatchObject([{ code: 'weights-clamped', valueName: 'm', message: expect.stringContaining('160 values') as string }])
  const wide = testData({ x: [32, 10] })
  expect(await outputsOf(document, wide)).toEqual(await outputsOf(buildModel(masked), wide))
})

it.each([1e-7, 1e5])('values out of float16’s range (times %d) stay float32, with a diagnostic; bfloat16 holds them', async (factor) => {
  const extreme: ModelSpec = { ...spec, initializers: { ...spec.initializers, w: tensor('float32', [32, 10], values.map((value) => value * factor)) } }
  const { transaction, diagnostics } = await runPass(buildModel(extreme), storeFloat16)
  expect(transaction.changes).toEqual([])
  expect(diagnostics).toMatchObject([{ code: 'left-float', valueName: 'w' }])
  expect(opCounts((await runPass(buildModel(extreme), storeBfloat16)).document)).toMatchObject({ Cast: 1 })
})
