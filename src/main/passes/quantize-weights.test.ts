import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { CalibrationData } from './pass'
import { quantizeWeights } from './quantize-weights'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'
import { type BlockFormat, dequantizeBlocks, quantizeBlocks, transposeMatrix } from './weight-only/block-weights'
import { halfQuadratic } from './weight-only/half-quadratic'
import { kQuant } from './weight-only/k-quant'
import { roundToNearest } from './weight-only/round-to-nearest'

/** Numbers without a pattern that blocks would repeat. */
const noise = (count: number) => Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898) * Math.cos(at * 4.1414 + 1))
const matMul: ModelSpec = {
  inputs: { x: 'float32[3,80]' },
  outputs: { y: 'float32[3,24]' },
  initializers: { w: tensor('float32', [80, 24], noise(1920)) },
  nodes: [['y = MatMul(x, w)', {}, 'dense']],
}
const gemm: ModelSpec = {
  ...matMul,
  initializers: { w: tensor('float32', [24, 80], noise(1920)), b: filledTensor('float32', [24], 0.1, -0.2) },
  nodes: [['y = Gemm(x, w, b)', { transB: 1 }, 'dense']],
}
const gather: ModelSpec = {
  inputs: { i: 'int64[2]' },
  outputs: { y: 'float32[2,96]' },
  initializers: { w: tensor('float32', [40, 96], noise(3840)) },
  nodes: [['y = Gather(w, i)', {}, 'embedding']],
}
const all = { minElements: 0 }
const data = testData({ x: [3, 80] })
const indices: CalibrationData = {
  sampleCount: 1,
  description: 'test',
  synthetic: true,
  async *samples() {
    yield new Map([['i', { dataType: DATA_TYPES.int64.code, dims: [2], bytes: bytesOf(BigInt64Array.of(3n, 39n)) }]])
  },
}

/** What the weights of `matMul` are once quantized, [80, 24]. */
function expectedWeights(method: 'rtn' | 'k-quant' | 'hqq', format: BlockFormat): Float32Array {
  const matrix = { values: transposeMatrix(Float32Array.from(noise(1920)), 80, 24), rows: 24, columns: 80 }
  const quantize = { rtn: roundToNearest, 'k-quant': kQuant, hqq: halfQuadratic }[method](format)
  return transposeMatrix(dequantizeBlocks(quantizeBlocks(matrix, format, quantize, { realZeroPoints: method === 'hqq' })), 24, 80)
}

const methods = [
  ['rtn', false, [8, 4, 2]],
  ['rtn', true, [8, 4, 2]],
  ['k-quant', false, [8, 4, 2]],
  ['hqq', false, [4, 2]],
] as const
const cases = methods.flatMap(([method, symmetric, widths]) => widths.flatMap((bits) => [16, 32, 64].map((blockSize) => ({ method, symmetric, bits, blockSize }))))
const bounds = { 8: 0.01, 4: 0.15, 2: 0.8 } as const

