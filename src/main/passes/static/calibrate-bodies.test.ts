/** Static quantization of what lies within If, Loop and Scan. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import type { Graph } from '#shared/onnx/records'
import { buildModel, filledTensor, type GraphSpec, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { tensorFloats, tensorNumbers } from '#shared/onnx/tensor-data'
import { openCalibrationData } from '../../runtime/calibration-data'
import { openModelFile } from '../../runtime/model-file'
import { measureOutputError } from '../../runtime/output-error'
import { foldConstants } from '../fold-constants'
import type { CalibrationData } from '../pass'
import { quantizeStatic } from '../quantize-static'
import { float32Tensor, outputsOf, relativeError, runner, runPass, sharedModels, snapshot, testData } from '../testing/run-pass'

const weights = {
  w1: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3, 0.3, -0.7),
  w2: filledTensor('float32', [4, 4, 3, 3], -0.5, 0.25, 0.2, -0.1, 0.3),
  m: tensor('float32', [8, 8], Array.from({ length: 64 }, (_, at) => Math.sin(at * 12.9898) / 8 + (at % 9 === 0 ? 1 : 0))),
}
const pads = { pads: [1, 1, 1, 1] }
const convolutions = (prefix: string, input: string): GraphSpec => ({
  outputs: { [`${prefix}y`]: 'float32[1,4,8,8]' },
  nodes: [[`${prefix}a = Conv(${input}, w1)`, pads, `${prefix}one`], `${prefix}r = Relu(${prefix}a)`, [`${prefix}y = Conv(${prefix}r, w2)`, pads, `${prefix}two`]],
})
const image = testData({ x: [1, 4, 8, 8] })
/** The condition comes from the data: onnxruntime takes branches of constant conditions out of their If. */
const branches: ModelSpec = {
  inputs: { x: 'float32[1,4,8,8]' },
  outputs: { y: 'float32[1,4,8,8]' },
  initializers: { w1: weights.w1, w2: weights.w2, zero: tensor('float32', [], [0]) },
  nodes: [['s = ReduceMax(x)', { keepdims: 0 }], 'c = Greater(s, zero)', ['y = If(c)', { then_branch: convolutions('p', 'x'), else_branch: { outputs: { n: 'float32[1,4,8,8]' }, nodes: [['n = Conv(x, w2)', pads, 'never']] } }]],
}
const step: GraphSpec = {
  inputs: { i: 'int64[]', go: 'bool[]', v: 'float32[2,8]' },
  outputs: { on: 'bool[]', next: 'float32[2,8]', row: 'float32[2,8]' },
  nodes: ['on = Identity(go)', ['d = MatMul(v, m)', {}, 'dense'], 'next = Tanh(d)', 'row = Identity(next)'],
}
const loop = (rounds: number, body: GraphSpec = step): ModelSpec => ({
  inputs: { x: 'float32[2,8]' },
  outputs: { y: 'float32[2,8]' },
  initializers: { m: weights.m, n: tensor('int64', [], [rounds]) },
  nodes: [['y, rows = Loop(n, , x)', { body }]],
})
const rows = testData({ x: [2, 8] })
const scan: ModelSpec = {
  inputs: { x: 'float32[5,2,8]' },
  outputs: { y: 'float32[2,8]', all: 'float32[2,5,8]' },
  initializers: { m: weights.m, zeros: filledTensor('float32', [2, 8], 0) },
  nodes: [
    [
      'y, all = Scan(zeros, x)',
      { num_scan_inputs: 1, scan_output_axes: [1], body: { inputs: { h: 'float32[2,8]', e: 'float32[2,8]' }, outputs: { k: 'float32[2,8]', o: 'float32[2,8]' }, nodes: ['t = Add(h, e)', 'd = MatMul(t, m)', 'k = Tanh(d)', 'o = Identity(k)'] } },
    ],
  ],
}
/** The product is computed in the second of three rounds. */
const nested = loop(3, {
  ...step,
  nodes: [
    'on = Identity(go)',
    'odd = Equal(i, one)',
    ['next = If(odd)', { then_branch: { outputs: { a: 'float32[2,8]' }, nodes: [['q = MatMul(v, m)', {}, 'inner'], 'a = Tanh(q)'] }, else_branch: { outputs: { b: 'float32[2,8]' }, nodes: ['b = Neg(v)'] } }],
    'row = Identity(next)',
  ],
  initializers: { one: tensor('int64', [], [1]) },
})

