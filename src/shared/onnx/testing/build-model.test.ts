import { expect, test } from 'vitest'
import { ModelDocument } from '../document'
import { buildModel, filledTensor, tensor } from './build-model'

test('a sketch becomes a model whose document links uses to definitions', () => {
  const model = buildModel({
    inputs: { x: 'float32[N,3]' },
    outputs: { y: 'float32[N,2]', z: null },
    initializers: { w: tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6]), shape: tensor('int64', [1], [-1]) },
    nodes: ['t = MatMul(x, w)', ['y = com.microsoft.Gelu(t, , w)', { alpha: 0.5, axes: [0, 1], mode: 'tanh' }, 'act'], 'z = Reshape(y, shape)'],
  })
  const document = new ModelDocument(model)
  const [matmul, gelu] = model.graph.nodes
  expect(matmul).toMatchObject({ id: 1, opType: 'MatMul', domain: '', inputs: ['x', 'w'], outputs: ['t'] })
  expect(gelu).toMatchObject({ id: 2, name: 'act', opType: 'Gelu', domain: 'com.microsoft', inputs: ['t', '', 'w'] })
  expect(gelu?.attributes.map(({ name, type }) => [name, type])).toEqual([['alpha', 'float'], ['axes', 'ints'], ['mode', 'string']])
  expect(document.definition(model.graph, 't')?.definition).toMatchObject({ kind: 'node', output: 0 })
  expect(model.graph.inputs[0]?.type).toEqual({ kind: 'tensor', dataType: 1, shape: ['N', 3] })
})

test('subgraphs and functions are numbered after what comes before them', () => {
  const model = buildModel({
    inputs: { c: 'bool[]' },
    outputs: { y: 'float32' },
    nodes: [
      [
        'y = If(c)',
        {
          then_branch: { name: 'then', outputs: { a: 'float32' }, nodes: [['a = Constant()', { value: filledTensor('float32', [2], 7) }]] },
          else_branch: { name: 'else', outputs: { b: 'float32' }, nodes: ['b = my.Zero()'] },
        },
      ],
    ],
    functions: [{ domain: 'my', name: 'Zero', inputs: [], outputs: ['o'], nodes: [['o = Constant()', { value_float: { type: 'float', value: 0 } }]] }],
  })
  expect(new ModelDocument(model).graphs().map(({ id, name }) => [id, name])).toEqual([[1, 'main'], [2, 'then'], [3, 'else'], [4, 'Zero']])
})

test('values are stored as little-endian raw bytes, four-bit ones packed low half first', () => {
  const { initializers } = buildModel({ nodes: [], initializers: { a: tensor('float32', [1], [1]), b: tensor('int4', [3], [1, -1, 2]), c: tensor('string', [1], ['é']) } }).graph
  expect(initializers[0]?.data).toEqual({ kind: 'bytes', bytes: Uint8Array.of(0, 0, 128, 63) })
  expect(initializers[1]?.data).toEqual({ kind: 'bytes', bytes: Uint8Array.of(0xf1, 2) })
  expect(initializers[2]?.data).toEqual({ kind: 'strings', values: [Uint8Array.of(0xc3, 0xa9)] })
})
