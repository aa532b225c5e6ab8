import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, type GraphSpec, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { tensorBytes } from '#shared/onnx/tensor-data'
import type { CalibrationData } from '../pass'
import { quantizeWeights } from '../quantize-weights'
import { float32Tensor, opCounts, outputsOf, relativeError, runPass, snapshot } from '../testing/run-pass'

const WIDTH = 160

const noise = (count: number, seed: number) => Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed) * Math.cos(at * 4.1414 * seed + 1))
/** Few columns are strong, as in trained transformers. */
const strong = Array.from({ length: WIDTH }, (_, at) => (at % 40 === 3 ? 12 : 0.5 + (at % 7) / 10))

const normalized: ModelSpec = {
  inputs: { x: `float32[6,${WIDTH}]` },
  outputs: { y: 'float32[6,48]' },
  initializers: {
    scale: tensor('float32', [WIDTH], strong),
    shift: tensor('float32', [WIDTH], noise(WIDTH, 3)),
    w: tensor('float32', [WIDTH, 48], noise(WIDTH * 48, 5)),
    v: tensor('float32', [48, WIDTH], noise(WIDTH * 48, 7)),
  },
  nodes: ['n = LayerNormalization(x, scale, shift)', 'p = MatMul(n, w)', ['q = Gemm(n, v)', { transB: 1 }], 'y = Add(p, q)'],
}
const inSteps: ModelSpec = { ...normalized, nodes: ['m = Mul(x, scale)', 'n = Add(shift, m)', ...normalized.nodes.slice(1)] }
const scaled: ModelSpec = { ...normalized, nodes: ['n = Mul(scale, x)', ...normalized.nodes.slice(1)] }

const MIXTURE = noise(12 * WIDTH, 17)

/** Samples whose columns go together, so that errors can make up for each other. */
function samples(count: number, seed: number): CalibrationData {
  const made = Array.from({ length: count }, (_, number) => {
    const factors = noise(6 * 12, seed + number)
    const values = noise(6 * WIDTH, seed * 3 + number).map((own, at) => {
      let shared = 0
      for (let k = 0; k < 12; k++) shared += (MIXTURE[k * WIDTH + (at % WIDTH)] ?? 0) * (factors[Math.floor(at / WIDTH) * 12 + k] ?? 0)
      return 0.3 * own + shared
    })
    return new Map([['x', float32Tensor([6, WIDTH], values)]])
  })
  return {
    sampleCount: count,
    description: 'test',
    synthetic: false,
    async *samples() {
      yield* made
    },
  }
}

const calibration = samples(60, 11)
const evaluation = samples(8, 977)
const all = { minElements: 0, bits: 4, blockSize: 32 }

async function errorOf(spec: ModelSpec, options: Record<string, unknown>): Promise<number> {
  const { document } = await runPass(buildModel(spec), quantizeWeights, { ...all, ...options }, calibration)
  return relativeError(await outputsOf(buildModel(spec), evaluation), await outputsOf(document, evaluation))
}

describe('gptq', () => {
  it.each([{ symmetric: false }, { symmetric: true }, { actOrder: true }, { bits: 2 }, { blockSize: 128 }] as const)('has less error on other data than rounding to nearest in the same format: %o', async (options) => {
    expect(await errorOf(normalized, { ...options, method: 'gptq' })).toBeLessThan(0.8 * (await errorOf(normalized, { ...options, method: 'rtn' })))
  })

  it('quantizes products that no sample came to without it, and says so', async () => {
    const branch = (name: string, weight: string) => ({ outputs: { [name]: 'float32[6,48]' }, nodes: [[`m_${name} = MatMul(x, ${weight})`, {}, name], `${name} = Relu(m_${name})`] }) satisfies GraphSpec
    const spec: ModelSpec = {
      ...normalized,
      initializers: { ...normalized.initializers, never: tensor('float32', [WIDTH, 48], noise(WIDTH * 48, 9)), huge: tensor('float32', [], [1e9]) },
      nodes: [['s = ReduceMax(x)', { keepdims: 0 }], 'c = Greater(s, huge)', ['y = If(c)', { then_branch: branch('a', 'never'), else_branch: branch('b', 'w') }]],
    }
    const { document, diagnostics } = await runPass(buildModel(spec), quantizeWeights, { ...all, method: 'gptq' }, calibration)
    expect(document.graphs().map((graph) => graph.nodes.filter(({ opType }) => opType === 'MatMulNBits').length)).toEqual([0, 1, 1])
    expect(diagnostics).toMatchObject([{ code: 'gptq-left-out', severity: 'info', message: expect.stringContaining("('a')") as string }])
  })

  it('rounds where inputs were zero throughout, and says so', async () => {
    const zeros: CalibrationData = { ...calibration, samples: async function* () { yield new Map([['x', float32Tensor([6, WIDTH], new Float32Array(6 * WIDTH))]]) } }
    const { document, diagnostics } = await runPass(buildModel(scaled), quantizeWeights, { ...all, method: 'gptq' }, zeros)
    expect(opCounts(document)).toMatchObject({ MatMulNBits: 2 })
    expect(diagnostics).toMatchObject([{ code: 'gptq-left-out' }])
  })
})

