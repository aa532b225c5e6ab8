import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { fuseRmsNormalization } from './fuse-rms-normalization'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const exported: ModelSpec = {
  opset: 17,
  inputs: { x: 'float32[N,3,8]' },
  outputs: { y: 'float32[N,3,8]' },
  initializers: { two: tensor('float32', [], [2]), one: tensor('float32', [], [1]), eps: tensor('float32', [], [1e-6]), g: filledTensor('float32', [8], 0.5, 2, -1) },
  nodes: ['p = Pow(x, two)', ['v = ReduceMean(p)', { axes: [-1] }], 'e = Add(v, eps)', 's = Sqrt(e)', 'r = Div(one, s)', 'q = Mul(x, r)', 'y = Mul(g, q)'],
}

describe('puts one node in the place of RMS normalization', () => {
  it.each([
    ['with a reciprocal by Div', exported],
    ['with Reciprocal', { ...exported, nodes: exported.nodes.map((node, at) => (at === 4 ? 'r = Reciprocal(s)' : node)) }],
    ['as a division', { ...exported, nodes: [...exported.nodes.slice(0, 4), 'q = Div(x, s)', 'y = Mul(q, g)'] }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkRewrite(spec, { pass: fuseRmsNormalization, options: { form: 'onnxruntime' }, inputs: { x: [2, 3, 8] }, counts: { SimplifiedLayerNormalization: 1 } }))

  it('in standard form where the opset has it', () => checkRewrite({ ...exported, opset: 23, irVersion: 11, initializers: { ...exported.initializers, last: tensor('int64', [1], [-1]) }, nodes: exported.nodes.map((node, at) => (at === 1 ? 'v = ReduceMean(p, last)' : node)) }, { pass: fuseRmsNormalization, inputs: { x: [2, 3, 8] }, counts: { RMSNormalization: 1 } }))
})

describe('leaves', () => {
  it.each([
    ['a scale that is not one number for each element', { ...exported, initializers: { ...exported.initializers, g: filledTensor('float32', [3, 8], 1, 2) } }],
    ['the root of another value', { ...exported, nodes: exported.nodes.map((node, at) => (at === 5 ? 'q = Mul(p, r)' : node)) }],
    ['a mean over another axis', { ...exported, nodes: exported.nodes.map((node, at) => (at === 1 ? ['v = ReduceMean(p)', { axes: [1] }] : node)) }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, fuseRmsNormalization, { form: 'onnxruntime' }))
})
