import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { fuseAttention } from './fuse-attention'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const heads = { perm: [0, 2, 1, 3] }
const base: ModelSpec = {
  opsets: { 'com.microsoft': 1 },
  inputs: { x: 'float32[1,S,8]' },
  outputs: { y: 'float32[1,S,8]' },
  initializers: {
    wq: filledTensor('float32', [8, 8], 0.5, -0.25, 0.125),
    wk: filledTensor('float32', [8, 8], -0.5, 0.25, 0.375, 0.1),
    wv: filledTensor('float32', [8, 8], 0.3, 0.7, -0.2),
    split: tensor('int64', [4], [0, 0, 2, 4]),
    join: tensor('int64', [3], [0, 0, 8]),
    scale: tensor('float32', [], [0.5]),
  },
  nodes: [
    'q0 = MatMul(x, wq)',
    'k0 = MatMul(x, wk)',
    'v0 = MatMul(x, wv)',
    'q1 = Reshape(q0, split)',
    'k1 = Reshape(k0, split)',
    'v1 = Reshape(v0, split)',
    ['q = Transpose(q1)', heads],
    ['k = Transpose(k1)', { perm: [0, 2, 3, 1] }],
    ['v = Transpose(v1)', heads],
    's = MatMul(q, k)',
    't = Mul(s, scale)',
    ['p = Softmax(t)', { axis: -1 }],
    'o = MatMul(p, v)',
    ['o1 = Transpose(o)', heads],
    'y = Reshape(o1, join)',
  ],
}
const inputs = { x: [1, 6, 8] }
const replace = (changes: Readonly<Record<number, readonly ModelSpec['nodes'][number][]>>): ModelSpec['nodes'] => base.nodes.flatMap((node, at) => changes[at] ?? [node])

describe('puts one node in the place of attention', () => {
  it.each([
    ['with a scale behind the product', base, inputs],
    ['with a division of the queries', { ...base, nodes: replace({ 9: ['d = Div(q, scale)', 's = MatMul(d, k)'], 10: [], 11: [['p = Softmax(s)', { axis: 3 }]] }) }, inputs],
    ['with keys transposed twice', { ...base, nodes: replace({ 7: [['k2 = Transpose(k1)', heads], ['k = Transpose(k2)', { perm: [0, 1, 3, 2] }]] }) }, inputs],
    ['with a mask', { ...base, inputs: { ...base.inputs, m: 'float32[1,1,S,S]' }, nodes: replace({ 11: ['a = Add(t, m)', ['p = Softmax(a)', { axis: -1 }]] }) }, { ...inputs, m: [1, 1, 6, 6] }],
  ] as [string, ModelSpec, Record<string, number[]>][])('%s', (_, spec, data) => checkRewrite(spec, { pass: fuseAttention, options: { form: 'onnxruntime' }, inputs: data, counts: { MatMul: 3, MultiHeadAttention: 1 } }))

  it('in standard form where the opset has it', () => checkRewrite({ ...base, opset: 23, irVersion: 11 }, { pass: fuseAttention, inputs, counts: { MatMul: 3, Attention: 1 } }))
})

describe('leaves', () => {
  it.each([
    ['a softmax over queries', { ...base, nodes: replace({ 11: [['p = Softmax(t)', { axis: 2 }]] }) }],
    ['scores that something else reads', { ...base, outputs: { ...base.outputs, p: null } }],
    ['a mask of fewer dimensions than positions', { ...base, inputs: { ...base.inputs, m: 'float32[1,1,1,S]' }, nodes: replace({ 11: ['a = Add(t, m)', ['p = Softmax(a)', { axis: -1 }]] }) }],
    ['values whose heads were not split', { ...base, nodes: replace({ 5: ['v1 = Reshape(v0, other)'] }), initializers: { ...base.initializers, other: tensor('int64', [4], [1, 2, -1, 4]) }, outputs: { y: null } }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, fuseAttention, { form: 'onnxruntime' }))
})
