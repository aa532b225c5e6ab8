/** Several calibration samples in one inference. */
import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import type { LocalRunner } from '../../runtime/model-runner'
import type { CalibrationData } from '../pass'
import { float32Tensor, runner, testData } from '../testing/run-pass'
import { joinSamples, samplesAtOnce } from './join-samples'
import { observeExtremes } from './observe-activations'
import type { Extremes } from './observed-model'

const pads = { pads: [1, 1, 1, 1] }
/** Images through convolution, a sum, a pool and a last layer: 512 bytes in the largest value. */
const network: ModelSpec = {
  inputs: { x: 'float32[1,2,8,8]' },
  outputs: { y: 'float32[1,3]' },
  valueInfo: { c: 'float32[1,2,8,8]' },
  initializers: { w: filledTensor('float32', [2, 2, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3), b: tensor('float32', [1, 2, 1, 1], [0.5, -1]), m: filledTensor('float32', [2, 3], 0.3, -0.7, 0.2) },
  nodes: [['c = Conv(x, w)', pads], 's = Add(c, b)', 'r = Relu(s)', 'o = Add(r, x)', 'p = GlobalAveragePool(o)', 'f = Flatten(p)', 'y = Gemm(f, m)'],
}
const values = ['x', 'c', 's', 'r', 'o', 'p', 'f', 'y']

function atOnce(spec: ModelSpec): number {
  const document = new ModelDocument(buildModel(spec))
  const types = inferTypes(document)
  return samplesAtOnce(document.model.graph, (name) => types.typeOf(document.model.graph, name))
}

async function observed(spec: ModelSpec, calibration: CalibrationData, together: boolean): Promise<{ readonly extremes: Map<string, Extremes>; readonly runs: number }> {
  const document = new ModelDocument(buildModel(spec))
  const types = inferTypes(document)
  let runs = 0
  const counting: LocalRunner = {
    ...runner,
    async load(model, options) {
      const running = await runner.load(model, options)
      return { ...running, run: (feeds, outputs) => (runs++, running.run(feeds, outputs)) }
    },
  }
  const extremes = new Map<string, Extremes>()
  const add = (name: string, found: Extremes | null) => {
    const known = extremes.get(name)
    if (found) extremes.set(name, { min: Math.min(found.min, known?.min ?? Infinity), max: Math.max(found.max, known?.max ?? -Infinity) })
  }
  const context = { calibration, runner: counting, signal: new AbortController().signal, progress: () => undefined }
  await document.transact('look', (edit) =>
    observeExtremes(edit, values, { context, maxSamples: 19, exact: false, share: { from: 0, to: 1 }, nonNegative: new Set(['r']), typeOf: (name) => types.typeOf(edit.main, name), together, add }),
  )
  return { extremes, runs }
}

describe('calibration samples in one inference', () => {
  it('have the extremes of all of them, the last few as well', async () => {
    const data = testData({ x: [1, 2, 8, 8] }, 21)
    const [apart, together] = [await observed(network, data, false), await observed(network, data, true)]
    expect([apart.runs, together.runs]).toEqual([19, 5])
    expect([...together.extremes.keys()].toSorted()).toEqual(values.toSorted())
    for (const [name, { min, max }] of apart.extremes) {
      expect(together.extremes.get(name)?.min, name).toBeCloseTo(min, 5)
      expect(together.extremes.get(name)?.max, name).toBeCloseTo(max, 5)
    }
  })

  it('are as many as keep the largest value small', () => {
    expect(atOnce(network)).toBe(4)
    const wide = { ...network, inputs: { x: 'float32[N,2,700,700]' }, valueInfo: {}, outputs: { y: null } }
    expect(atOnce(wide)).toBe(2)
    expect(atOnce({ ...wide, inputs: { x: 'float32[1,2,2000,2000]' } })).toBe(1)
  })

  it('is one where samples might meet each other, or a size is not known', () => {
    const ending = (nodes: ModelSpec['nodes'], more: ModelSpec['initializers'] = {}) => atOnce({ ...network, initializers: { ...network.initializers, ...more }, nodes: [...network.nodes.slice(0, 4), ...nodes] })
    expect(ending(['y = GlobalMaxPool(r)'])).toBe(4)
    expect(ending([['p = ReduceMean(r)', { axes: [2, 3], keepdims: 0 }], ['t = Transpose(k)', { perm: [1, 0] }], 'y = MatMul(p, t)'], { k: filledTensor('float32', [3, 2], 0.5) })).toBe(4)
    expect(ending([['p = ReduceMax(r)', { axes: [0], keepdims: 1 }], 'y = Relu(p)'])).toBe(1)
    expect(ending(['p = GlobalAveragePool(r)', ['q = Transpose(p)', { perm: [0, 2, 3, 1] }], ['y = Softmax(q)', { axis: 3 }]])).toBe(4)
    expect(ending([['y = Transpose(r)', { perm: [1, 0, 2, 3] }]])).toBe(1)
    expect(ending(['p = GlobalAveragePool(r)', 'y = Squeeze(p, axes)'], { axes: tensor('int64', [2], [2, 3]) })).toBe(4)
    expect(ending(['y = MatMul(r, r)'])).toBe(1)
    expect(ending([['y = Flatten(r)', { axis: 0 }]])).toBe(1)
    expect(ending([['y = Concat(r, r)', { axis: 0 }]])).toBe(1)
    expect(ending([['y = Softmax(r)', { axis: 0 }]])).toBe(1)
    expect(ending(['y = Reshape(r, t)'], { t: tensor('int64', [2], [1, 128]) })).toBe(1)
    expect(ending(['f = Flatten(r)', ['y = Gemm(f, f)', { transA: 1 }]])).toBe(1)
    expect(ending(['f = Flatten(r)', 'y = Gemm(f, m, k)'], { m: filledTensor('float32', [128, 3], 0.5), k: filledTensor('float32', [1, 3], 0.5) })).toBe(1)
    expect(ending(['y = Add(r, k)'], { k: filledTensor('float32', [3, 2, 8, 8], 0.5) })).toBe(1)
    expect(ending(['y = Add(r, k)'], { k: filledTensor('float32', [1, 1, 2, 8, 8], 0.5) })).toBe(1)
    expect(ending(['y = Conv(r, r)'])).toBe(1)
    expect(atOnce({ ...network, inputs: { x: 'float32[1,2,H,8]' } })).toBe(1)
    expect(atOnce({ ...network, inputs: { x: 'float32[2,2,8,8]' } })).toBe(1)
  })

  it('lie behind one another, files of another batch apart', async () => {
    const samples = async function* () {
      // The same memory again, as readers of files give it.
      const memory = new Float32Array(2)
      for (const value of [1, 2, 3]) yield new Map([['x', { ...float32Tensor([1, 2], []), bytes: new Uint8Array(memory.fill(value).buffer) }]])
      for (const value of [4, 5]) yield new Map([['x', float32Tensor([2, 2], [value, value, value, value])]])
      yield new Map([['x', float32Tensor([1, 2], [6, 6])]])
    }
    const seen: unknown[] = []
    for await (const { feeds, count } of joinSamples(samples(), 2)) {
      const x = feeds.get('x')
      seen.push([count, x?.dims, [...new Float32Array(x?.bytes.slice().buffer ?? new ArrayBuffer(0))]])
    }
    expect(seen).toEqual([[2, [2, 2], [1, 1, 2, 2]], [1, [1, 2], [3, 3]], [2, [4, 2], [4, 4, 4, 4, 5, 5, 5, 5]], [1, [1, 2], [6, 6]]])
  })
})