describe('awq', () => {
  it.each([
    ['LayerNormalization', normalized],
    ['Mul and Add', inSteps],
    ['Mul', scaled],
  ])('has less error than rounding to nearest, its scales taken by %s', async (_, spec) => {
    const options = { ...all, method: 'awq', symmetric: true }
    const { document, diagnostics } = await runPass(buildModel(spec), quantizeWeights, options, calibration)
    expect(diagnostics).toEqual([])
    // The work goes into constants that are there already.
    expect(document.model.graph.nodes).toHaveLength(spec.nodes.length)
    expect(document.model.graph.initializers.map(({ name }) => name)).toContain('scale.scaled')
    expect(await errorOf(spec, options)).toBeLessThan(0.95 * (await errorOf(spec, { method: 'rtn', symmetric: true })))
  })

  it.each([
    ['another node reads the activation', { ...normalized, nodes: [...normalized.nodes.slice(0, 3), 's = ReduceSum(n)', 'a = Add(p, q)', 'y = Add(a, s)'] }],
    ['the model gives it out', { ...normalized, outputs: { y: 'float32[6,48]', n: `float32[6,${WIDTH}]` } }],
    ['nothing constant makes it', { ...normalized, nodes: ['n = Tanh(x)', ...normalized.nodes.slice(1)] }],
    ['it is an input', { ...normalized, inputs: { n: `float32[6,${WIDTH}]` }, nodes: normalized.nodes.slice(1) }],
  ] satisfies [string, ModelSpec][])('leaves an activation as it is where %s, and says so', async (_, spec) => {
    const data: CalibrationData = {
      ...calibration,
      async *samples() {
        for await (const feeds of calibration.samples()) yield new Map([...feeds].map(([, value]) => [Object.keys((spec as ModelSpec).inputs ?? {})[0] ?? '', value]))
      },
    }
    const { document, diagnostics } = await runPass(buildModel(spec), quantizeWeights, { ...all, method: 'awq' }, data)
    expect(opCounts(document)).toMatchObject({ MatMulNBits: 2 })
    expect(document.model.graph.initializers.filter(({ name }) => name.includes('awq'))).toEqual([])
    expect(diagnostics).toMatchObject([{ code: 'awq-left-out', severity: 'info' }])
  })
})

it('gptq looks into the bodies of If, Loop and Scan, and gives the codes that the same products outside get', async () => {
  const weights = { w: normalized.initializers?.['w'] ?? tensor('float32', [0], []) }
  const outside: ModelSpec = { inputs: { x: `float32[6,${WIDTH}]` }, outputs: { y: 'float32[6,48]' }, initializers: weights, nodes: [['y = MatMul(x, w)', {}, 'p']] }
  const rows: ModelSpec['nodes'] = [['y = Scan(x)', { num_scan_inputs: 1, body: { inputs: { e: `float32[${WIDTH}]` }, outputs: { o: 'float32[48]' }, initializers: { row: tensor('int64', [2], [1, -1]), flat: tensor('int64', [1], [-1]) }, nodes: ['r = Reshape(e, row)', ['m = MatMul(r, w)', {}, 'p'], 'o = Reshape(m, flat)'] } }]]
  const found = await Promise.all([outside, { ...outside, nodes: rows }].map((spec) => runPass(buildModel(spec), quantizeWeights, { ...all, method: 'gptq' }, calibration)))
  expect(found.map(({ diagnostics }) => diagnostics)).toEqual([[], []])
  const [codes, inBody] = found.map(({ document }) => document.model.graph.initializers.find(({ name }) => name === 'w.q')).map((stored) => (stored ? [...tensorBytes(stored)] : []))
  // Sums of squares are added in another order, which may turn a code that is half way between two.
  const differing = codes?.filter((code, at) => code !== inBody?.[at]).length ?? NaN
  expect(differing).toBeLessThan(0.002 * (codes?.length ?? 0))
  const nearest = await runPass(buildModel(outside), quantizeWeights, { ...all, method: 'k-quant' })
  const plain = nearest.document.model.graph.initializers.find(({ name }) => name === 'w.q')
  expect(plain ? [...tensorBytes(plain)].filter((code, at) => code !== codes?.[at]).length : 0).toBeGreaterThan(0.05 * (codes?.length ?? 0))
})

describe.each(['gptq', 'awq'])('%s', (method) => {
  it('is refused without data', async () => {
    await expect(runPass(buildModel(normalized), quantizeWeights, { ...all, method })).rejects.toMatchObject({ code: 'invalid-data' })
  })

  it('warns where the data is made up', async () => {
    const { diagnostics } = await runPass(buildModel(normalized), quantizeWeights, { ...all, method }, { ...calibration, synthetic: true })
    expect(diagnostics).toMatchObject([{ code: 'synthetic-calibration', severity: 'warning' }])
  })

  it('looks at no more samples than asked for', async () => {
    let read = 0
    const counting: CalibrationData = {
      ...calibration,
      async *samples() {
        for await (const feeds of calibration.samples()) {
          read++
          yield feeds
        }
      },
    }
    await runPass(buildModel(normalized), quantizeWeights, { ...all, method, calibrationSamples: 5 }, counting)
    expect(read).toBeLessThanOrEqual(6)
  })

  it('does nothing the second time, gives the same bytes each time, and undo brings everything back', async () => {
    const runs = await Promise.all([0, 1].map(() => runPass(buildModel(normalized), quantizeWeights, { ...all, method }, calibration)))
    const [first, second] = runs.map(({ document }) => snapshot(document))
    expect(first).toEqual(second)
    for (const { document, transaction } of runs) {
      expect((await runPass(document, quantizeWeights, { ...all, method }, calibration)).transaction.changes).toEqual([])
      document.undo(transaction)
      expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(normalized))))
    }
  })
})
