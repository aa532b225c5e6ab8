import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { tensorFloats } from '#shared/onnx/tensor-data'
import { openModelFile } from '../runtime/model-file'
import { eliminateDeadNodes } from './eliminate-dead-nodes'
import { foldBatchNormalization } from './fold-batch-normalization'
import { quantizeStatic } from './quantize-static'
import { opCounts, outputsOf, ownSamples, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const image = { x: [1, 4, 8, 8] }
const initializers = {
  w1: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3, 0.3, -0.7),
  b1: filledTensor('float32', [4], 0.1, -0.2),
  w2: filledTensor('float32', [4, 4, 3, 3], -0.5, 0.25, 0.2, -0.1, 0.3),
  b2: filledTensor('float32', [4], 0.3, -0.1),
}
const first: ModelSpec['nodes'][number] = ['c1 = Conv(x, w1, b1)', { pads: [1, 1, 1, 1] }, 'one']
const network = (...between: ModelSpec['nodes']): ModelSpec => ({
  inputs: { x: 'float32[1,4,8,8]' },
  outputs: { y: null },
  initializers,
  nodes: [first, ...between, ['y = Conv(t, w2, b2)', { pads: [1, 1, 1, 1] }, 'two']],
})

/** Between which operators there are pairs: those whose inputs, or outputs, are all quantized. */
async function quantized(spec: ModelSpec, options: Record<string, unknown> = {}) {
  const run = await runPass(buildModel(spec), quantizeStatic, options, testData(image))
  const { graph } = run.document.model
  const index = run.document.index(graph)
  const producer = (name: string) => {
    const definition = index.definition(name)
    return definition?.kind === 'node' ? definition.node.opType : definition?.kind
  }
  const pairs = Object.fromEntries(
    graph.nodes.flatMap((node) =>
      /Linear$/.test(node.opType) ? [] : [[node.name || node.opType, { in: producer(node.inputs[0] ?? '') === 'DequantizeLinear', out: index.consumers(node.outputs[0] ?? '').some(({ opType }) => opType === 'QuantizeLinear') }]],
    ),
  )
  const scales = new Map(graph.nodes.filter(({ opType }) => opType === 'QuantizeLinear').map((node) => [node.inputs[0] ?? '', node.inputs[1] ?? '']))
  return { ...run, pairs, scales }
}

const both = { in: true, out: true }

