import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { fuseLayerNormalization } from './fuse-layer-normalization'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const axes = { axes: [-1] }
const exported: ModelSpec = {
  opset: 13,
  inputs: { x: 'float32[N,3,8]' },
  outputs: { y: 'float32[N,3,8]' },
  initializers: {
    two: tensor('float32', [], [2]),
    eps: tensor('float32', [], [1e-5]),
    g: filledTensor('float32', [8], 0.5, 2, -1),
    b: filledTensor('float32', [8], 0.25, -0.5, 1),
  },
  nodes: [['m = ReduceMean(x)', axes], 'd = Sub(x, m)', 'p = Pow(d, two)', ['v = ReduceMean(p)', axes], 'e = Add(v, eps)', 's = Sqrt(e)', 'q = Div(d, s)', 'h = Mul(q, g)', 'y = Add(h, b)'],
}
const nodes = (...changed: readonly (readonly [number, ModelSpec['nodes'][number]])[]): ModelSpec => ({ ...exported, nodes: exported.nodes.map((node, at) => changed.find(([place]) => place === at)?.[1] ?? node) })

describe('puts a LayerNormalization in the place of', () => {
  it.each([
    ['what older exporters write', exported],
    ['a square by Mul, and a difference taken twice', { ...nodes([2, 'p = Mul(d, d)']), nodes: [...nodes([2, 'p = Mul(c, c)'], [6, 'q = Div(d, s)']).nodes.slice(0, 2), 'c = Sub(x, m)', ...nodes([2, 'p = Mul(c, c)']).nodes.slice(2)] }],
    ['a product with the reciprocal', { ...exported, nodes: [...exported.nodes.slice(0, 6), 'r = Reciprocal(s)', 'q = Mul(r, d)', 'h = Mul(g, q)', 'y = Add(b, h)'] }],
    ['one without scale and shift', { ...exported, nodes: [...exported.nodes.slice(0, 6), 'y = Div(d, s)'] }],
    ['one without a shift', { ...exported, nodes: [...exported.nodes.slice(0, 7), 'y = Mul(q, g)'] }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkRewrite(spec, { pass: fuseLayerNormalization, inputs: { x: [2, 3, 8] }, counts: { LayerNormalization: 1 } }))

  it('one over two dimensions, keeping a Mul of another shape', () => {
    const spec = { ...exported, nodes: [['m = ReduceMean(x)', { axes: [1, 2] }], ...exported.nodes.slice(1, 3), ['v = ReduceMean(p)', { axes: [-2, -1] }], ...exported.nodes.slice(4)] } as ModelSpec
    return checkRewrite(spec, { pass: fuseLayerNormalization, inputs: { x: [2, 3, 8] }, counts: { LayerNormalization: 1, Mul: 1, Add: 1 } })
  })
})

describe('leaves', () => {
  it.each([
    ['a mean over another axis', nodes([0, ['m = ReduceMean(x)', { axes: [1] }]])],
    ['a normalized axis that is not the last', nodes([0, ['m = ReduceMean(x)', { axes: [1] }]], [3, ['v = ReduceMean(p)', { axes: [1] }]])],
    ['a third power', { ...exported, initializers: { ...exported.initializers, two: tensor('float32', [], [3]) } }],
    ['a difference the other way round', nodes([1, 'd = Sub(m, x)'])],
    ['a variance that is read elsewhere', { ...exported, outputs: { ...exported.outputs, v: null } }],
    ['a last dimension that is not known', { ...exported, inputs: { x: 'float32[N,3,K]' } }],
    ['float64', { ...exported, inputs: { x: 'float64[N,3,8]' }, outputs: { y: 'float64[N,3,8]' } }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, fuseLayerNormalization))
})