describe('turns', () => {
  it.each(cases)('MatMul into MatMulNBits that computes with just these weights: $method, symmetric $symmetric, $bits bits, blocks of $blockSize', async (options) => {
    const { document, diagnostics } = await runPass(buildModel(matMul), quantizeWeights, { ...all, ...options })
    expect([opCounts(document), diagnostics]).toEqual([{ MatMulNBits: 1 }, []])
    expect(document.model.graph.initializers.map(({ name }) => name)).not.toContain('w')
    const found = await outputsOf(document, data)
    const weights = [...expectedWeights(options.method, options)]
    expect(relativeError(await outputsOf(buildModel({ ...matMul, initializers: { w: tensor('float32', [80, 24], weights) } }), data), found)).toBeLessThan(1e-5)
    expect(relativeError(await outputsOf(buildModel(matMul), data), found)).toBeLessThan(bounds[options.bits])
  })

  it.each([true, false])('Gemm with a turned weight and a bias into MatMulNBits, the bias in its place or added (vector: %s)', async (isVector) => {
    const spec = isVector ? gemm : { ...gemm, initializers: { ...gemm.initializers, b: filledTensor('float32', [3, 24], 0.1, -0.2, 0.3) } }
    const { document } = await runPass(buildModel(spec), quantizeWeights, { ...all, bits: 8 })
    expect(opCounts(document)).toEqual(isVector ? { MatMulNBits: 1 } : { MatMulNBits: 1, Add: 1 })
    expect(relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))).toBeLessThan(bounds[8])
  })

  it.each([true, false])('Gather from a table into GatherBlockQuantized (symmetric: %s)', async (symmetric) => {
    const before = await outputsOf(buildModel(gather), indices)
    for (const bits of [8, 4, 2] as const) {
      const { document } = await runPass(buildModel(gather), quantizeWeights, { ...all, method: 'rtn', symmetric, bits })
      expect(opCounts(document)).toEqual({ GatherBlockQuantized: 1 })
      expect(relativeError(before, await outputsOf(document, indices))).toBeLessThan(bounds[bits])
    }
  })

  it.each(cases.filter(({ method, bits }) => method !== 'hqq' && bits !== 2))(
    'MatMul and Gemm into the QDQ form with the same numbers: $method, symmetric $symmetric, $bits bits, blocks of $blockSize',
    async (options) => {
      for (const spec of [matMul, gemm]) {
        const source = () => buildModel({ ...spec, opset: 21, irVersion: 10 })
        const { document: packed } = await runPass(source(), quantizeWeights, { ...all, ...options })
        const { document } = await runPass(source(), quantizeWeights, { ...all, ...options, form: 'QDQ' })
        expect(opCounts(document)).toEqual({ DequantizeLinear: 1, [spec === gemm ? 'Gemm' : 'MatMul']: 1 })
        const expected = await outputsOf(packed, data)
        expect(relativeError(expected, await outputsOf(document, data, { optimization: 'none' }))).toBeLessThan(1e-5)
        // Optimised, onnxruntime fuses the pair into a product that quantizes activations to 8 bits.
        expect(relativeError(expected, await outputsOf(document, data))).toBeLessThan(0.01)
      }
    },
  )

  it('products within If, with a weight from outside quantized once', async () => {
    const branch = (name: string, op: string) => ({ outputs: { [name]: 'float32[3,24]' }, nodes: [`m_${name} = MatMul(x, w)`, `${name} = ${op}(m_${name})`] })
    const model = buildModel({ ...matMul, inputs: { x: 'float32[3,80]', c: 'bool[]' }, nodes: [['y = If(c)', { then_branch: branch('a', 'Relu'), else_branch: branch('b', 'Neg') }]] })
    const { document } = await runPass(model, quantizeWeights, all)
    expect(document.graphs().map((graph) => graph.nodes.filter(({ opType }) => opType === 'MatMulNBits').length)).toEqual([0, 1, 1])
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['w.q', 'w.scale', 'w.zp'])
  })
})

