import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { encodeModel } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { openCalibrationData } from '../runtime/calibration-data'
import { openModelFile } from '../runtime/model-file'
import { measureOutputError } from '../runtime/output-error'
import { convertFloat16 } from './convert-float16'
import { eliminateDeadNodes } from './eliminate-dead-nodes'
import { foldBatchNormalization } from './fold-batch-normalization'
import { foldConstants } from './fold-constants'
import type { Pass } from './pass'
import { storeFloat16 } from './store-float16'
import { opCounts, outputsOf, ownSamples, relativeError, runner, runPass, sharedModels, snapshot, testData } from './testing/run-pass'

const weights = (count: number) => Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898))
const dense: ModelSpec = {
  inputs: { x: 'float32[4,32]' },
  outputs: { y: 'float32[4,10]' },
  valueInfo: { m: 'float32[4,10]' },
  initializers: { w: tensor('float32', [32, 10], weights(320)), b: filledTensor('float32', [10], 0.1, -0.2) },
  nodes: [['m = MatMul(x, w)', {}, 'dense'], ['a = Add(m, b)', {}, 'bias'], ['y = Relu(a)', {}, 'act']],
}
const data = testData({ x: [4, 32] })

function typeOf(model: Model, name: string): number | undefined {
  const { inputs, outputs, valueInfo } = model.graph
  const type = [...inputs, ...outputs, ...valueInfo].find((value) => value.name === name)?.type
  return type?.kind === 'tensor' ? type.dataType : undefined
}

const names = (document: ModelDocument) => document.model.graph.nodes.map(({ opType, inputs, outputs }) => `${outputs.join()} = ${opType}(${inputs.join()})`)

