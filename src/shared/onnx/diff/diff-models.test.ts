import { expect, test } from 'vitest'
import { ModelDiff } from '../../ipc/model-diff'
import { seededRandom } from '../../seeded-random'
import { ModelDocument } from '../document'
import { inferTypes } from '../infer/infer-types'
import type { Model } from '../records'
import { buildModel, filledTensor, type ModelSpec, tensor, type TensorSpec } from '../testing/build-model'
import { diffModels } from './diff-models'
import { MUTATIONS, mutateModel } from './testing/mutate-model'

function diff(a: Model, b: Model): ModelDiff {
  const sides = [a, b].map((model) => new ModelDocument(model)).map((document) => ({ document, types: inferTypes(document) }))
  const [one, other] = sides
  if (!one || !other) throw new Error('internal: two models are compared')
  return ModelDiff.parse(diffModels(one, other))
}

function changesOf({ graphs }: ModelDiff): Record<string, unknown> {
  const changed = graphs.flatMap(({ pairs }) => pairs).filter(({ changes }) => changes.length > 0)
  return Object.fromEntries(changed.map(({ a, b, changes }) => [`${a.name || a.opType} = ${b.name || b.opType}`, changes]))
}

const weights: Record<string, TensorSpec> = { w1: filledTensor('float32', [8, 3, 3, 3], 0.5, -1, 2), w2: filledTensor('float32', [8, 8, 3, 3], 1, 2, 3, -4), scale: filledTensor('float32', [8], 1, 2), zero: filledTensor('float32', [8], 0) }
const spec: ModelSpec = {
  opset: 17,
  inputs: { x: 'float32[1,3,16,16]' },
  outputs: { y: 'float32[1,8,12,12]' },
  initializers: weights,
  nodes: [['c1 = Conv(x, w1)', {}, 'first'], ['n1 = BatchNormalization(c1, scale, zero, zero, scale)', {}, 'norm'], ['r1 = Relu(n1)', {}, 'act'], ['y = Conv(r1, w2)', { group: 1 }, 'second']],
}

test('a model has no differences from itself, nor from a copy with other names', () => {
  const renamed = mutateModel(buildModel(spec), ['rename'], seededRandom(1)).model
  for (const other of [buildModel(spec), renamed]) {
    expect(diff(buildModel(spec), other)).toMatchObject({ fields: [], functions: [], summary: { same: 4, changed: 0, added: 0, removed: 0 } })
  }
})

test('a folded batch normalization is said to have gone into the convolution, whose weights changed', () => {
  const folded = buildModel({ ...spec, initializers: { ...weights, f: filledTensor('float32', [8, 3, 3, 3], 1, -2, 4), b: filledTensor('float32', [8], 0.1) }, nodes: ['q1 = Conv(x, f, b)', 'q2 = Relu(q1)', ['y = Conv(q2, w2)', { group: 1 }]] })
  const result = diff(buildModel(spec), folded)
  expect(result.summary).toEqual({ same: 2, changed: 1, added: 0, removed: 1 })
  expect(changesOf(result)).toMatchObject({ 'first = Conv': [{ kind: 'weight', input: 1, a: 'float32[8,3,3,3]', b: 'float32[8,3,3,3]', relativeError: 1 }, { kind: 'input', input: 2, a: '', b: 'b' }] })
  expect(result.graphs[0]?.removed).toMatchObject([{ name: 'norm', around: { side: 'input' } }])
  expect(result.graphs[0]?.replaced).toEqual([{ a: [2], b: [1] }])
})

test('Q/DQ nodes are told to stand around the node they serve, and weights are compared after dequantizing', () => {
  const quantized = buildModel({
    ...spec,
    initializers: { ...weights, s: tensor('float32', [], [1]), q: tensor('float32', [], [0.25]), w2q: filledTensor('int8', [8, 8, 3, 3], 4, 8, 12, -16) },
    nodes: [
      ['c1 = Conv(x, w1)', {}, 'first'],
      ['n1 = BatchNormalization(c1, scale, zero, zero, scale)', {}, 'norm'],
      ['r1 = Relu(n1)', {}, 'act'],
      ['a1 = QuantizeLinear(r1, s)', {}, 'quantize'],
      ['a2 = DequantizeLinear(a1, s)', {}, 'dequantize'],
      ['v = DequantizeLinear(w2q, q)', {}, 'weight'],
      ['y = Conv(a2, v)', { group: 1 }, 'second'],
    ],
  })
  const result = diff(buildModel(spec), quantized)
  expect(result.summary).toEqual({ same: 3, changed: 1, added: 3, removed: 0 })
  expect(changesOf(result)).toEqual({ 'second = second': [{ kind: 'weight', input: 1, a: 'float32[8,8,3,3]', b: 'int8[8,8,3,3]', relativeError: 0 }] })
  expect(result.graphs[0]?.added.map(({ name, around }) => [name, around])).toEqual(['quantize', 'dequantize', 'weight'].map((name) => [name, { id: 7, side: 'input' }]))
})