async function quantized(spec: ModelSpec, data: CalibrationData, options: Record<string, unknown> = {}) {
  const run = await runPass(buildModel(spec), quantizeStatic, options, data)
  const inner = run.document.graphs().slice(1)
  const isQuantized = (graph: Graph, name: string) => {
    const definition = run.document.index(graph).definition(name)
    return definition?.kind === 'node' && definition.node.opType === 'DequantizeLinear'
  }
  const layers = inner.flatMap((graph) => graph.nodes.filter(({ opType }) => opType === 'Conv' || opType === 'MatMul').map((node) => [node.name || node.opType, node.inputs.every((name) => isQuantized(graph, name))] as const))
  return { ...run, layers: Object.fromEntries(layers) }
}

describe('quantizes', () => {
  it.each([
    ['the branch of If that was taken', branches, image, { pone: true, ptwo: true, never: false }],
    ['the body of Loop', loop(3), rows, { dense: true }],
    ['the body of Scan', scan, testData({ x: [5, 2, 8] }), { MatMul: true }],
    ['If within Loop', nested, rows, { inner: true }],
  ] satisfies [string, ModelSpec, CalibrationData, object][])('%s, and keeps outputs within 3 %', async (_, spec, data, expected) => {
    const { document, layers } = await quantized(spec, data)
    expect(layers).toEqual(expected)
    const error = relativeError(await outputsOf(buildModel(spec), data), await outputsOf(document, data))
    expect(error).toBeGreaterThan(0)
    expect(error).toBeLessThan(0.03)
  })

  it('with the range over all rounds of a loop', async () => {
    const doubling: GraphSpec = { ...step, nodes: ['on = Identity(go)', 'd = MatMul(v, twice)', 'next = Identity(d)', 'row = Identity(next)'] }
    const twice = tensor('float32', [8, 8], Array.from({ length: 64 }, (_, at) => (at % 9 === 0 ? 2 : 0)))
    const data: CalibrationData = { ...rows, async *samples() { yield new Map([['x', float32Tensor([2, 8], Array.from({ length: 16 }, (_, at) => at / 15))]]) }, sampleCount: 1 }
    const { document } = await quantized({ ...loop(4, doubling), initializers: { ...loop(4).initializers, twice } }, data)
    const body = document.graphs()[1]
    // What comes into the last round is 8 times the input.
    const scales = body?.initializers.filter(({ name }) => name === 'v.scale').map((stored) => tensorFloats(stored)[0])
    expect(scales).toEqual([Math.fround(8 / 255)])
  })

  it('a weight of the graph around once it is read no more', async () => {
    const { document } = await quantized(loop(3), rows)
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['n'])
  })
})

