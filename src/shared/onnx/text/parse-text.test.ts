import { describe, expect, test } from 'vitest'
import { AppError } from '../../errors'
import { TextErrorDetails } from '../../ipc/text-problem'
import type { Attribute } from '../records'
import { tensorNumbers } from '../tensor-data'
import { buildModel, filledTensor, tensor } from '../testing/build-model'
import { completeModel } from './apply-text'
import { type ParsedText, parseFunctionText, parseGraphText, parseModelText } from './parse-text'
import { printGraph, printModel } from './print'

/** What went wrong and where: `3:5 Expected …`. */
function problemsOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    expect((error as AppError).code).toBe('invalid-data')
    return TextErrorDetails.parse((error as AppError).details).problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  }
  return []
}

function attributesOf(text: string): Attribute[] {
  return [...(parseGraphText(`g () => (y) { y = Op<${text}>() }`).value.nodes[0]?.attributes ?? [])]
}

test('a model as onnx.parser writes it is read: header, types, initializers, attributes before or behind the inputs, functions', () => {
  const { value: model } = parseModelText(`
    <
      ir_version: 10,  # a comment
      opset_import: ["" : 19, "local" : 1],
      metadata_props: ["author": "me", "license": "\\"MIT\\""]
    >
    agraph (float[N, 128] X, float[128, 10] W, float[10] B = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) => (float[N] C)
    <int64 axis = {-1}, float[N, 10] T, double[] unknown>
    {
      T = MatMul(X, W)
      [second] S = local.foo:v2(T, B) <alpha = 1.5>
      C = Softmax<axis = -1>(S)
    }
    <domain: "local", overload: "v2", opset_import: ["" : 19]>
    foo <beta, alpha: float = 4.0> (x, y) => (z) { z = Add(x, y) }`)
  expect(model).toMatchObject({ irVersion: 10, opsetImports: [{ domain: '', version: 19 }, { domain: 'local', version: 1 }], metadata: [{ key: 'author', value: 'me' }, { key: 'license', value: '"MIT"' }] })
  expect(model.graph.inputs.map(({ name, type }) => [name, type])).toEqual([
    ['X', { kind: 'tensor', dataType: 1, shape: ['N', 128] }],
    ['W', { kind: 'tensor', dataType: 1, shape: [128, 10] }],
    ['B', { kind: 'tensor', dataType: 1, shape: [10] }],
  ])
  expect(model.graph.initializers.map((item) => [item.name, item.dims, [...tensorNumbers(item)]])).toEqual([
    ['B', [10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['axis', [], [-1n]],
  ])
  expect(model.graph.valueInfo.map(({ name, type }) => [name, type])).toEqual([
    ['T', { kind: 'tensor', dataType: 1, shape: ['N', 10] }],
    ['unknown', { kind: 'tensor', dataType: 11 }],
  ])
  expect(model.graph.nodes[1]).toMatchObject({ name: 'second', opType: 'foo', domain: 'local', overload: 'v2', inputs: ['T', 'B'], outputs: ['S'], attributes: [{ name: 'alpha', type: 'float', value: 1.5 }] })
  expect(model.functions[0]).toMatchObject({ name: 'foo', domain: 'local', overload: 'v2', attributeNames: ['beta'], attributeDefaults: [{ name: 'alpha', type: 'float', value: 4 }] })
})

test('every kind of attribute comes back as it was printed', () => {
  const attributes = {
    i: -1,
    big: 9223372036854775807n,
    f: { type: 'float', value: Math.fround(0.1) },
    inf: { type: 'float', value: -Infinity },
    nan: { type: 'float', value: NaN },
    s: 'a "b"\n\\ # no comment',
    ints: [1, -2],
    floats: [0.5, 1],
    none: { type: 'floats', value: [] },
    strings: ['a', 'b'],
    t: tensor('float16', [2], [0x3c00, 0]),
    nibbles: tensor('int4', [3], [-8, 7, 1]),
    flags: tensor('bool', [2], [1, 0]),
    words: tensor('string', [2], ['é', '']),
    empty: tensor('float32', [0, 3], []),
    type: { type: 'type', value: { kind: 'sequence', element: { kind: 'map', keyType: 8, value: { kind: 'tensor', dataType: 1, shape: ['N', null, 3] } } } },
    types: { type: 'types', value: [{ kind: 'tensor', dataType: 1, shape: [] }, { kind: 'optional', element: { kind: 'tensor', dataType: 7 } }] },
    body: { name: 'a body', outputs: { z: 'float32[1]' }, nodes: ['z = Relu(outer)'] },
    'odd name': 1,
  } as const
  const model = buildModel({ outputs: { y: null }, nodes: [['y = acme.Op()', attributes]] })
  const { value, leftOut } = parseGraphText(printGraph(model, model.graph))
  expect(leftOut.size).toBe(0)
  expect(value).toEqual(model.graph)
})

test('names that are no identifiers, or read like types and numbers, come back', () => {
  const model = buildModel({
    inputs: { '/a/b.1': 'float32[1]', 'c"d\\': null, float: null, inf: 'float32[]' },
    outputs: { 'y z': 'float32[1]' },
    nodes: [['y z = Clip(/a/b.1, , inf)', {}, 'node [1]'], ' = Print(float)'],
  })
  const odd = { ...model.graph, nodes: [...model.graph.nodes, { id: 3, name: '', opType: 'aten::relu', domain: 'org-x', inputs: [''], outputs: ['', 'q'], attributes: [] }] }
  expect(parseGraphText(printGraph(model, odd)).value).toEqual(odd)
})

test('a function is read by itself', () => {
  const { value } = parseFunctionText('<domain: "my", opset_import: ["" : 17]> Twice <k, alpha = 0.5> (p) => (q) { q = Elu<alpha: float = @alpha>(p) }')
  expect(value.body.nodes[0]?.attributes).toEqual([{ name: 'alpha', refAttrName: 'alpha', type: 'float', value: 0 }])
})

test('whole numbers stand where floats are declared, and floats of half precision may be written as values', () => {
  expect(attributesOf('a: floats = [1, 2], b: float = 3, c = [1, 2.5]')).toEqual([
    { name: 'a', type: 'floats', value: [1, 2] },
    { name: 'b', type: 'float', value: 3 },
    { name: 'c', type: 'floats', value: [1, 2.5] },
  ])
  const [half] = attributesOf('t = float16[2] {1.0, -2.5}')
  expect(half?.type === 'tensor' && [...tensorNumbers(half.value)]).toEqual([1, -2.5])
})

test('a text with values left out is no model by itself, and says which they are', () => {
  const model = buildModel({ initializers: { w: filledTensor('float32', [20], 1) }, outputs: { y: null }, nodes: ['y = Relu(w)'] })
  const parsed: ParsedText<typeof model> = parseModelText(printModel(model))
  expect(problemsOf(() => completeModel(parsed))).toEqual(['7:4 The values are left out: give the model that has them, or write them.'])
})

describe('errors say where they are and what was expected', () => {
  test.each([
    ['g (float[2] x) => (float[2] y) {\n  y = Relu(x\n}', "3:1 Expected ',' or ')', found '}'."],
    ['g () => () {\n  y Relu(x)\n}', "2:5 Expected ',' or '=' behind y, found 'Relu'."],
    ['g () => () {\n  y = Relu<alpha 1>(x)\n}', "2:18 Expected '=', found '1'."],
    ['g (float[2 x) => () {}', "1:12 Expected ',' or ']', found 'x'."],
    ['g () = () {}', "1:6 Expected '=>', found '='."],
    ['g () => () {', "1:13 Expected an output, '=' or '}', found the end of the text."],
    ['g () => () {} more', "1:15 Expected the end of the text, found 'more'."],
    ['g () => ("y) {}', '1:10 This text has no closing quote.'],
    ['g () => (%y) {}', "1:10 The character '%' has no place here; names with such characters stand in quotes."],
    ['g () => (y) <float[3] w = {1, 2}> {}', '1:27 The shape takes 3 values, but 2 are given.'],
    ['g () => (y) <int8 w = {200}> {}', "1:23 '200' is outside the range -128 to 127 of int8."],
    ['g () => (y) <float[N] w = {1}> {}', '1:14 A tensor with values needs a shape of numbers.'],
    ['g () => (y) { y = Op<a = @b>() }', "1:22 A reference needs the type of the attribute: 'a: float = @b'."],
    ['g () => (y) { y = Op<a = [1, "b"]>() }', '1:26 The values of a list are of one type.'],
    ['g () => (y) { y = Op<a = []>() }', "1:26 An empty list needs the type of the attribute: 'axes: ints = []'."],
    ['g () => (y) { y = Op<a: ints = "b">() }', '1:32 This is no value of type ints.'],
    ['g () => (y) { y = Op<a = 9223372036854775808>() }', '1:26 Whole numbers of attributes have 64 bits; this is too large.'],
  ])('%j', (text, expected) => {
    expect(problemsOf(() => parseGraphText(text))).toEqual([expected])
  })

  test('in a header too', () => {
    expect(problemsOf(() => parseModelText('<\n  ir_version: x\n>'))).toEqual(["2:15 Expected a version, found 'x'."])
    expect(problemsOf(() => parseModelText('<colour: 1>'))[0]).toMatch(/^1:2 Expected one of ir_version, opset_import, .*, found 'colour'\.$/)
  })
})
