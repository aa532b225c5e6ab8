import { describe, expect, test } from 'vitest'
import { ModelDocument } from '../document'
import { buildModel, filledTensor, type FunctionSpec, type ModelSpec, tensor } from '../testing/build-model'
import { inferTypes, type InferOptions } from './infer-types'
import { ruleNames } from './rules'

const ints = (...values: number[]) => tensor('int64', [values.length], values)

/** Shapes of the values of the main graph by name; null where the rank is unknown. */
function shapes(spec: ModelSpec, options?: InferOptions) {
  const document = new ModelDocument(buildModel(spec))
  const types = inferTypes(document, options)
  return (name: string) => {
    const type = types.typeOf(document.model.graph, name)
    return type?.kind === 'tensor' ? (type.shape ?? null) : null
  }
}

describe('symbols', () => {
  test('are carried through ops and broadcasting', () => {
    const shape = shapes({
      inputs: { x: 'float32[batch,8]', y: 'float32[batch,1]' },
      initializers: { w: filledTensor('float32', [8, 3], 1) },
      nodes: ['a = MatMul(x, w)', 'b = Add(a, y)', 'c = Transpose(b)', ['d = Concat(x, a)', { axis: 1 }]],
    })
    expect(['a', 'b', 'c', 'd'].map(shape)).toEqual([['batch', 3], ['batch', 3], [3, 'batch'], ['batch', 11]])
  })

  test('follow a shape computed in the graph: Shape → Gather → Unsqueeze → Concat → Reshape', () => {
    const shape = shapes({
      inputs: { x: 'float32[batch,4,6]' },
      initializers: { zero: tensor('int64', [], [0]), axes: ints(0), rest: ints(-1) },
      nodes: ['s = Shape(x)', 'g = Gather(s, zero)', 'u = Unsqueeze(g, axes)', ['c = Concat(u, rest)', { axis: 0 }], 'y = Reshape(x, c)'],
    })
    expect(shape('y')).toEqual(['batch', 24])
  })

  test('cancel out where −1 takes what is left', () => {
    const shape = shapes({ inputs: { x: 'float32[batch,seq,64]' }, initializers: { a: ints(0, 0, 8, -1), b: ints(0, -1) }, nodes: ['y = Reshape(x, a)', 'z = Reshape(x, b)'] })
    expect(shape('y')).toEqual(['batch', 'seq', 8, 8])
    expect(shape('z')).toEqual(['batch', null])
  })

  test('pass through a convolution that keeps the size and no other', () => {
    const shape = shapes({
      inputs: { x: 'float32[1,3,height,width]' },
      initializers: { w: filledTensor('float32', [4, 3, 3, 3], 1) },
      nodes: [['same = Conv(x, w)', { pads: [1, 1, 1, 1] }], ['half = Conv(x, w)', { pads: [1, 1, 1, 1], strides: [2, 2] }]],
    })
    expect(shape('same')).toEqual([1, 4, 'height', 'width'])
    expect(shape('half')).toEqual([1, 4, null, null])
  })

  test('a symbol against a number above one broadcasts to the number, against another symbol to unknown', () => {
    const shape = shapes({ inputs: { a: 'float32[n]', b: 'float32[5]', c: 'float32[m]' }, nodes: ['x = Add(a, b)', 'y = Add(a, c)'] })
    expect([shape('x'), shape('y')]).toEqual([[5], [null]])
  })

  test('sizes given for a symbol or for one axis of an input are put in before anything is inferred', () => {
    const spec: ModelSpec = { inputs: { x: 'float32[batch,3,?]' }, nodes: ['y = Relu(x)', 'z = Flatten(y)'] }
    expect(shapes(spec)('z')).toEqual(['batch', null])
    expect(shapes(spec, { dims: { batch: 2, 'x:2': 7 } })('z')).toEqual([2, 21])
  })

  test('sizes without a name are followed, but told to nobody', () => {
    const spec: ModelSpec = {
      inputs: { x: 'float32[?,4,6]' },
      initializers: { zero: tensor('int64', [], [0]), axes: ints(0), rest: ints(-1) },
      nodes: ['s = Shape(x)', 'g = Gather(s, zero)', 'u = Unsqueeze(g, axes)', ['c = Concat(u, rest)', { axis: 0 }], 'y = Reshape(x, c)'],
    }
    expect(shapes(spec)('y')).toEqual([null, 24])
    const document = new ModelDocument(buildModel(spec))
    expect(inferTypes(document).elementsOf(document.model.graph, 's')).toEqual([null, 4, 6])
  })
})