describe('puts pairs', () => {
  it('around Conv, takes Relu away, and keeps outputs within 3 %', async () => {
    const spec = network('t = Relu(c1)')
    const { document, pairs } = await quantized(spec)
    expect(pairs).toEqual({ one: both, two: both })
    expect(relativeError(await outputsOf(buildModel(spec), testData(image)), await outputsOf(document, testData(image)))).toBeLessThan(0.03)
  })

  it('around a residual Add, whose Relu goes too', async () => {
    const { pairs } = await quantized(network('r = Relu(c1)', ['c = Conv(r, w2, b2)', { pads: [1, 1, 1, 1] }, 'mid'], 'a = Add(c, r)', 't = Relu(a)'))
    expect(pairs).toEqual({ one: both, mid: both, Add: both, two: both })
  })

  it('around SiLU as Sigmoid and Mul', async () => {
    const { pairs } = await quantized(network('s = Sigmoid(c1)', 't = Mul(c1, s)'))
    expect(pairs).toEqual({ one: both, Sigmoid: both, Mul: both, two: both })
  })

  it('with one scale through Reshape, Transpose and MaxPool, and one of its own for Concat', async () => {
    const { pairs, scales } = await quantized(network(['p = MaxPool(c1)', { kernel_shape: [1, 1] }], ['q = Transpose(p)', { perm: [0, 1, 3, 2] }], 't = Relu(q)'))
    expect(pairs).toMatchObject({ MaxPool: both, Transpose: both })
    expect(scales.get('c1.f')).toBe(scales.get('p.f'))
    const concat = await quantized({ ...network(['t = Concat(c1, c1)', { axis: 1 }]), initializers: { ...initializers, w2: filledTensor('float32', [4, 8, 3, 3], -0.5, 0.25) } })
    expect(concat.pairs).toMatchObject({ Concat: both })
  })

  it('so that a Gemm at the end gives float, and one before another gives integers', async () => {
    const spec: ModelSpec = {
      inputs: { x: 'float32[1,4,8,8]' },
      outputs: { y: 'float32[4,4]' },
      initializers: { s: tensor('int64', [2], [4n, 64n]), w: filledTensor('float32', [64, 16], 0.1, -0.2, 0.05), v: filledTensor('float32', [4, 16], 0.1, -0.2, 0.3), b: filledTensor('float32', [16], 0.1, -0.1) },
      nodes: ['r = Reshape(x, s)', ['g = Gemm(r, w, b)', { beta: { type: 'float', value: 2 } }, 'one'], 'a = Relu(g)', ['y = Gemm(a, v)', { transB: 1, alpha: 0.5 }, 'two']],
    }
    const { document, pairs } = await quantized(spec)
    expect(pairs).toEqual({ Reshape: { in: false, out: true }, one: both, two: { in: true, out: false } })
    expect(relativeError(await outputsOf(buildModel(spec), testData(image)), await outputsOf(document, testData(image)))).toBeLessThan(0.03)
  })

  it('on both sides of a graph output, which keeps its name', async () => {
    const { document, pairs } = await quantized({ ...network('t = Relu(c1)'), outputs: { y: null, c1: null } })
    expect(document.model.graph.outputs.map(({ name }) => name)).toEqual(['y', 'c1'])
    // Its input is an output of the model: the Relu stays.
    expect(pairs).toMatchObject({ one: both, Relu: both, two: both })
  })

  it('with int32 biases at the product of the scales', async () => {
    const { document } = await quantized(network('t = Relu(c1)'))
    expect(document.initializer(document.model.graph, 'b1.q')).toMatchObject({ dataType: 6, dims: [4] })
    expect(document.initializer(document.model.graph, 'b1.scale')).toMatchObject({ dims: [4] })
  })
})

describe('leaves float', () => {
  it('operators that have no integer kernel, and those beside them that would only cost time', async () => {
    const { pairs } = await quantized(network('h = Softplus(c1)', 'a = Add(h, h)', 't = Neg(a)'))
    expect(pairs).toMatchObject({ Softplus: { out: false }, Add: { in: false, out: false }, Neg: { in: false, out: true } })
  })

  it('Relu, with symmetric activations', async () => {
    const { pairs } = await quantized(network('t = Relu(c1)'), { symmetricActivations: true, activationType: 'int8' })
    expect(pairs).toEqual({ one: both, Relu: both, two: both })
  })

  it('nodes that are excluded, and kinds that are not asked for', async () => {
    const { pairs } = await quantized(network('t = Relu(c1)'), { excludeNodes: ['two'] })
    expect(pairs).toMatchObject({ one: both, two: { out: false } })
    expect((await quantized(network('t = Relu(c1)'), { opTypes: ['MatMul'] })).transaction.changes).toEqual([])
  })

  it('a node around which values are not finite, and says so', async () => {
    const { diagnostics, pairs } = await quantized(network('l = Log(c1)', 't = Relu(l)'))
    expect(pairs).toMatchObject({ one: both, two: { in: false, out: false } })
    expect(diagnostics).toMatchObject([{ code: 'left-float', nodeName: 'two' }])
  })
})

describe('calibration', () => {
  it.each(['min-max', 'moving-average', 'percentile', 'mse', 'entropy'])('by %s keeps outputs within 5 %', async (calibration) => {
    const spec = network('t = Relu(c1)')
    const { document } = await quantized(spec, { calibration })
    expect(relativeError(await outputsOf(buildModel(spec), testData(image)), await outputsOf(document, testData(image)))).toBeLessThan(0.05)
  })

  it('by another method than the extremes gives narrower ranges', async () => {
    const scaleOf = async (calibration: string) => {
      const { document } = await quantized(network('t = Relu(c1)'), { calibration, percentile: 98 })
      const tensor = document.initializer(document.model.graph, 't.scale')
      return tensor ? tensorFloats(tensor)[0] ?? 0 : 0
    }
    expect(await scaleOf('percentile')).toBeLessThan(await scaleOf('min-max'))
    expect(await scaleOf('moving-average')).toBeLessThanOrEqual(await scaleOf('min-max'))
  })
})

