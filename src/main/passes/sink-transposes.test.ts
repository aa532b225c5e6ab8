import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { sinkTransposes } from './sink-transposes'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const there = { perm: [0, 3, 1, 2] }
const back = { perm: [0, 2, 3, 1] }
const base: Omit<ModelSpec, 'nodes'> = {
  inputs: { x: 'float32[1,4,5,3]', z: 'float32[1,4,5,3]', w: 'float32[1,5,4,3]' },
  outputs: { y: null },
  initializers: { k: filledTensor('float32', [3, 1, 1], 0.5, -1, 2), half: tensor('float32', [], [0.5]), map: filledTensor('float32', [3, 4, 5], 1, 2) },
}
const inputs = { x: [1, 4, 5, 3], z: [1, 4, 5, 3], w: [1, 5, 4, 3] }

describe('cancels Transposes', () => {
  it.each([
    ['around operators on each element', [['t = Transpose(x)', there], 'a = Relu(t)', 'b = Mul(a, half)', ['u = Transpose(b)', back], 'y = Add(u, z)'], { Relu: 1, Mul: 1, Add: 1 }],
    ['around a constant for each channel', [['t = Transpose(x)', there], 'a = Add(t, k)', ['u = Transpose(a)', back], 'y = Add(u, z)'], { Add: 2 }],
    ['into a sum, of which one is left', [['t = Transpose(x)', there], ['u = Transpose(z)', there], 'y = Add(t, u)'], { Add: 1, Transpose: 1 }],
    ['into a Concat', [['t = Transpose(x)', there], ['u = Transpose(z)', there], ['c = Concat(t, u)', { axis: 1 }], ['y = Transpose(c)', back]], { Concat: 1, Transpose: 1 }],
    ['around a Softmax', [['t = Transpose(x)', there], ['s = Softmax(t)', { axis: 1 }], ['u = Transpose(s)', back], 'y = Add(u, z)'], { Softmax: 1, Add: 1 }],
  ] as [string, ModelSpec['nodes'], Record<string, number>][])('%s', (_, nodes, counts) => checkRewrite({ ...base, nodes }, { pass: sinkTransposes, inputs, counts }))
})

describe('leaves', () => {
  it.each([
    ['one that would meet no other', [['t = Transpose(x)', there], 'a = Relu(t)', 'y = Exp(a)']],
    ['one whose result two nodes read', [['t = Transpose(x)', there], 'a = Relu(t)', ['u = Transpose(a)', back], ['v = ReduceMax(t)', { keepdims: 0 }], 'y = Add(u, v)']],
    ['a constant that differs along two axes', [['t = Transpose(x)', there], 'a = Add(t, map)', ['y = Transpose(a)', back]]],
    ['a sum of different orders', [['t = Transpose(x)', { perm: [0, 1, 2, 3] }], ['u = Transpose(w)', { perm: [0, 2, 1, 3] }], 'y = Add(t, u)']],
  ] as [string, ModelSpec['nodes']][])('%s', (_, nodes) => checkDeclined({ ...base, nodes }, sinkTransposes))
})