describe('declarations', () => {
  test('fill in what no rule knows', () => {
    const shape = shapes({ inputs: { x: 'float32[2]' }, valueInfo: { t: 'float32[2,9]' }, nodes: ['t = custom.Unknown(x)', 'y = Relu(t)'] })
    expect(shape('y')).toEqual([2, 9])
  })

  test('that contradict the graph lose, with one finding at the first of them', () => {
    const document = new ModelDocument(
      buildModel({ inputs: { x: 'float32[2,3]' }, outputs: { z: 'float32[3,3]' }, valueInfo: { y: 'float32[9,3]' }, nodes: [['y = Transpose(x)', {}, 'turn'], 'z = MatMul(y, x)'] }),
    )
    const types = inferTypes(document)
    expect(types.typeOf(document.model.graph, 'y')).toEqual({ kind: 'tensor', dataType: 1, shape: [3, 2] })
    expect(types.diagnostics).toMatchObject([{ severity: 'warning', code: 'declared-type-contradicts', valueName: 'y', nodeName: 'turn', message: "'y' is declared [9, 3], computed [3, 2]." }])
  })

  test('of a fixed size do not override a symbol of the inputs, which an exporter merely ran with a sample', () => {
    const shape = shapes({ inputs: { x: 'float32[batch,3]' }, outputs: { y: 'float32[1,3]' }, nodes: ['y = Relu(x)'] })
    expect(shape('y')).toEqual(['batch', 3])
  })

  test('that give several outputs one made-up symbol are not believed', () => {
    const shape = shapes({ inputs: { x: 'float32[2]' }, outputs: { y: 'float32[n]', z: 'float32[n]' }, nodes: ['y = custom.A(x)', 'z = custom.B(x)'] })
    expect([shape('y'), shape('z')]).toEqual([[null], [null]])
  })
})

describe('nested graphs', () => {
  test('branches see the values around them, and their results are joined', () => {
    const document = new ModelDocument(
      buildModel({
        inputs: { c: 'bool[]', x: 'float32[n,2,3]' },
        nodes: [
          [
            'y = If(c)',
            {
              then_branch: { name: 'then', outputs: { a: null }, nodes: ['a = Relu(x)'] },
              else_branch: { name: 'else', outputs: { b: null }, initializers: { p: ints(0, 0, 1, 0, 0, 0) }, nodes: ['b = Pad(x, p)'] },
            },
          ],
        ],
      }),
    )
    const types = inferTypes(document)
    const [main, then, otherwise] = document.graphs()
    if (!main || !then || !otherwise) throw new Error('internal: graphs are missing')
    expect(types.typeOf(main, 'y')).toEqual({ kind: 'tensor', dataType: 1, shape: ['n', 2, null] })
    expect(types.typeOf(then, 'a')).toEqual({ kind: 'tensor', dataType: 1, shape: ['n', 2, 3] })
    expect(types.typeOf(otherwise, 'b')).toEqual({ kind: 'tensor', dataType: 1, shape: ['n', 2, 4] })
    expect(types.typeOf(then, 'x')).toEqual({ kind: 'tensor', dataType: 1, shape: ['n', 2, 3] })
  })

  test('a value that grows in a loop loses just the size that changes', () => {
    const shape = shapes({
      inputs: { m: 'int64[]', x: 'float32[1,3]' },
      nodes: [
        [
          'y, all = Loop(m, , x)',
          {
            body: {
              inputs: { i: 'int64[]', cond: 'bool[]', carried: null },
              outputs: { go: null, next: null, each: null },
              nodes: ['go = Identity(cond)', ['next = Concat(carried, x)', { axis: 0 }], ['each = ReduceSum(carried)', { keepdims: 0 }]],
            },
          },
        ],
      ],
    })
    expect([shape('y'), shape('all')]).toEqual([[null, 3], [null]])
  })

  test('a scan stacks what its body gives, along the axis asked for', () => {
    const shape = shapes({
      inputs: { h: 'float32[4]', xs: 'float32[time,4]' },
      nodes: [
        [
          'last, all = Scan(h, xs)',
          { num_scan_inputs: 1, scan_output_axes: [1], body: { inputs: { s: null, x: null }, outputs: { n: null, o: null }, nodes: ['n = Add(s, x)', 'o = Relu(n)'] } },
        ],
      ],
    })
    expect([shape('last'), shape('all')]).toEqual([[4], [4, 'time']])
  })

  test('a function is inferred from each call; its body shows what holds of all', () => {
    const double: FunctionSpec = { domain: 'my', name: 'Twice', inputs: ['v'], outputs: ['w'], attributeNames: ['axis'], nodes: [['w = Concat(v, v)', { axis: { reference: 'axis', type: 'int' } }]] }
    const document = new ModelDocument(
      buildModel({ opsets: { my: 1 }, inputs: { x: 'float32[2,3]' }, nodes: [['a = my.Twice(x)', { axis: 0 }], ['b = my.Twice(x)', { axis: 1 }]], functions: [double] }),
    )
    const types = inferTypes(document)
    const [main, body] = document.graphs()
    if (!main || !body) throw new Error('internal: graphs are missing')
    expect(types.typeOf(main, 'a')).toMatchObject({ shape: [4, 3] })
    expect(types.typeOf(main, 'b')).toMatchObject({ shape: [2, 6] })
    expect(types.typeOf(body, 'v')).toMatchObject({ shape: [2, 3] })
    expect(types.typeOf(body, 'w')).toMatchObject({ shape: [null, null] })
  })
})

