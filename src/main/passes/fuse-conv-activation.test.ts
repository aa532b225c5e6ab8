import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { fuseConvActivation } from './fuse-conv-activation'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const conv: ModelSpec = {
  opsets: { 'com.microsoft': 1 },
  inputs: { x: 'float32[1,2,5,5]' },
  outputs: { y: 'float32[1,3,5,5]' },
  initializers: { w: filledTensor('float32', [3, 2, 3, 3], 0.5, -0.25, 0.125, 1, -1), b: filledTensor('float32', [3], 0.5, -1, 2), zero: tensor('float32', [], [0]), six: tensor('float32', [], [0.6]) },
  nodes: [],
}
const first = ['c = Conv(x, w, b)', { pads: [1, 1, 1, 1] }, 'layer'] as const

describe('puts one node in the place of a Conv and', () => {
  it.each([
    ['Relu', 'y = Relu(c)'],
    ['Clip', 'y = Clip(c, zero, six)'],
    ['Clip without a lower bound', 'y = Clip(c, , six)'],
    ['Sigmoid', 'y = Sigmoid(c)'],
    ['Tanh', 'y = Tanh(c)'],
    ['LeakyRelu', ['y = LeakyRelu(c)', { alpha: 0.3 }]],
    ['HardSigmoid', ['y = HardSigmoid(c)', { alpha: 0.25 }]],
  ] as [string, ModelSpec['nodes'][number]][])('%s', (_, node) => checkRewrite({ ...conv, nodes: [first, node] }, { pass: fuseConvActivation, inputs: { x: [1, 2, 5, 5] }, counts: { FusedConv: 1 } }))
})

describe('leaves', () => {
  it.each([
    ['a Conv that something else reads', ['r = Relu(c)', 'y = Add(r, c)']],
    ['an activation that FusedConv does not know', ['y = Elu(c)']],
    ['a bound that is computed', ['m = ReduceMax(x)', 'y = Clip(c, , m)']],
  ])('%s', (_, nodes) => checkDeclined({ ...conv, nodes: [first, ...nodes] }, fuseConvActivation))
})
