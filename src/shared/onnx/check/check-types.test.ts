import { expect, test } from 'vitest'
import { ModelDocument } from '../document'
import { inferTypes } from '../infer/infer-types'
import { buildModel, type ModelSpec, tensor } from '../testing/build-model'
import { checkModel } from './check-model'

function findings(spec: ModelSpec) {
  const document = new ModelDocument(buildModel(spec))
  return checkModel(document, inferTypes(document))
}

const codes = (spec: ModelSpec) => findings(spec).map(({ code }) => code)
const inputs = { x: 'float32[2]', i: 'int64[2]', b: 'bool[2]' }

test('an input has a type that the operator takes', () => {
  expect(findings({ inputs, outputs: { y: null }, nodes: [['y = Relu(b)', {}, 'act']] })).toMatchObject([
    { severity: 'error', code: 'input-type', message: "Relu 'act' reads 'b', a bool, as its X; Relu does not take that type there.", nodeId: 1, valueName: 'b' },
  ])
  // The same operator takes more types later on.
  expect(codes({ opset: 13, inputs, outputs: { y: null }, nodes: ['y = Relu(i)'] })).toEqual(['input-type'])
  expect(codes({ opset: 14, inputs: { n: 'int32[2]' }, outputs: { y: null }, nodes: ['y = Relu(n)'] })).toEqual([])
})

test('inputs of one constraint have one type', () => {
  expect(findings({ inputs, outputs: { y: null }, nodes: ['y = Add(x, i)'] })).toMatchObject([{ severity: 'error', code: 'input-types-differ', hint: 'Put a Cast before one of them.' }])
  expect(codes({ inputs, outputs: { y: null }, nodes: [['y = Concat(x, x, i)', { axis: 0 }]] })).toEqual(['input-types-differ'])
  expect(codes({ inputs, outputs: { y: null }, nodes: ['y = Where(b, x, x)', 'z = Gather(x, i)'] })).toEqual([])
})

test('inputs of a loop may all differ', () => {
  const body = { inputs: { n: 'int64[]', go: 'bool[]', f: 'float32[2]', k: 'int64[2]' }, outputs: { go2: null, f2: null, k2: null }, nodes: ['go2 = Identity(go)', 'f2 = Identity(f)', 'k2 = Identity(k)'] }
  expect(codes({ inputs: { ...inputs, n: 'int64[]' }, outputs: { a: null, c: null }, nodes: [['a, c = Loop(n, , x, i)', { body }]] })).toEqual([])
})

test('what is computed in the graph counts as what is declared', () => {
  expect(codes({ inputs, outputs: { y: null }, nodes: ['s = Shape(x)', 'y = MatMul(x, s)'] })).toEqual(['input-types-differ'])
  expect(codes({ inputs, outputs: { y: null }, nodes: ['s = Shape(x)', ['f = Cast(s)', { to: 1 }], 'y = Mul(x, f)'] })).toEqual([])
  expect(codes({ inputs, outputs: { y: null }, initializers: { h: tensor('float16', [2], [0, 0]) }, nodes: ['y = Mul(x, h)'] })).toEqual(['input-types-differ'])
})

test('sequences and maps are compared whole', () => {
  const ml = { opsets: { 'ai.onnx.ml': 3 } }
  expect(codes({ ...ml, inputs: { m: 'map(string,float32[])' }, outputs: { y: null }, nodes: [['y = ai.onnx.ml.DictVectorizer(m)', { string_vocabulary: ['a'] }]] })).toEqual([])
  expect(codes({ ...ml, inputs: { m: 'map(string,bool[])' }, outputs: { y: null }, nodes: [['y = ai.onnx.ml.DictVectorizer(m)', { string_vocabulary: ['a'] }]] })).toEqual(['input-type'])
  expect(codes({ inputs: { s: 'sequence(float32)', n: 'int64[]' }, outputs: { y: null }, nodes: ['y = SequenceAt(s, n)'] })).toEqual([])
  expect(codes({ inputs: { s: 'float32[2]', n: 'int64[]' }, outputs: { y: null }, nodes: ['y = SequenceAt(s, n)'] })).toEqual(['input-type'])
})

test('what is not known is not judged, nor are functions and custom operators', () => {
  expect(codes({ inputs, opsets: { my: 1, acme: 1 }, outputs: { y: null }, nodes: ['t = acme.Op(b)', 'u = Relu(t)', 'y = my.F(b)'], functions: [{ domain: 'my', name: 'F', inputs: ['p'], outputs: ['q'], nodes: ['q = Relu(p)'] }] })).toEqual(['unknown-op'])
})