describe('a table that embeddings share with the output', () => {
  const table = tensor('float32', [40, 64], noise(2560))
  const turned = tensor('float32', [64, 40], Array.from({ length: 2560 }, (_, at) => Number(table.values[(at % 40) * 64 + Math.floor(at / 40)])))
  const tied = (product: ModelSpec['nodes'][number], more: ModelSpec['initializers'] = {}): ModelSpec => ({
    inputs: { x: 'float32[3,64]' },
    outputs: { y: 'float32[3,40]' },
    initializers: { table, ids: tensor('int64', [3], [3, 0, 39]), ...more },
    nodes: ['e = Gather(table, ids)', 'h = Add(x, e)', product],
  })
  const states = testData({ x: [3, 64] })
  const codes = ({ model }: ModelDocument) => model.graph.initializers.filter(({ name }) => /\.q(_\d+)?$/.test(name))
  const forms: [string, ModelSpec][] = [
    ['Gemm', tied(['y = Gemm(h, table)', { transB: 1 }])],
    ['MatMul with a turned copy', tied('y = MatMul(h, turned)', { turned })],
  ]

  it.each(forms.flatMap(([name, spec]) => ([8, 4] as const).flatMap((bits) => [true, false].map((symmetric) => ({ name, spec, bits, symmetric })))))('is stored once: $name, $bits bits, symmetric $symmetric', async ({ spec, bits, symmetric }) => {
    const { document } = await runPass(buildModel(spec), quantizeWeights, { ...all, bits, symmetric, method: 'rtn' })
    expect(opCounts(document)).toEqual({ Reshape: 1, GatherBlockQuantized: 1, Add: 1, MatMulNBits: 1 })
    expect([codes(document).length, document.model.graph.initializers.some(({ name }) => name === 'table' || name === 'turned')]).toEqual([1, false])
    const found = await outputsOf(document, states)
    const apart = await runPass(buildModel(spec), quantizeWeights, { ...all, bits, symmetric, method: 'rtn', opTypes: ['MatMul', 'Gemm'] })
    expect(relativeError(await outputsOf(buildModel(spec), states), found)).toBeLessThan(bounds[bits])
    // Not the same as with a float table: the embeddings come from the codes.
    expect(relativeError(await outputsOf(apart.document, states), found)).toBeGreaterThan(0)
  })

  const of21 = (spec: ModelSpec): ModelSpec => ({ ...spec, opset: 21, irVersion: 10 })
  const inQdq = { ...all, form: 'QDQ', method: 'rtn' } as const

  it.each(forms.flatMap(([name, spec]) => ([8, 4] as const).flatMap((bits) => [true, false].flatMap((symmetric) => [64, 72].map((columns) => ({ name, spec, bits, symmetric, columns }))))))(
    'is stored once in the QDQ form, and computes what it does when it is stored for each: $name, $bits bits, symmetric $symmetric, rows of $columns',
    async ({ spec, bits, symmetric, columns }) => {
      const options = { ...inQdq, bits, symmetric }
      const source = columns === 72 ? longer(spec) : spec
      const own = testData({ x: [3, columns] })
      const { document } = await runPass(buildModel(of21(source)), quantizeWeights, options)
      const turns = source.initializers?.['turned'] ? { Transpose: symmetric && bits === 4 ? 2 : 3 } : {}
      expect(opCounts(document)).toEqual({ GatherBlockQuantized: 1, Add: 1, DequantizeLinear: 1, ...turns, [source.initializers?.['turned'] ? 'MatMul' : 'Gemm']: 1 })
      expect(codes(document)).toHaveLength(1)
      const apart = await storedApart(of21(source), options)
      expect(codes(apart)).toHaveLength(2)
      const expected = await outputsOf(apart, own, { optimization: 'none' })
      expect(relativeError(expected, await outputsOf(document, own, { optimization: 'none' }))).toBeLessThan(1e-6)
      // Optimised, both are fused to the same product of 8-bit activations.
      expect(relativeError(await outputsOf(apart, own), await outputsOf(document, own))).toBeLessThan(1e-6)
    },
  )

  /** Tables first and products then, each with codes of its own. */
  async function storedApart(spec: ModelSpec, options: object): Promise<ModelDocument> {
    const { document } = await runPass(buildModel(spec), quantizeWeights, { ...options, opTypes: ['Gather'] })
    return (await runPass(document, quantizeWeights, { ...options, opTypes: ['MatMul', 'Gemm'] })).document
  }

  /** With rows of 72, whose last block is not whole. */
  function longer(spec: ModelSpec): ModelSpec {
    const long = tensor('float32', [40, 72], noise(2880))
    const longTurned = tensor('float32', [72, 40], Array.from({ length: 2880 }, (_, at) => Number(long.values[(at % 40) * 72 + Math.floor(at / 40)])))
    return { ...spec, inputs: { x: 'float32[3,72]' }, initializers: { ...spec.initializers, table: long, ...(spec.initializers?.['turned'] && { turned: longTurned }) } }
  }

  it.each(forms.flatMap(([name, spec]) => ([4, 2] as const).map((bits) => ({ name, spec, bits }))))('is stored once with real zero points too: hqq, $name, $bits bits', async ({ spec, bits }) => {
    const { document } = await runPass(buildModel(spec), quantizeWeights, { ...all, bits, method: 'hqq' })
    expect([codes(document).length, opCounts(document)['MatMulNBits'], opCounts(document)['GatherBlockQuantized']]).toEqual([1, 1, 1])
    const matrix = { values: Float32Array.from(noise(2560)), rows: 40, columns: 64 }
    const format: BlockFormat = { bits, blockSize: 32, symmetric: false }
    const real = dequantizeBlocks(quantizeBlocks(matrix, format, halfQuadratic(format), { realZeroPoints: true }))
    const rounded = buildModel({ ...tied(['y = Gemm(h, table)', { transB: 1 }]), initializers: { ...tied('').initializers, table: tensor('float32', [40, 64], [...real]) } })
    expect(relativeError(await outputsOf(rounded, states), await outputsOf(document, states))).toBeLessThan(1e-5)
  })

  it('is stored for each in 2 bits of the QDQ form, which no operator reads as a table', async () => {
    const { document } = await runPass(buildModel({ ...tied(['y = Gemm(h, table)', { transB: 1 }]), opset: 25, irVersion: 13 }), quantizeWeights, { ...inQdq, bits: 2 })
    expect(codes(document)).toHaveLength(2)
  })

  it('is stored for each where rows do not end with a block', async () => {
    const { document } = await runPass(buildModel(tied(['y = Gemm(h, table)', { transB: 1 }])), quantizeWeights, { ...all, blockSize: 128 })
    expect(codes(document)).toHaveLength(0)
    const long = await runPass(buildModel({ ...tied(['y = Gemm(h, table)', { transB: 1 }]), inputs: { x: 'float32[3,96]' }, initializers: { table: tensor('float32', [40, 96], noise(3840)), ids: tensor('int64', [3], [3, 0, 39]) } }), quantizeWeights, { ...all, blockSize: 64 })
    expect(codes(long.document)).toHaveLength(2)
  })

  it('comes back by undo', async () => {
    for (const [, spec] of forms) {
      const { document, transaction } = await runPass(buildModel(spec), quantizeWeights, all)
      document.undo(transaction)
      expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
    }
  })
})