describe('types', () => {
  it.each([
    ['uint8', 'int8', 0.03],
    ['int8', 'int8', 0.03],
    ['uint8', 'uint8', 0.03],
    ['uint16', 'int8', 0.02],
    ['int16', 'int8', 0.02],
  ])('%s activations with %s weights run', async (activationType, weightType, bound) => {
    const spec = network('t = Relu(c1)')
    const { document, pairs } = await quantized(spec, { activationType, weightType })
    expect(pairs).toMatchObject({ one: both, two: both })
    expect(relativeError(await outputsOf(buildModel(spec), testData(image)), await outputsOf(document, testData(image)))).toBeLessThan(bound)
  })

  it('of 16 bits are pairs of onnxruntime’s own below opset 21, and ONNX’s from there on', async () => {
    const domains = async (opset: number) => {
      const { document } = await quantized({ ...network('t = Relu(c1)'), opset }, { activationType: 'uint16' })
      return new Set(document.model.graph.nodes.filter(({ opType }) => opType === 'QuantizeLinear').map(({ domain }) => domain))
    }
    expect(await domains(17)).toEqual(new Set(['com.microsoft']))
    expect(await domains(21)).toEqual(new Set(['']))
  })
})

describe('the target', () => {
  it('without integers leaves the model alone, and says so', async () => {
    const { transaction, diagnostics } = await quantized(network('t = Relu(c1)'), { target: 'webgpu' })
    expect(transaction.changes).toEqual([])
    expect(diagnostics).toMatchObject([{ code: 'target-without-integers' }])
  })

  it('that computes everything on integers gets pairs where others stay float', async () => {
    const { pairs } = await quantized(network('h = Tanh(c1)', 't = Sub(h, c1)'), { target: 'qnn' })
    expect(pairs).toEqual({ one: both, Tanh: both, Sub: both, two: both })
  })

  it('without VNNI gets weights of 7 bits', async () => {
    const { document } = await quantized(network('t = Relu(c1)'), { target: 'cpu-avx2' })
    const weight = document.initializer(document.model.graph, 'w1.q')
    const values = weight ? [...tensorFloats(weight)] : []
    expect(Math.max(...values.map(Math.abs))).toBe(64)
  })
})

describe('the opset', () => {
  it('is raised to 13 for a scale in each channel', async () => {
    const { document } = await quantized({ ...network('t = Relu(c1)'), opset: 9, irVersion: 4 })
    expect(document.model).toMatchObject({ irVersion: 7, opsetImports: [{ version: 13 }] })
  })

  it('that cannot be raised leaves one scale for each weight', async () => {
    const spec: ModelSpec = { ...network('t = Relu(c1)'), opset: 12, opsets: { local: 1 }, functions: [{ domain: 'local', name: 'F', inputs: ['a'], outputs: ['b'], nodes: ['b = Relu(a)'] }] }
    const { document, diagnostics } = await quantized(spec)
    expect(diagnostics).toMatchObject([{ code: 'one-scale-per-weight' }])
    expect(document.initializer(document.model.graph, 'w1.scale')?.dims).toEqual([])
  })
})

it('wants calibration data', async () => {
  await expect(runPass(buildModel(network('t = Relu(c1)')), quantizeStatic)).rejects.toMatchObject({ code: 'invalid-data' })
})

it('refuses uint8 weights with int8 activations', () => {
  expect(quantizeStatic.options.safeParse({ activationType: 'int8', weightType: 'uint8' }).success).toBe(false)
})

