import { describe, expect, test } from 'vitest'
import { GraphView } from '../../ipc/model-view'
import { ModelDocument } from '../document'
import { inferTypes } from '../infer/infer-types'
import { buildModel, filledTensor, type ModelSpec, tensor } from '../testing/build-model'
import { viewGraph } from './view-graph'

function views(spec: ModelSpec): GraphView[] {
  const document = new ModelDocument(buildModel(spec))
  const types = inferTypes(document)
  // What leaves the engine has to pass the contract.
  return document.graphs().map((graph) => GraphView.parse(viewGraph({ document, graph, types })))
}

const conv: ModelSpec = {
  inputs: { x: 'float32[N,3,8,8]', w: 'float32[4,3,3,3]' },
  outputs: { y: 'float32' },
  initializers: { w: filledTensor('float32', [4, 3, 3, 3], 1), flags: tensor('bool', [2], [1, 0]) },
  nodes: [['c = Conv(x, w)', { strides: [1, 1], group: 1, pads: [1, 1, 1, 1] }, 'conv1'], 'y = Relu(c)'],
}

describe('a graph in view', () => {
  test('has its nodes with inputs, outputs and attributes, in the order of the file', () => {
    const [view] = views(conv)
    expect(view).toMatchObject({ graphId: 1, name: 'main', kind: 'main', path: [] })
    expect(view?.nodes.map(({ id, opType, inputs, outputs }) => [id, opType, inputs, outputs])).toEqual([[1, 'Conv', ['x', 'w'], ['c']], [2, 'Relu', ['c'], ['y']]])
    expect(view?.nodes[0]?.attributes).toEqual([
      { name: 'strides', type: 'ints', text: '1, 1' },
      { name: 'group', type: 'int', text: '1', isDefault: true },
      { name: 'pads', type: 'ints', text: '1, 1, 1, 1' },
    ])
    expect(view?.inputNames).toEqual({ ':Conv': ['X', 'W', 'B'], ':Relu': ['X'] })
  })

  test('has the types of all values, those it infers too', () => {
    const [view] = views(conv)
    expect(view?.values['c']).toEqual({ type: 'float32', shape: ['N', 4, 8, 8] })
    expect(view?.values['w']).toEqual({ type: 'float32', shape: [4, 3, 3, 3] })
    expect(view?.outputs).toEqual([{ name: 'y', type: 'float32', shape: ['N', 4, 8, 8] }])
  })

  test('leaves out inputs that only repeat an initializer', () => {
    expect(views(conv)[0]?.inputs).toEqual([{ name: 'x', type: 'float32', shape: ['N', 3, 8, 8] }])
  })

  test('counts parameters where they are read, and multiply-accumulates with an open batch taken as 1', () => {
    const [convNode, reluNode] = views(conv)[0]?.nodes ?? []
    expect(convNode).toMatchObject({ parameterCount: 108, parameterBytes: 432, macs: 4 * 8 * 8 * 3 * 9 })
    expect(reluNode).toMatchObject({ parameterCount: 0, parameterBytes: 0, macs: 0 })
  })

  test('counts a tensor that is read twice once, one from the graph around, and what a Constant holds', () => {
    const [main, inner] = views({
      inputs: { c: 'bool[]' },
      outputs: { y: null },
      initializers: { w: tensor('float32', [3], [1, 2, 3]), flag: tensor('bool', [1], [1]) },
      nodes: [
        ['k = Constant()', { value: tensor('int64', [2], [1, 2]) }],
        'sum = Add(w, w)',
        'not = Not(flag)',
        ['y = If(c)', { then_branch: { outputs: { a: null }, nodes: ['a = Neg(w)'] }, else_branch: { outputs: { b: null }, nodes: ['b = Abs(w)'] } }],
      ],
    })
    expect(main?.nodes.map(({ parameterCount, parameterBytes }) => [parameterCount, parameterBytes])).toEqual([[2, 16], [3, 12], [0, 1], [0, 0]])
    expect(inner?.nodes[0]?.parameterCount).toBe(3)
  })

  test('lists stored tensors without reading any but the shortest, and says where they are', () => {
    const away = { name: 'away', dataType: 1, dims: [2], data: { kind: 'external', entries: [{ key: 'location', value: 'w.bin' }], resolved: null } } as const
    const unread = { name: 'u', dataType: 1, dims: [2 ** 30], data: { kind: 'raw', span: { source: { sizeBytes: 2 ** 32, read: () => expect.fail('the data was read') }, offset: 0, length: 2 ** 32 } } } as const
    const [view] = views({ nodes: [], initializers: { a: tensor('int4', [3], [1, 2, 3]), away, unread, odd: { ...away, dims: [-1], data: { kind: 'bytes', bytes: new Uint8Array() } } } })
    expect(view?.initializers).toEqual([
      { name: 'a', dtype: 'int4', dims: [3], sizeBytes: 2, values: '[1, 2, 3]', storage: 'inside' },
      { name: 'away', dtype: 'float32', dims: [2], sizeBytes: 8, storage: 'missing', location: 'w.bin' },
      { name: 'unread', dtype: 'float32', dims: [2 ** 30], sizeBytes: 2 ** 32, storage: 'inside' },
      { name: 'odd', dtype: 'float32', dims: [-1], sizeBytes: 0, storage: 'inside' },
    ])
  })
})

