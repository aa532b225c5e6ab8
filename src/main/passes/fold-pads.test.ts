import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { foldPads } from './fold-pads'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const pads = (...values: number[]) => tensor('int64', [8], values)
const base: ModelSpec = {
  inputs: { x: 'float32[1,2,5,5]' },
  outputs: { y: null },
  initializers: { w: filledTensor('float32', [3, 2, 3, 3], 0.5, -0.25, 0.125, 1, -1), p: pads(0, 0, 0, 1, 0, 0, 2, 1), c: pads(0, 1, 0, 0, 0, 0, 1, 1), n: pads(0, 0, -1, 0, 0, 0, 1, 1), zero: tensor('float32', [], [0]), one: tensor('float32', [], [1]) },
  nodes: ['a = Pad(x, p)', 'y = Conv(a, w)'],
}
const inputs = { x: [1, 2, 5, 5] }
const pool = ['y = AveragePool(a)', { kernel_shape: [3, 3], strides: [2, 2] }] as const

describe('takes a Pad into', () => {
  it.each([
    ['a Conv', base, { Conv: 1 }],
    ['a Conv that pads by itself', { ...base, nodes: ['a = Pad(x, p, zero)', ['y = Conv(a, w)', { pads: [1, 0, 1, 2], strides: [2, 2] }]] }, { Conv: 1 }],
    ['an AveragePool', { ...base, nodes: ['a = Pad(x, p)', pool] }, { AveragePool: 1 }],
    ['a Conv, from its form before opset 11', { ...base, opset: 10, nodes: [['a = Pad(x)', { pads: [0, 0, 1, 1, 0, 0, 1, 1] }], 'y = Conv(a, w)'] }, { Conv: 1 }],
  ] as [string, ModelSpec, Record<string, number>][])('%s', (_, spec, counts) => checkRewrite(spec, { pass: foldPads, inputs, counts }))
})

describe('leaves', () => {
  it.each([
    ['a Pad with another number', { ...base, nodes: ['a = Pad(x, p, one)', 'y = Conv(a, w)'] }],
    ['a Pad that mirrors', { ...base, nodes: [['a = Pad(x, p)', { mode: 'reflect' }], 'y = Conv(a, w)'] }],
    ['a Pad of channels', { ...base, inputs: { x: 'float32[1,1,5,5]' }, nodes: ['a = Pad(x, c)', 'y = Conv(a, w)'] }],
    ['a Pad that cuts off', { ...base, nodes: ['a = Pad(x, n)', 'y = Conv(a, w)'] }],
    ['one that something else reads', { ...base, nodes: ['a = Pad(x, p)', 'b = Conv(a, w)', 'm = ReduceMax(a)', 'y = Add(b, m)'] }],
    ['a pool that leaves its own padding out of the mean', { ...base, nodes: ['a = Pad(x, p)', ['y = AveragePool(a)', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }]] }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, foldPads))
})
