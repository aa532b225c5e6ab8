import { describe, it } from 'vitest'
import { filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { fuseRotaryEmbedding } from './fuse-rotary-embedding'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const ints = (...values: number[]) => tensor('int64', [values.length], values)
/** Rows of 8 whose halves are equal. */
const table = (wave: (angle: number) => number) => tensor('float32', [1, 1, 5, 8], Array.from({ length: 40 }, (_, at) => wave(Math.floor(at / 8) * 0.5 ** (at % 4))))
const base: ModelSpec = {
  opset: 23,
  irVersion: 11,
  inputs: { x: 'float32[2,3,5,8]' },
  outputs: { y: 'float32[2,3,5,8]' },
  initializers: { cos: table(Math.cos), sin: table(Math.sin), zero: ints(0), four: ints(4), end: ints(2 ** 40), last: ints(3), halves: ints(4, 4), flat: filledTensor('float32', [1, 1, 5, 8], 1, 2, 3) },
  nodes: ['a = Mul(x, cos)', 's = Slice(x, four, end, last)', 'n = Neg(s)', 'f = Slice(x, zero, four, last)', ['r = Concat(n, f)', { axis: -1 }], 'b = Mul(r, sin)', 'y = Add(a, b)'],
}
const inputs = { x: [2, 3, 5, 8] }

describe('puts one node in the place of swapped halves', () => {
  it.each([
    ['by Slice', base],
    ['by Split', { ...base, nodes: ['a = Mul(cos, x)', ['f, s = Split(x, halves)', { axis: -1 }], 'n = Neg(s)', ['r = Concat(n, f)', { axis: 3 }], 'b = Mul(sin, r)', 'y = Add(b, a)'] }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkRewrite(spec, { pass: fuseRotaryEmbedding, inputs, counts: { RotaryEmbedding: 1 } }))
})

describe('leaves', () => {
  it.each([
    ['a first half that is negated', { ...base, nodes: base.nodes.map((node, at) => (at === 4 ? ['r = Concat(f, n)', { axis: -1 }] : node)) }],
    ['halves with factors of their own', { ...base, initializers: { ...base.initializers, sin: filledTensor('float32', [1, 1, 5, 8], 0.1, 0.2, 0.3) } }],
    ['a batch that is not known', { ...base, inputs: { x: 'float32[N,3,5,8]' } }],
    ['parts that are not halves', { ...base, nodes: base.nodes.map((node, at) => (at === 1 ? 's = Slice(x, zero, four, last)' : node)) }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, fuseRotaryEmbedding))
})