test('the way back out of a subgraph is named by the nodes that hold it', () => {
  const nested = { outputs: { i: null }, nodes: ['i = Neg(x)'] }
  const all = views({
    inputs: { c: 'bool[]', x: 'float32[2]' },
    outputs: { y: null },
    opsets: { my: 1 },
    nodes: [
      ['y = If(c)', { then_branch: { name: 'outer', outputs: { o: null }, nodes: [['o = If(c)', { then_branch: { ...nested, name: 'deep' }, else_branch: nested }, 'second']] }, else_branch: nested }],
    ],
    functions: [{ domain: 'my', name: 'F', inputs: ['p'], outputs: ['q'], nodes: ['q = Relu(p)'] }],
  })
  const deep = all.find(({ name }) => name === 'deep')
  expect(deep).toMatchObject({ kind: 'subgraph', path: [{ graphId: 1, label: 'main' }, { graphId: 2, label: 'If then_branch' }] })
  expect(all.find(({ name }) => name === 'outer')?.nodes[0]?.attributes[0]).toMatchObject({ name: 'then_branch', graphIds: [deep?.graphId], text: 'deep (1 node)' })
  expect(all.at(-1)).toMatchObject({ kind: 'function', name: 'F', path: [] })
})

test('attributes are short text for people', () => {
  const [view] = views({
    outputs: { y: null },
    opsets: { acme: 1 },
    nodes: [
      [
        'y = acme.Op()',
        { f: 0.1, s: 'text', many: Array.from({ length: 40 }, (_, at) => at), t: filledTensor('float16', [2, 3], 0), long: 'x'.repeat(500), type: { type: 'type', value: { kind: 'sequence', element: null } }, ref: { reference: 'alpha', type: 'float' } },
      ],
    ],
  })
  const texts = Object.fromEntries((view?.nodes[0]?.attributes ?? []).map(({ name, text }) => [name, text]))
  expect(texts).toMatchObject({ f: '0.1', s: 'text', t: 'float16[2,3]', type: 'sequence(unknown)', ref: '@alpha' })
  expect(texts['many']).toMatch(/^0, 1, .*31, … \(40 in all\)$/)
  expect(texts['long']).toMatch(/^x{400}… \(500 bytes in all\)$/)
  expect(view?.nodes[0]?.attributes.find(({ name }) => name === 't')?.tensor).toMatchObject({ dtype: 'float16', dims: [2, 3], sizeBytes: 12 })
})

test('a value may have any name', () => {
  const [view] = views({ inputs: { x: 'float32[2]' }, outputs: { constructor: null }, nodes: ['toString = Neg(x)', 'constructor = Abs(toString)'] })
  expect(view?.values['constructor']).toEqual({ type: 'float32', shape: [2] })
  expect(Object.keys(view?.values ?? {})).toEqual(['x', 'toString', 'constructor'])
})