it('finds nothing left to quantize the second time, and undo brings everything back', async () => {
  const spec = network('t = Relu(c1)')
  const { document, transaction } = await quantized(spec)
  expect((await runPass(document, quantizeStatic, {}, testData(image))).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})

it('keeps the outputs of the sample resnet.onnx within 5 %', async () => {
  const file = openModelFile(join(ownSamples, 'digits/resnet.onnx'))
  try {
    const data = testData({ image: [1, 3, 48, 48] })
    const before = await outputsOf(file.model, data)
    const { document } = await runPass(file.model, eliminateDeadNodes)
    await runPass(document, foldBatchNormalization)
    await runPass(document, quantizeStatic, {}, data)
    expect(opCounts(document)).not.toHaveProperty('Relu')
    expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(0.05)
  } finally {
    file.close()
  }
})

describe('options for single tensors, nodes and operators', () => {
  const spec: ModelSpec = {
    inputs: { x: 'float32[1,2,6,6]' },
    outputs: { y: 'float32[1,2,6,6]' },
    initializers: { w: filledTensor('float32', [4, 2, 1, 1], 0.5, -0.25, 0.3), v: filledTensor('float32', [2, 4, 1, 1], 0.4, 0.1, -0.2) },
    nodes: [['a = Conv(x, w)', {}, 'first'], 'r = Relu(a)', ['y = Conv(r, v)', {}, 'second']],
  }
  const data = testData({ x: [1, 2, 6, 6] })
  const quantized = (options: Record<string, unknown>) => runPass(buildModel(spec), quantizeStatic, options, data)
  const scaleOf = ({ model }: ModelDocument, name: string) => {
    const found = model.graph.initializers.find((tensor) => tensor.name === name)
    return found ? Number(tensorFloats(found)[0]) : null
  }

  it('set the ends of a range', async () => {
    const { document } = await quantized({ tensorOverrides: { x: { min: -2, max: 2 } } })
    expect(scaleOf(document, 'x.scale')).toBeCloseTo(4 / 255, 6)
  })

  it('give a value more bits, and the values around a node', async () => {
    const wide = (document: ModelDocument) => document.model.graph.nodes.filter(({ opType, domain }) => opType === 'QuantizeLinear' && domain === 'com.microsoft').map(({ inputs }) => inputs[0])
    expect(wide((await quantized({ tensorOverrides: { x: { type: 'uint16' } } })).document)).toEqual(['x'])
    expect(wide((await quantized({ nodeOverrides: { first: { activationType: 'uint16' } } })).document)).toHaveLength(2)
    expect(wide((await quantized({ opTypeOverrides: { Conv: { activationType: 'int16' } } })).document)).toHaveLength(3)
  })

  it('keep a node float, or give it one scale', async () => {
    const { document } = await quantized({ nodeOverrides: { first: { keepFloat: true } } })
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(expect.arrayContaining(['w', 'v.q']))
    const one = (await quantized({ opTypeOverrides: { Conv: { perChannel: false } }, nodeOverrides: { second: { perChannel: true } } })).document
    expect(one.model.graph.initializers.filter(({ name }) => /^[wv]\.scale$/.test(name)).map(({ name, dims }) => [name, dims])).toEqual([['w.scale', []], ['v.scale', [2]]])
  })

  it('take another way of calibrating for one value', async () => {
    const [extremes, share] = [await quantized({}), await quantized({ tensorOverrides: { x: { calibration: 'percentile', percentile: 80 } } })]
    expect(scaleOf(share.document, 'x.scale')).toBeLessThan(scaleOf(extremes.document, 'x.scale') ?? 0)
    expect(scaleOf(share.document, 'y.scale')).toBe(scaleOf(extremes.document, 'y.scale'))
  })

  it('are pointed out where they name nothing', async () => {
    const { diagnostics } = await quantized({ tensorOverrides: { xx: { min: 0 } }, nodeOverrides: { frist: { keepFloat: true } } })
    expect(diagnostics.filter(({ code }) => code === 'override-unused').map(({ message }) => /'(\w+)'/.exec(message)?.[1])).toEqual(['xx', 'frist'])
  })
})
