import { expect, test } from 'vitest'
import { buildModel, filledTensor, tensor } from '../testing/build-model'
import { printGraph, printModel } from './print'

test('a model prints in the text form of ONNX', () => {
  const model = buildModel({
    opset: 13,
    inputs: { x: 'float32[N,3]' },
    outputs: { y: 'float32[N,2]', n: 'int64[]' },
    valueInfo: { t: 'float32[N,2]' },
    initializers: { w: tensor('float32', [3, 2], [1, 2.5, -3, 0.1, 1e-5, 1e20]), big: filledTensor('int64', [20], 1) },
    nodes: ['t = MatMul(x, w)', ['y = LeakyRelu(t)', { alpha: 0.1 }, 'act'], 'n = Size(big)'],
  })
  expect(printModel(model)).toBe(`<
   ir_version: 8,
   opset_import: ["" : 13],
   producer_name: "test"
>
main (float[N, 3] x) => (float[N, 2] y, int64 n) <
   float[3, 2] w = {1.0, 2.5, -3.0, 0.1, 0.00001, 100000000000000000000.0},
   int64[20] big = {}, # 20 values
   float[N, 2] t
> {
   t = MatMul(x, w)
   [act] y = LeakyRelu<alpha = 0.1>(t)
   n = Size(big)
}
`)
})

test('names that are no identifiers are quoted, inputs left out are empty quotes', () => {
  const model = buildModel({ inputs: { '/a/b.1': 'float32[1]', 'c"d': 'float32[]' }, outputs: { y: 'float32[1]' }, nodes: ['y = Clip(/a/b.1, , c"d)'] })
  expect(printGraph(model, model.graph)).toBe('main (float[1] "/a/b.1", float "c\\"d") => (float[1] y) {\n   y = Clip("/a/b.1", "", "c\\"d")\n}\n')
})

test('every kind of attribute is told apart by how its value is written, or else by its type', () => {
  const attributes = {
    i: 1,
    f: { type: 'float', value: 1 },
    inf: { type: 'float', value: -Infinity },
    s: 'a "b"',
    ints: [1, -2],
    floats: [0.5, 1],
    none: { type: 'floats', value: [] },
    strings: ['a', 'b'],
    t: tensor('float16', [2], [0x3c00, 0]),
    long: filledTensor('float32', [17], 1),
    type: { type: 'type', value: { kind: 'sequence', element: { kind: 'tensor', dataType: 1 } } },
  } as const
  const model = buildModel({ outputs: { y: null }, nodes: [['y = acme.Op()', attributes]] })
  expect(printGraph(model, model.graph)).toContain(
    'y = acme.Op<i = 1, f = 1.0, inf = -inf, s = "a \\"b\\"", ints = [1, -2], floats = [0.5, 1.0], none: floats = [], strings = ["a", "b"], ' +
      't = float16[2] {15360, 0}, long = float[17] {}, type: type_proto = seq(float[])>() # long: 17 values',
  )
})

test('subgraphs print in place, functions behind the model', () => {
  const model = buildModel({
    opsets: { '': 17, my: 1 },
    inputs: { c: 'bool[]', x: 'float32[2]' },
    outputs: { y: 'float32[2]' },
    nodes: [
      [
        'y = If(c)',
        {
          then_branch: { name: 'yes', outputs: { a: 'float32[2]' }, nodes: ['a = Relu(x)'] },
          else_branch: { name: 'no', outputs: { b: 'float32[2]' }, nodes: ['b = my.Twice(x)'] },
        },
      ],
    ],
    functions: [{ domain: 'my', name: 'Twice', inputs: ['p'], outputs: ['q'], attributeNames: ['k'], attributeDefaults: { alpha: 0.5 }, nodes: [['q = Elu(p)', { alpha: { reference: 'alpha', type: 'float' } }]] }],
  })
  expect(printModel(model)).toContain(`main (bool c, float[2] x) => (float[2] y) {
   y = If<then_branch = yes () => (float[2] a) {
      a = Relu(x)
   }, else_branch = no () => (float[2] b) {
      b = my.Twice(x)
   }>(c)
}
<
   domain: "my",
   opset_import: ["" : 17, "my" : 1]
>
Twice <k, alpha = 0.5> (p) => (q) {
   q = Elu<alpha: float = @alpha>(p)
}
`)
  const body = model.functions[0]?.body
  expect(body && printGraph(model, body)).toMatch(/^<\n {3}domain: "my"/)
})

test('external data prints as where it is, and a tensor whose data does not fit says so', () => {
  const model = buildModel({
    nodes: [],
    initializers: {
      far: { name: 'far', dataType: 1, dims: [4], data: { kind: 'external', entries: [{ key: 'location', value: 'w.bin' }], resolved: null } },
      bad: { name: 'bad', dataType: 1, dims: [4], data: { kind: 'bytes', bytes: new Uint8Array(3) } },
    },
  })
  const text = printGraph(model, model.graph)
  expect(text).toContain('float[4] far = ["location": "w.bin"],\n')
  expect(text).toMatch(/float\[4\] bad = \{\} # unreadable: .*3 bytes/)
})