describe('half precision', () => {
  it('is computed between one Cast of the input and one of the output', async () => {
    const { document, diagnostics } = await runPass(buildModel(dense), convertFloat16, {}, data)
    expect(names(document)).toEqual(['x.half = Cast(x)', 'm = MatMul(x.half,w)', 'a = Add(m,b)', 'y.half = Relu(a)', 'y = Cast(y.half)'])
    expect(document.model.graph.initializers.map(({ dataType }) => dataType)).toEqual([DATA_TYPES.float16.code, DATA_TYPES.float16.code])
    expect([typeOf(document.model, 'm'), typeOf(document.model, 'y'), typeOf(document.model, 'x')]).toEqual([DATA_TYPES.float16.code, DATA_TYPES.float32.code, DATA_TYPES.float32.code])
    expect(diagnostics.map(({ code }) => code)).toEqual(['slower-on-cpu'])
    expect(relativeError(await outputsOf(buildModel(dense), data), await outputsOf(document, data))).toBeLessThan(1e-3)
  })

  it('reaches inputs and outputs where their types may change', async () => {
    const { document } = await runPass(buildModel(dense), convertFloat16, { keepIoTypes: false }, data)
    expect(names(document)).toEqual(['m = MatMul(x,w)', 'a = Add(m,b)', 'y = Relu(a)'])
    expect([typeOf(document.model, 'x'), typeOf(document.model, 'y')]).toEqual([DATA_TYPES.float16.code, DATA_TYPES.float16.code])
    await (await runner.load(document)).close()
  })

  it('stops at operators that count, and goes on after them', async () => {
    const spec: ModelSpec = { ...dense, nodes: ['m = MatMul(x, w)', ['s = CumSum(m, axis)', {}, 'sum'], 'y = MatMul(s, v)'], initializers: { w: tensor('float32', [32, 10], weights(320)), v: tensor('float32', [10, 10], weights(100)), axis: tensor('int64', [], [1]) } }
    const { document } = await runPass(buildModel(spec), convertFloat16, {}, data)
    expect(names(document)).toEqual(['x.half = Cast(x)', 'm = MatMul(x.half,w)', 'm.float = Cast(m)', 's = CumSum(m.float,axis)', 's.half = Cast(s)', 'y.half = MatMul(s.half,v)', 'y = Cast(y.half)'])
    expect(relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))).toBeLessThan(2e-3)
  })

  it('keeps float32 for values that calibration saw beyond its range, and says so', async () => {
    const spec: ModelSpec = { ...dense, initializers: { ...dense.initializers, big: filledTensor('float32', [10], 30000) }, nodes: ['m = MatMul(x, w)', ['h = Mul(m, big)', {}, 'huge'], ['d = Div(h, big)', {}, 'back'], 'a = Add(d, b)', 'y = MatMul(a, v)'] }
    const model = { ...spec, initializers: { ...spec.initializers, v: tensor('float32', [10, 10], weights(100)) } }
    const { document, diagnostics } = await runPass(buildModel(model), convertFloat16, {}, data)
    expect(diagnostics.filter(({ code }) => code === 'out-of-range')).toMatchObject([{ nodeName: 'huge', valueName: 'h' }, { nodeName: 'back', valueName: 'h' }])
    expect(opCounts(document)).toMatchObject({ Cast: 4 })
    expect(relativeError(await outputsOf(buildModel(model), data), await outputsOf(document, data))).toBeLessThan(2e-3)
  })

  it('keeps float32 for constants that it would make zero', async () => {
    const spec: ModelSpec = { ...dense, initializers: { ...dense.initializers, epsilon: tensor('float32', [], [1e-12]) }, nodes: ['m = MatMul(x, w)', ['s = Add(m, epsilon)', {}, 'guard'], 'y = Add(s, b)'] }
    const { diagnostics } = await runPass(buildModel(spec), convertFloat16, {}, data)
    expect(diagnostics).toMatchObject([{ code: 'out-of-range', nodeName: 'guard', valueName: 'epsilon' }, { code: 'slower-on-cpu' }])
  })

  it('clamps constants beyond its range, and says so', async () => {
    const spec: ModelSpec = { ...dense, initializers: { ...dense.initializers, mask: filledTensor('float32', [10], 0, -3.4e38) }, nodes: ['m = MatMul(x, w)', 'p = Max(m, mask)', 'y = Add(p, b)'] }
    const { document, diagnostics } = await runPass(buildModel(spec), convertFloat16, {}, data)
    expect(diagnostics).toMatchObject([{ code: 'slower-on-cpu' }, { code: 'weights-clamped', valueName: 'mask' }])
    expect(relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))).toBeLessThan(1e-3)
  })

  it('leaves Resize its float32 scales', async () => {
    const spec: ModelSpec = {
      inputs: { x: 'float32[1,2,4,4]' },
      outputs: { y: 'float32[1,3,8,8]' },
      initializers: { w: tensor('float32', [3, 2, 1, 1], weights(6)), scales: tensor('float32', [4], [1, 1, 2, 2]) },
      nodes: ['m = Conv(x, w)', ['y = Resize(m, , scales)', { mode: 'linear' }]],
    }
    const images = testData({ x: [1, 2, 4, 4] })
    const { document } = await runPass(buildModel(spec), convertFloat16, {}, images)
    expect(names(document)).toEqual(['x.half = Cast(x)', 'm = Conv(x.half,w)', 'y.half = Resize(m,,scales)', 'y = Cast(y.half)'])
    expect(document.model.graph.initializers.map(({ dataType }) => dataType)).toEqual([DATA_TYPES.float16.code, DATA_TYPES.float32.code])
    expect(relativeError(await outputsOf(buildModel(spec), images), await outputsOf(document, images))).toBeLessThan(2e-3)
  })

  it('leaves what If reads in float32', async () => {
    const branch = (op: string) => ({ outputs: { [`${op}_y`]: null }, nodes: [`${op}_y = ${op}(m)`] })
    const spec: ModelSpec = {
      ...dense,
      inputs: { x: 'float32[4,32]', c: 'bool[]' },
      nodes: ['m = MatMul(x, w)', ['i = If(c)', { then_branch: branch('Relu'), else_branch: branch('Neg') }], 'y = Add(i, b)'],
    }
    const { document } = await runPass(buildModel(spec), convertFloat16)
    expect(names(document).slice(0, 3)).toEqual(['x.half = Cast(x)', 'm = MatMul(x.half,w)', 'm.float = Cast(m)'])
    expect(document.graphs().slice(1).map((graph) => graph.nodes[0]?.inputs)).toEqual([['m.float'], ['m.float']])
    await (await runner.load(document)).close()
  })
})

describe('declines', () => {
  it.each([
    ['models with nothing to compute in float', { inputs: { x: 'int64[4]' }, outputs: { y: 'int64[4]' }, nodes: ['y = Add(x, x)'] }, {}],
    ['single light nodes, whose Casts would cost more', { inputs: { x: 'float32[4]' }, outputs: { y: 'float32[4]' }, nodes: ['y = Relu(x)'] }, {}],
    ['kinds of nodes that are to stay', { ...dense, nodes: ['y = MatMul(x, w)'] }, { keepOpTypes: ['MatMul'] }],
    ['nodes that are excluded', { ...dense, nodes: [['y = MatMul(x, w)', {}, 'dense']] }, { excludeNodes: ['dense'] }],
  ] satisfies [string, ModelSpec, object][])('%s', async (_, spec, options) => {
    expect((await runPass(buildModel(spec), convertFloat16, options)).transaction.changes).toEqual([])
  })

  it('old opsets, and says so', async () => {
    const { transaction, diagnostics } = await runPass(buildModel({ ...dense, opset: 6, irVersion: 3 }), convertFloat16)
    expect([transaction.changes, diagnostics.map(({ code }) => code)]).toEqual([[], ['opset-too-old']])
  })
})