test('changed attributes, operators, types, wiring, outputs and fields are listed', () => {
  const other = buildModel({
    ...spec,
    opset: 18,
    outputs: { y: 'float32[1,8,12,12]', c1: 'float32[1,8,14,14]' },
    nodes: [['c1 = Conv(x, w1)', {}, 'first'], ['n1 = BatchNormalization(c1, scale, zero, zero, scale)', {}, 'norm'], ['r1 = Elu(c1)', {}, 'act'], ['y = Conv(r1, w2)', { group: 1, pads: [1, 1, 1, 1] }, 'second'], 'unused = Neg(n1)'],
  })
  const result = diff(buildModel(spec), other)
  expect(result.fields).toEqual([{ name: 'opset ai.onnx', a: '17', b: '18' }])
  expect(result.graphs[0]?.outputs).toEqual([{ name: 'c1', a: null, b: 'float32[1,8,14,14]' }])
  expect(changesOf(result)['second = second']).toEqual([
    { kind: 'attribute', name: 'pads', a: null, b: '[1, 1, 1, 1]' },
    { kind: 'input', input: 0, a: 'r1', b: 'r1' },
    { kind: 'type', output: 0, a: 'float32[1,8,12,12]', b: 'float32[1,8,14,14]' },
  ])
  expect(result.graphs[0]?.removed.map(({ opType }) => opType)).toEqual(['Relu'])
  expect(result.graphs[0]?.added.map(({ opType }) => opType)).toEqual(['Elu', 'Neg'])
})

test('bodies of paired nodes and functions of one name are compared too', () => {
  const build = (inner: string, body: string) =>
    buildModel({
      opsets: { '': 17, my: 1 },
      inputs: { c: 'bool[]', x: 'float32[2]' },
      outputs: { y: 'float32[2]' },
      nodes: [['t = If(c)', { then_branch: { name: 'yes', outputs: { a: null }, nodes: [`a = ${inner}(x)`] }, else_branch: { name: 'no', outputs: { b: null }, nodes: ['b = Neg(x)'] } }], 'y = my.F(t)'],
      functions: [{ domain: 'my', name: 'F', inputs: ['p'], outputs: ['q'], nodes: [`q = ${body}(p)`] }],
    })
  const result = diff(build('Relu', 'Abs'), build('Elu', 'Abs'))
  expect(result.graphs.map(({ name, removed, added }) => [name, removed.length, added.length])).toEqual([['main', 0, 0], ['F', 0, 0], ['yes', 1, 1], ['no', 0, 0]])
})

test('every mutation of a chain of blocks is aligned right', () => {
  const nodes = Array.from({ length: 40 }, (_, at): string[] => [`c${at} = Conv(${at === 0 ? 'x' : `r${at - 1}`}, w${at})`, `n${at} = BatchNormalization(c${at}, scale, zero, zero, scale)`, `r${at} = Relu(n${at})`]).flat()
  const initializers = { ...weights, ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`w${at}`, filledTensor('float32', [8, 8, 3, 3], at, at * at, 1, -at)])) }
  const original = () => buildModel({ ...spec, outputs: { r39: null }, initializers, nodes })
  for (const mutation of MUTATIONS) {
    const { model, mates } = mutateModel(original(), [mutation, 'rename'], seededRandom(7))
    const { graphs } = diff(original(), model)
    const found = new Map(graphs[0]?.pairs.map(({ a, b }) => [a.id, b.id]))
    const right = original().graph.nodes.filter(({ id }) => found.get(id) === mates.get(id)).length
    expect(right / 120, mutation).toBeGreaterThanOrEqual(0.98)
  }
})