describe('models that are not as they should be', () => {
  test('nodes out of order are inferred all the same', () => {
    expect(shapes({ inputs: { x: 'float32[2]' }, nodes: ['z = Relu(y)', 'y = Relu(x)'] })('z')).toEqual([2])
  })

  test('a cycle is unknown, not an endless loop', () => {
    expect(shapes({ inputs: { x: 'float32[2]' }, nodes: ['a = Add(x, b)', 'b = Relu(a)'] })('b')).toBeNull()
  })

  test('functions that call each other end, and so do calls that multiply', () => {
    const call = (name: string, inner: string[]): FunctionSpec => ({ domain: 'my', name, inputs: ['v0'], outputs: [`v${inner.length}`], nodes: inner.map((callee, at) => `v${at + 1} = my.${callee}(v${at})`) })
    const tower = Array.from({ length: 40 }, (_, at) => call(`F${at}`, at === 0 ? ['Missing'] : [`F${at - 1}`, `F${at - 1}`]))
    const shape = shapes({ opsets: { my: 1 }, inputs: { x: 'float32[2]' }, nodes: ['y = my.A(x)', 'z = my.F39(x)', 'after = Relu(x)'], functions: [call('A', ['B']), call('B', ['A']), ...tower] })
    expect([shape('y'), shape('z'), shape('after')]).toEqual([null, null, [2]])
  })

  test('attributes and inputs of the wrong kind leave outputs unknown', () => {
    const shape = shapes({
      inputs: { x: 'float32[2,3]' },
      initializers: { many: ints(7, -3), far: ints(99) },
      nodes: [['a = Transpose(x)', { perm: [5, 6] }], ['b = Concat(x)', { axis: 9 }], 'c = Squeeze(x, far)', 'd = Reshape(x)', 'e = Conv(x)', 'f = Reshape(x, many)', 'g = LSTM(x)'],
    })
    expect(['b', 'c', 'd'].map(shape)).toEqual([null, null, null])
    expect(shape('a')).toEqual([null, null])
  })

  test('ranks that double from node to node end as unknown', () => {
    const nodes = Array.from({ length: 80 }, (_, at) => `x${at + 1} = Gather(x${at}, x${at})`)
    expect(shapes({ inputs: { x0: 'int64[2,2,2]' }, nodes })('x80')).toBeNull()
  })

  test('every rule survives a node with no inputs, no attributes and too many outputs', () => {
    const nodes = ruleNames().map((name, at) => `o${at}, p${at}, q${at}, r${at}, s${at}, t${at} = ${name.replace(':', '.')}()`)
    for (const opset of [1, 9, 13, 23]) expect(() => shapes({ opset, nodes })).not.toThrow()
    expect(ruleNames().length).toBeGreaterThan(250)
  })
})

test('after an edit the table is that of the new graph', async () => {
  const document = new ModelDocument(buildModel({ inputs: { x: 'float32[2,3]' }, nodes: ['y = Relu(x)', 'z = Transpose(y)'] }))
  const transaction = await document.transact('flatten instead', (edit) => {
    const [node] = edit.main.nodes
    if (node) edit.updateNode(edit.main, node, { opType: 'Flatten' })
    const transposed = edit.main.nodes[1]
    if (transposed) edit.updateNode(edit.main, transposed, { opType: 'Size' })
  })
  expect(inferTypes(document).typeOf(document.model.graph, 'z')).toEqual({ kind: 'tensor', dataType: 7, shape: [] })
  document.undo(transaction)
  expect(inferTypes(document).typeOf(document.model.graph, 'z')).toEqual({ kind: 'tensor', dataType: 1, shape: [3, 2] })
})