it('warns where there is no data to look at ranges', async () => {
  const { diagnostics } = await runPass(buildModel(dense), convertFloat16)
  expect(diagnostics.map(({ code }) => code)).toContain('ranges-unknown')
})

it('leaves out shapes that the file declares wrongly', async () => {
  const spec: ModelSpec = { ...dense, valueInfo: { m: 'float32[4,1]', a: 'float32[4,1]' } }
  const { document } = await runPass(buildModel(spec), convertFloat16, {}, data)
  expect(document.model.graph.valueInfo.map(({ type }) => type)).toEqual(['m', 'a'].map(() => ({ kind: 'tensor', dataType: DATA_TYPES.float16.code, shape: [4, 10] })))
  expect(relativeError(await outputsOf(buildModel(dense), data), await outputsOf(document, data))).toBeLessThan(1e-3)
})

it.skipIf(!existsSync(sharedModels))('does without ranges where onnxruntime does not show them, and without the wrong shapes that the file declares', async () => {
  const file = openModelFile(join(sharedModels, 'controlflow/stft_inlined_if_loop.onnx'))
  try {
    const made = await openCalibrationData({ kind: 'synthetic', samples: 1 }, file.model, { runner })
    const document = new ModelDocument(file.model)
    await runPass(document, foldConstants, {}, made)
    const { diagnostics } = await runPass(document, convertFloat16, {}, made)
    expect(diagnostics.map(({ code }) => code)).toContain('ranges-unknown')
    // The file says [1, 101, 512].
    expect(document.model.graph.valueInfo.find(({ name }) => name === 'unfold')?.type).toEqual({ kind: 'tensor', dataType: DATA_TYPES.float16.code, shape: [null, null, 1] })
    await (await runner.load(document)).close()
  } finally {
    file.close()
  }
})

it('does nothing the second time, and undo brings everything back', async () => {
  for (const options of [{}, { keepIoTypes: false }]) {
    const { document, transaction } = await runPass(buildModel(dense), convertFloat16, options)
    expect((await runPass(document, convertFloat16, options)).transaction.changes).toEqual([])
    document.undo(transaction)
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(dense))))
  }
})

const MODELS = [
  'classification/mobilenet_v2_0.35_128.onnx',
  'detection/yolox_nano.onnx',
  'detection/blazeface_front_128.onnx',
  'enhance/super_resolution_10.onnx',
  'audio/yamnet_256.onnx',
  'audio/voicevox_sing_consonant_length.onnx',
  'transformer/bert_dummy_mlm.onnx',
  'ocr/PP-OCRv3_det.onnx',
]

describe('on real models: two thirds of the size at most, and no more than twice the error of weights in half precision alone, or 1 %', () => {
  it.each(['resnet', 'mobilenet'])('the sample %s.onnx', async (name) => {
    await check(join(ownSamples, `digits/${name}.onnx`))
  })

  it.skipIf(!existsSync(sharedModels)).each(MODELS)('%s', async (file) => {
    await check(join(sharedModels, file))
  })
})

async function check(path: string): Promise<void> {
  const [half, stored] = [await convert(path, convertFloat16), await convert(path, storeFloat16)]
  expect(half.sizeRatio).toBeLessThan(0.67)
  expect(half.errors.size).toBeGreaterThan(0)
  for (const [output, error] of half.errors) expect(error, output).toBeLessThan(Math.max(0.01, 2 * (stored.errors.get(output) ?? 0)))
}

/** Size against the source, and ‖error‖ / ‖output‖ of each output. */
async function convert(path: string, pass: Pass): Promise<{ sizeRatio: number; errors: Map<string, number> }> {
  const file = openModelFile(path)
  try {
    const made = await openCalibrationData({ kind: 'synthetic', samples: 2 }, file.model, { runner })
    const document = new ModelDocument(file.model)
    for (const cleaning of [foldConstants, eliminateDeadNodes, foldBatchNormalization]) await runPass(document, cleaning, {}, made)
    await runPass(document, pass, {}, made)
    const errors = await measureOutputError({ runner, reference: path, candidate: document, data: made })
    return {
      sizeRatio: encodeModel(document.model).sizeBytes / file.sizeBytes,
      errors: new Map(errors.map(({ output, sqnrDb }) => [output, sqnrDb === null ? 0 : 10 ** (-sqnrDb / 20)])),
    }
  } finally {
    file.close()
  }
}