describe('leaves float, and says so,', () => {
  it('a branch that no sample came to', async () => {
    const { diagnostics } = await quantized(branches, image)
    expect(diagnostics).toMatchObject([{ code: 'left-float', nodeName: 'never' }])
  })

  it('a loop of no rounds', async () => {
    const { document, diagnostics, layers } = await quantized(loop(0), rows)
    expect([layers, diagnostics.map(({ code }) => code)]).toEqual([{ dense: false }, ['left-float']])
    expect(await outputsOf(document, rows)).toEqual(await outputsOf(buildModel(loop(0)), rows))
  })

  it('values that were not finite', async () => {
    const spec = loop(2, { ...step, nodes: ['on = Identity(go)', 'l = Log(v)', ['d = MatMul(l, m)', {}, 'dense'], 'next = Tanh(d)', 'row = Identity(next)'] })
    const { diagnostics, layers } = await quantized(spec, rows)
    expect([layers, diagnostics.map(({ code }) => code)]).toEqual([{ dense: false }, ['left-float']])
  })

  it('what lies within functions', async () => {
    const spec: ModelSpec = { inputs: { x: 'float32[2,8]' }, outputs: { y: 'float32[2,8]' }, initializers: { m: weights.m }, opsets: { '': 17, own: 1 }, functions: [{ domain: 'own', name: 'Dense', inputs: ['a', 'b'], outputs: ['c'], nodes: ['c = MatMul(a, b)'], opsets: { '': 17 } }], nodes: ['y = own.Dense(x, m)'] }
    const { transaction, diagnostics } = await runPass(buildModel(spec), quantizeStatic, {}, rows)
    expect([transaction.changes, diagnostics.map(({ code }) => code)]).toEqual([[], ['inner-graphs-left-float']])
  })

  it('nodes within that are excluded', async () => {
    const { transaction } = await runPass(buildModel(loop(3)), quantizeStatic, { excludeNodes: ['dense'] }, rows)
    expect(transaction.changes).toEqual([])
  })
})

describe('searches for ranges as it does outside of bodies:', () => {
  /** Two rows in five steps; one value of all is larger than the others. */
  const steps: CalibrationData = {
    ...rows,
    sampleCount: 200,
    async *samples() {
      for (let sample = 0; sample < 200; sample++) yield new Map([['x', float32Tensor([5, 2, 8], Array.from({ length: 80 }, (_, at) => sample === 0 && at === 3 ? 3 : Math.sin(at * 7.31 + sample)))]])
    },
  }
  const constants = { m: weights.m, n: tensor('int64', [], [5]) }
  const layer = (input: string): string[] => [`d = MatMul(${input}, m)`, 't = Relu(d)', 'o = MatMul(t, m)']
  const taken = (inner: GraphSpec['nodes']): GraphSpec => ({ outputs: { p: 'float32[2,8]' }, nodes: [...(inner ?? []), 'p = Identity(o)'] })
  const bodies: Record<string, ModelSpec['nodes']> = {
    Scan: [['rows = Scan(x)', { num_scan_inputs: 1, body: { inputs: { e: 'float32[2,8]' }, outputs: { row: 'float32[2,8]' }, nodes: [...layer('e'), 'row = Identity(o)'] } }]],
    Loop: [['rows = Loop(n)', { body: { inputs: { i: 'int64[]', go: 'bool[]' }, outputs: { on: 'bool[]', row: 'float32[2,8]' }, nodes: ['on = Identity(go)', 'e = Gather(x, i)', ...layer('e'), 'row = Identity(o)'] } }]],
    'If in Loop': [
      [
        'rows = Loop(n)',
        {
          body: {
            inputs: { i: 'int64[]', go: 'bool[]' },
            outputs: { on: 'bool[]', row: 'float32[2,8]' },
            initializers: { two: tensor('int64', [], [2]) },
            // Never false, and not known to be so.
            nodes: ['on = Identity(go)', 'e = Gather(x, i)', 'q = Mul(i, two)', 'c = GreaterOrEqual(q, i)', ['row = If(c)', { then_branch: taken(layer('e')), else_branch: { outputs: { n2: 'float32[2,8]' }, nodes: ['n2 = Identity(e)'] } }]],
          },
        },
      ],
    ],
  }
  const around = { inputs: { x: 'float32[5,2,8]' }, initializers: constants, opsets: { '': 17 } }
  const inlined: ModelSpec = { ...around, outputs: { rows: 'float32[5,2,8]' }, nodes: [...layer('x'), 'rows = Identity(o)'] }

  /** Scale and zero point of what comes into and lies between the layers, wherever they are. */
  async function parameters(spec: ModelSpec, options: Record<string, unknown>): Promise<number[][]> {
    const { document, diagnostics } = await quantized(spec, steps, { exactRanges: true, ...options })
    expect(diagnostics).toEqual([])
    const layers = document.graphs().flatMap((graph) => graph.nodes.flatMap((node) => (node.opType === 'MatMul' ? [{ graph, name: node.inputs[0] ?? '' }] : [])))
    return layers.map(({ graph, name }) => {
      const definition = document.index(graph).definition(name)
      const inputs = definition?.kind === 'node' ? definition.node.inputs.slice(1) : []
      return inputs.flatMap((input) => graph.initializers.filter((stored) => stored.name === input)).flatMap((stored) => Array.from(tensorNumbers(stored), Number))
    })
  }

  it.each(Object.keys(bodies).flatMap((kind) => ['percentile', 'mse', 'entropy'].map((calibration) => [calibration, kind] as const)))('%s, in %s', async (calibration, kind) => {
    const options = { calibration, percentile: 98 }
    const outside = await parameters(inlined, options)
    expect(outside.flat()).toHaveLength(4)
    expect(outside).not.toEqual(await parameters(inlined, {}))
    expect(await parameters({ ...around, outputs: { rows: 'float32[5,2,8]' }, nodes: bodies[kind] ?? [] }, options)).toEqual(outside)
  })

  it('where a value is empty in some rounds', async () => {
    const growing: ModelSpec['nodes'] = [['rows = Loop(n, , x)', { body: { inputs: { i: 'int64[]', go: 'bool[]', v: 'float32[5,2,8]' }, outputs: { on: 'bool[]', w: 'float32[5,2,8]' }, initializers: { zero: tensor('int64', [1], [0]), shape: tensor('int64', [1], [1]) }, nodes: ['on = Identity(go)', 'w = Identity(v)', 'end = Reshape(i, shape)', 'e = Slice(x, zero, end, zero)', ...layer('e')] } }]]
    const { layers, diagnostics } = await quantized({ ...around, outputs: { rows: 'float32[5,2,8]' }, nodes: growing }, steps, { calibration: 'mse' })
    expect([layers, diagnostics]).toEqual([{ MatMul: true }, []])
  })
})