describe('leaves', () => {
  it.each([
    ['small weights', matMul, {}],
    ['rows shorter than a block', matMul, { ...all, blockSize: 128 }],
    ['nodes that are excluded', matMul, { ...all, excludeNodes: ['dense'] }],
    ['nodes that are not among those named', matMul, { ...all, nodes: ['other'] }],
    ['kinds of nodes that are not asked for', matMul, { ...all, opTypes: ['Gather'] }],
    ['products of two activations', { ...matMul, inputs: { x: 'float32[3,80]', w: 'float32[80,24]' }, initializers: {}, nodes: ['y = MatMul(x, w)'] }, all],
  ] satisfies [string, ModelSpec, object][])('%s', async (_, spec, options) => {
    expect((await runPass(buildModel(spec), quantizeWeights, options)).transaction.changes).toEqual([])
  })

  it.each([
    ['a stack of matrices', { ...matMul, inputs: { x: 'float32[2,3,80]' }, outputs: { y: 'float32[2,3,12]' }, initializers: { w: tensor('float32', [2, 80, 12], noise(1920)) }, nodes: ['y = MatMul(x, w)'] }, all, 'left-float'],
    ['a product that is scaled', { ...gemm, nodes: [['y = Gemm(x, w, b)', { transB: 1, alpha: 0.5 }]] }, all, 'left-float'],
    ['a table that is read by columns', { ...gather, outputs: { y: 'float32[40,2]' }, nodes: [['y = Gather(w, i)', { axis: 1 }]] }, all, 'left-float'],
    ['a model of an older opset where standard operators are asked for', matMul, { ...all, form: 'QDQ' }, 'opset-too-old'],
  ] satisfies [string, ModelSpec, object, string][])('%s, and says so', async (_, spec, options, code) => {
    const { transaction, diagnostics } = await runPass(buildModel(spec), quantizeWeights, options)
    expect(transaction.changes).toEqual([])
    expect(diagnostics).toMatchObject([{ code, severity: 'warning' }])
  })

  it('the float weight where a reader still wants it', async () => {
    const { document } = await runPass(buildModel({ ...matMul, nodes: ['m = MatMul(x, w)', ['s = ReduceSum(w)', { keepdims: 0 }], 'y = Add(m, s)'] }), quantizeWeights, all)
    expect(document.model.graph.initializers.map(({ name }) => name)).toContain('w')
  })
})

it('k-quant has less error than rounding to nearest, whatever the bits', () => {
  const matrix = { values: Float32Array.from(noise(4096), (value) => value ** 3), rows: 32, columns: 128 }
  for (const bits of [8, 4, 2] as const) {
    const format = { bits, blockSize: 32, symmetric: false }
    const errors = [kQuant, roundToNearest].map((method) => relativeError(matrix.values, dequantizeBlocks(quantizeBlocks(matrix, format, method(format)))))
    expect(errors[0]).toBeLessThan((errors[1] ?? 0) * 0.99)
  }
})

it('does nothing the second time, and undo brings everything back', async () => {
  for (const [spec, form] of [[gemm, 'MatMulNBits'], [{ ...gemm, opset: 21 }, 'QDQ']] as const) {
    const { document, transaction } = await runPass(buildModel(spec), quantizeWeights, { ...all, form })
    expect((await runPass(document, quantizeWeights, { ...all, form })).transaction.changes).toEqual([])
    document.undo(transaction)
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
  }
})
