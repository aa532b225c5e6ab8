import { describe, it } from 'vitest'
import { type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { simplifyDataMovement } from './simplify-data-movement'
import { checkDeclined, checkRewrite } from './testing/check-rewrite'

const ints = (...values: number[]) => tensor('int64', [values.length], values)
const base: Omit<ModelSpec, 'nodes'> = {
  inputs: { x: 'float32[2,6,4]' },
  outputs: { y: null },
  initializers: {
    zero: ints(0), two: ints(2), three: ints(3), six: ints(6), end: ints(2 ** 40), one: ints(1), back: ints(-1), shape: ints(2, 6, 4), ones: ints(1, 1, 1), pads: ints(0, 0, 0, 0, 0, 0),
    flat: ints(12, 4), again: ints(2, 24), wide: tensor('float32', [1, 1, 1, 1], [1]), oneF: tensor('float32', [], [1]), zeroF: tensor('float32', [1], [0]), column: tensor('float32', [6, 1], [1, 1, 1, 1, 1, 1]),
  },
}
const inputs = { x: [2, 6, 4] }

describe('takes out', () => {
  it.each([
    ['a Slice of everything', ['s = Slice(x, zero, end, one)', 'y = Relu(s)'], { Relu: 1 }],
    ['Expand to the same shape', ['s = Expand(x, shape)', 'y = Relu(s)'], { Relu: 1 }],
    ['Tile by one', ['s = Tile(x, ones)', 'y = Relu(s)'], { Relu: 1 }],
    ['Pad by nothing', ['s = Pad(x, pads)', 'y = Relu(s)'], { Relu: 1 }],
    ['Concat of one', [['s = Concat(x)', { axis: 1 }], 'y = Relu(s)'], { Relu: 1 }],
    ['arithmetic with 1 and 0', ['a = Mul(x, oneF)', 'b = Div(a, oneF)', 'c = Add(b, zeroF)', 'd = Sub(c, zeroF)', 'y = Relu(d)'], { Relu: 1 }],
    ['Unsqueeze and Squeeze', ['a = Unsqueeze(x, one)', 'b = Squeeze(a, one)', 'y = Relu(b)'], { Relu: 1 }],
    ['a Concat within a Concat', ['r = Relu(x)', ['a = Concat(x, r)', { axis: 1 }], ['y = Concat(r, a)', { axis: -2 }]], { Relu: 1, Concat: 1 }],
    ['the first of two Reshapes', ['a = Reshape(x, flat)', 'b = Reshape(a, again)', 'y = Relu(b)'], { Reshape: 1, Relu: 1 }],
    ['Slices that cut a value in parts', ['a = Slice(x, zero, two, one)', 'b = Slice(x, two, three, one)', 'c = Slice(x, three, end, one)', 'd = ReduceMax(a)', 'e = ReduceMax(b)', 'f = Add(d, e)', 'y = Add(f, c)'], { Split: 1, ReduceMax: 2, Add: 2 }],
  ] as [string, ModelSpec['nodes'], Record<string, number>][])('%s', (_, nodes, counts) => checkRewrite({ ...base, nodes }, { pass: simplifyDataMovement, inputs, counts }))
})

describe('leaves', () => {
  it.each([
    ['a Slice backwards', ['s = Slice(x, back, zero, one, back)', 'y = Relu(s)']],
    ['arithmetic that stretches', ['s = Mul(x, wide)', 'y = Mul(x, column)', 't = Div(oneF, x)']],
    ['a Concat along another axis', ['r = Relu(x)', ['a = Concat(x, r)', { axis: 0 }], 'b = Transpose(a)', ['y = Concat(b, b)', { axis: 2 }]]],
    ['Slices with a gap', ['a = Slice(x, zero, two, one)', 'b = Slice(x, three, six, one)', 'c = ReduceMax(a)', 'y = Add(c, b)']],
    ['what the model gives out', ['r = Relu(x)', 'y = Expand(r, shape)']],
  ] as [string, ModelSpec['nodes']][])('%s', (_, nodes) => checkDeclined({ ...base, nodes }, simplifyDataMovement))
})
