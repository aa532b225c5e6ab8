import { describe, expect, it } from 'vitest'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { fuseGelu } from './fuse-gelu'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'
import { opCounts, runPass } from './testing/run-pass'

const base: Omit<ModelSpec, 'nodes'> = {
  opset: 17,
  inputs: { x: 'float32[N,8]' },
  outputs: { y: 'float32[N,8]' },
  initializers: {
    root: tensor('float32', [], [Math.SQRT2]),
    inverse: tensor('float32', [], [Math.SQRT1_2]),
    one: tensor('float32', [], [1]),
    half: tensor('float32', [], [0.5]),
    three: tensor('float32', [], [3]),
    small: tensor('float32', [], [0.044715]),
    outer: tensor('float32', [], [Math.sqrt(2 / Math.PI)]),
    bias: filledTensor('float32', [8], 0.5, -1),
  },
}
const erf = ['a = Div(x, root)', 'b = Erf(a)', 'c = Add(b, one)']
const tanh = ['p = Pow(x, three)', 'q = Mul(small, p)', 'r = Add(x, q)', 'a = Mul(r, outer)', 'b = Tanh(a)', 'c = Add(one, b)']
const forms: [string, readonly string[], 'none' | 'tanh'][] = [
  ['x · (1 + erf) · ½', [...erf, 'd = Mul(x, c)', 'y = Mul(d, half)'], 'none'],
  ['½ · (1 + erf) · x', [...erf, 'd = Mul(c, half)', 'y = Mul(x, d)'], 'none'],
  ['(½ · x) · (1 + erf)', ['h = Mul(x, half)', 'a = Mul(x, inverse)', ...erf.slice(1), 'y = Mul(h, c)'], 'none'],
  ['(½ · x) · (1 + tanh)', ['h = Mul(x, half)', ...tanh, 'y = Mul(h, c)'], 'tanh'],
  ['x · x · x in tanh', ['s = Mul(x, x)', 'p = Mul(s, x)', ...tanh.slice(1), 'd = Mul(x, c)', 'y = Mul(half, d)'], 'tanh'],
]

describe('puts one node in the place of', () => {
  it.each(forms)('%s', async (_, nodes, kind) => {
    const spec = { ...base, nodes }
    await checkRewrite(spec, { pass: fuseGelu, inputs: { x: [3, 8] }, counts: { Gelu: 1 } })
    await checkRewrite(spec, { pass: fuseGelu, options: { form: 'onnxruntime' }, inputs: { x: [3, 8] }, counts: { [kind === 'tanh' ? 'FastGelu' : 'Gelu']: 1 } })
  })

  it('the bias too, in the forms of onnxruntime', async () => {
    for (const [nodes, opType] of [[forms[0]?.[1] ?? [], 'BiasGelu'], [forms[3]?.[1] ?? [], 'FastGelu']] as const) {
      const spec = { ...base, inputs: { z: 'float32[N,8]' }, nodes: ['x = Add(z, bias)', ...nodes] }
      await checkRewrite(spec, { pass: fuseGelu, options: { form: 'onnxruntime' }, inputs: { z: [3, 8] }, counts: { [opType]: 1 } })
    }
  })

  it('raises the opset only where there is a GELU', async () => {
    const { document } = await runPass(buildModel({ ...base, nodes: forms[0]?.[1] ?? [] }), fuseGelu)
    expect(document.model.opsetImports[0]?.version).toBe(20)
    const other = await runPass(buildModel({ ...base, nodes: ['y = Erf(x)'] }), fuseGelu)
    expect([opCounts(other.document), other.document.model.opsetImports[0]?.version]).toEqual([{ Erf: 1 }, 17])
  })
})

describe('leaves', () => {
  it.each([
    ['another number under the root', [...erf.map((node) => node.replace('root', 'three')), 'd = Mul(x, c)', 'y = Mul(d, half)']],
    ['a product with another value', [...erf, 'd = Mul(b, c)', 'y = Mul(d, half)']],
    ['a whole instead of a half', [...erf, 'd = Mul(x, c)', 'y = Mul(d, one)']],
  ])('%s', (_, nodes) => checkDeclined({ ...base, nodes }, fuseGelu))
})