it('takes extremes where an opset cannot count, and says so', async () => {
  const { diagnostics, layers } = await quantized({ ...loop(3), opsets: { '': 10 } }, rows, { calibration: 'mse', perChannel: false })
  expect([layers, diagnostics.map(({ code }) => code)]).toEqual([{ dense: true }, ['extremes-in-bodies']])
})

it('comes back by undo', async () => {
  for (const [spec, data] of [[branches, image], [loop(3), rows], [nested, rows]] as const) {
    const { document, transaction } = await quantized(spec, data)
    document.undo(transaction)
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
  }
})

it.skipIf(!existsSync(sharedModels))('quantizes the Conv layers within If of silero_vad', async () => {
  const path = join(sharedModels, 'audio/silero_vad.onnx')
  const file = openModelFile(path)
  try {
    const data = await openCalibrationData({ kind: 'synthetic', samples: 2 }, file.model, { runner })
    const document = new ModelDocument(file.model)
    await runPass(document, foldConstants, {}, data)
    const { diagnostics } = await runPass(document, quantizeStatic, {}, data)
    // The samples have one rate; the other rate's branch stays as it is.
    expect(diagnostics.map(({ code, nodeName }) => [code, nodeName?.split('_branch')[0]])).toEqual(Array.from({ length: 6 }, () => ['left-float', 'If_0_else']))
    const inner = document.graphs().slice(1).flatMap(({ nodes }) => nodes)
    expect(inner.filter(({ opType }) => opType === 'QuantizeLinear').length).toBeGreaterThan(5)
    const errors = await measureOutputError({ runner, reference: path, candidate: document, data })
    // The first is a score near 0.
    expect(errors.map(({ output, maxAbs, sqnrDb }) => [output, maxAbs < 0.02 || (sqnrDb ?? 0) > 15])).toEqual([['output', true], ['stateN', true]])
  } finally {
    file.close()
  }
})
