import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { fuseSkipNormalization } from './fuse-skip-normalization'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const base: ModelSpec = {
  opsets: { 'com.microsoft': 1 },
  inputs: { x: 'float32[N,3,8]', r: 'float32[N,3,8]' },
  outputs: { y: 'float32[N,3,8]' },
  initializers: { g: filledTensor('float32', [8], 0.5, 2, -1), b: filledTensor('float32', [8], 0.25, -0.5, 1), k: filledTensor('float32', [8], 1, -2) },
  nodes: ['s = Add(x, r)', ['y = LayerNormalization(s, g, b)', { axis: -1, epsilon: 0.001 }]],
}
const inputs = { x: [2, 3, 8], r: [2, 3, 8] }

describe('puts one node in the place of a sum and', () => {
  it.each([
    ['the normalization behind it', base, { SkipLayerNormalization: 1 }],
    ['the bias before it', { ...base, nodes: ['z = Add(k, x)', 's = Add(z, r)', ...base.nodes.slice(1)] }, { SkipLayerNormalization: 1 }],
    ['a simplified normalization', { ...base, nodes: ['s = Add(x, r)', ['y = SimplifiedLayerNormalization(s, g)', { axis: -1, epsilon: 0.001 }]] }, { SkipSimplifiedLayerNormalization: 1 }],
    ['gives the sum out where others read it, even nodes that come before', { ...base, nodes: ['s = Add(x, r)', 't = Relu(s)', ['n = SimplifiedLayerNormalization(s, g)', { axis: -1, epsilon: 0.001 }], 'y = Add(n, t)'] }, { SkipSimplifiedLayerNormalization: 1, Relu: 1, Add: 1 }],
  ] as [string, ModelSpec, Record<string, number>][])('%s', (_, spec, counts) => checkRewrite(spec, { pass: fuseSkipNormalization, inputs, counts }))
})

describe('leaves', () => {
  it.each([
    ['a sum that stretches one side', { ...base, inputs: { ...base.inputs, r: 'float32[1,1,8]' } }],
    ['tensors of four dimensions', { ...base, inputs: { x: 'float32[1,2,3,8]', r: 'float32[1,2,3,8]' }, outputs: { y: null } }],
    ['a sum that others read, before a kernel that is slower with it', { ...base, nodes: ['s = Add(x, r)', ['n = LayerNormalization(s, g, b)', { axis: -1, epsilon: 0.001 }], 'y = Add(n, s)'] }],
    ['another axis', { ...base, initializers: { g: filledTensor('float32', [3, 8], 1), b: filledTensor('float32', [3, 8], 0) }, nodes: ['s = Add(x, r)', ['y = LayerNormalization(s, g, b)', { axis: 1 }]] }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, fuseSkipNormalization))
})
