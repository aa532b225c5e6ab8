import { expect, test } from 'vitest'
import { ModelDocument } from '../document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '../testing/build-model'
import { inferTypes } from './infer-types'
import { modelMacs, nodeMacs, singleBatch } from './macs'

function macs(spec: ModelSpec, dims: Record<string, number> = {}): number | null {
  const document = new ModelDocument(buildModel(spec))
  return modelMacs(document, inferTypes(document, { dims }))
}

const q = { s: tensor('float32', [], [0.1]), z: tensor('uint8', [], [3]) }

test('a convolution costs its outputs times the weights each sums over', () => {
  const x = { x: 'float32[2,8,10,10]' }
  expect(macs({ inputs: x, initializers: { w: filledTensor('float32', [16, 8, 3, 3], 1) }, nodes: [['y = Conv(x, w)', { pads: [1, 1, 1, 1] }]] })).toBe(2 * 16 * 100 * 8 * 9)
  expect(macs({ inputs: x, initializers: { w: filledTensor('float32', [8, 1, 3, 3], 1) }, nodes: [['y = Conv(x, w)', { group: 8, pads: [1, 1, 1, 1] }]] })).toBe(2 * 8 * 100 * 9)
  // Each of the 2·8·100 inputs is spread over 4 channels of 2 × 2.
  expect(macs({ inputs: x, initializers: { w: filledTensor('float32', [8, 4, 2, 2], 1) }, nodes: [['y = ConvTranspose(x, w)', { strides: [2, 2] }]] })).toBe(2 * 8 * 100 * 4 * 4)
})

test('float and quantized matrix products cost the same', () => {
  const w = filledTensor('float32', [6, 5], 1)
  const w8 = filledTensor('uint8', [6, 5], 1)
  expect(macs({ inputs: { x: 'float32[3,4,6]' }, initializers: { w }, nodes: ['y = MatMul(x, w)'] })).toBe(3 * 4 * 5 * 6)
  expect(macs({ inputs: { x: 'float32[6,4]' }, initializers: { w }, nodes: [['y = Gemm(x, w)', { transA: 1 }]] })).toBe(4 * 5 * 6)
  expect(macs({ inputs: { x: 'uint8[4,6]' }, initializers: { w: w8 }, nodes: ['y = MatMulInteger(x, w)'] })).toBe(4 * 5 * 6)
  expect(macs({ inputs: { x: 'uint8[4,6]' }, initializers: { w: w8, ...q }, nodes: ['y = QLinearMatMul(x, s, z, w, s, z, s, z)'] })).toBe(4 * 5 * 6)
  const packed = { w: filledTensor('uint8', [5, 1, 16], 1), c: filledTensor('float32', [5], 1) }
  expect(macs({ opsets: { 'com.microsoft': 1 }, inputs: { x: 'float32[4,32]' }, initializers: packed, nodes: [['y = com.microsoft.MatMulNBits(x, w, c)', { K: 32, N: 5, bits: 4, block_size: 32 }]] })).toBe(4 * 5 * 32)
})

test('an Einsum costs every combination of its letters', () => {
  expect(macs({ inputs: { a: 'float32[2,3,4]', b: 'float32[2,4,5]' }, nodes: [['y = Einsum(a, b)', { equation: 'bij,bjk->bik' }]] })).toBe(2 * 3 * 4 * 5)
})

test('a recurrent op costs both its weights at each step of each sequence', () => {
  const initializers = { w: filledTensor('float32', [1, 16, 3], 1), r: filledTensor('float32', [1, 16, 4], 1) }
  expect(macs({ inputs: { x: 'float32[7,2,3]' }, initializers, nodes: [['y = LSTM(x, w, r)', { hidden_size: 4 }]] })).toBe(7 * 2 * (16 * 3 + 16 * 4))
})

test('fused attention costs what its parts would', () => {
  const [batch, length, hidden] = [2, 5, 8]
  const parts = macs({
    inputs: { x: 'float32[2,5,8]', q: 'float32[2,2,5,4]', k: 'float32[2,2,4,5]', p: 'float32[2,2,5,5]', v: 'float32[2,2,5,4]' },
    initializers: { w: filledTensor('float32', [8, 24], 1) },
    nodes: ['a = MatMul(x, w)', 'b = MatMul(q, k)', 'c = MatMul(p, v)'],
  })
  const fused = macs({
    opsets: { 'com.microsoft': 1 },
    inputs: { x: 'float32[2,5,8]' },
    initializers: { w: filledTensor('float32', [8, 24], 1), b: filledTensor('float32', [24], 1) },
    nodes: [['y = com.microsoft.Attention(x, w, b)', { num_heads: 2 }]],
  })
  expect(parts).toBe(batch * length * hidden * 3 * hidden + 2 * batch * length * length * hidden)
  expect(fused).toBe(parts)
  expect(macs({ opset: 23, inputs: { x: 'float32[2,5,8]' }, nodes: [['y = Attention(x, x, x)', { q_num_heads: 2, kv_num_heads: 2 }]] })).toBe(2 * batch * length * length * hidden)
})

test('an op that adds up no products costs nothing, one of unknown shape or from elsewhere is unknown', () => {
  const document = new ModelDocument(
    buildModel({ inputs: { x: 'float32[batch,3]' }, initializers: { w: filledTensor('float32', [3, 4], 1) }, nodes: ['a = Relu(x)', 'y = MatMul(a, w)', 'c = custom.Unknown(a)'] }),
  )
  const { graph } = document.model
  const types = inferTypes(document)
  expect(graph.nodes.map((node) => nodeMacs(document, graph, node, types))).toEqual([0, null, null])
  expect(modelMacs(document, types)).toBeNull()
})

test('the batch can be counted as one', () => {
  const spec: ModelSpec = { inputs: { x: 'float32[batch,3]', n: 'float32[?,4]', l: 'float32[length]' }, initializers: { w: filledTensor('float32', [3, 4], 1) }, nodes: ['y = MatMul(x, w)'] }
  const dims = singleBatch(new ModelDocument(buildModel(spec)))
  expect(dims).toEqual({ batch: 1, 'n:0': 1 })
  expect(macs(spec, dims)).toBe(12)
})

test('a branch costs its dearest side, a loop its turns, a call its body', () => {
  const w = { w: filledTensor('float32', [3, 3], 1) }
  const product = { name: 'product', outputs: { p: null }, nodes: ['p = MatMul(x, w)'] }
  const nothing = { name: 'nothing', outputs: { n: null }, nodes: ['n = Identity(x)'] }
  expect(macs({ inputs: { c: 'bool[]', x: 'float32[2,3]' }, initializers: w, nodes: [['y = If(c)', { then_branch: product, else_branch: nothing }]] })).toBe(18)
  const body = { inputs: { i: 'int64[]', c: 'bool[]', v: null }, outputs: { c2: null, v2: null }, nodes: ['c2 = Identity(c)', 'v2 = MatMul(v, w)'] }
  expect(macs({ inputs: { x: 'float32[2,3]' }, initializers: { ...w, m: tensor('int64', [], [5]) }, nodes: [['y = Loop(m, , x)', { body }]] })).toBe(5 * 18)
  const twice = { domain: 'my', name: 'Twice', inputs: ['a', 'b'], outputs: ['d'], nodes: ['c = MatMul(a, b)', 'd = MatMul(c, b)'] }
  expect(macs({ opsets: { my: 1 }, inputs: { x: 'float32[2,3]' }, initializers: w, nodes: ['y = my.Twice(x, w)', 'z = my.Twice(y, w)'], functions: [twice] })).toBe(4 * 18)
})
