import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { removeIdentities } from './remove-identities'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const data = testData({ x: [2, 3, 4] })
const model = (...nodes: ModelSpec['nodes']): ModelSpec => ({
  inputs: { x: 'float32[2,3,4]' },
  outputs: { y: null },
  initializers: { flat: tensor('int64', [1], [-1n]), wide: tensor('int64', [2], [6n, 4n]), same: tensor('int64', [3], [2n, 3n, 4n]), copied: tensor('int64', [2], [0n, -1n]) },
  nodes,
})

describe('takes out', () => {
  it.each([
    ['a Cast to the type a value has', model(['c = Cast(x)', { to: 1 }], 'y = Relu(c)'), { Relu: 1 }],
    ['two Transposes that cancel', model(['a = Transpose(x)', { perm: [2, 0, 1] }], ['b = Transpose(a)', { perm: [1, 2, 0] }], 'y = Relu(b)'), { Relu: 1 }],
    ['one of two Transposes', model(['a = Transpose(x)', { perm: [2, 0, 1] }], ['b = Transpose(a)', { perm: [2, 0, 1] }], 'y = Relu(b)'), { Transpose: 1, Relu: 1 }],
    ['one of two Reshapes', model('a = Reshape(x, flat)', 'b = Reshape(a, wide)', 'y = Relu(b)'), { Reshape: 1, Relu: 1 }],
    ['a Reshape to the same shape', model('a = Reshape(x, same)', 'y = Relu(a)'), { Relu: 1 }],
  ])('%s', async (_, spec, counts) => {
    const before = await outputsOf(buildModel(spec), data)
    const { document } = await runPass(buildModel(spec), removeIdentities)
    expect(opCounts(document)).toEqual(counts)
    expect(relativeError(before, await outputsOf(document, data))).toBe(0)
  })

  it('only what nobody else reads', async () => {
    const spec = model(['a = Transpose(x)', { perm: [2, 0, 1] }], ['b = Transpose(a)', { perm: [1, 2, 0] }], 'r = Relu(b)', 's = Neg(a)', 't = ReduceSum(s)', 'y = Add(r, t)')
    const { document } = await runPass(buildModel(spec), removeIdentities)
    expect(opCounts(document)['Transpose']).toBe(1)
  })
})

describe('keeps', () => {
  it.each([
    ['a Cast to another type', model(['c = Cast(x)', { to: 11 }], ['y = Cast(c)', { to: 1 }])],
    ['a Reshape that copies a dimension of the shape between', model('a = Reshape(x, wide)', 'y = Reshape(a, copied)')],
    ['a node that gives an output of the model', model(['y = Cast(x)', { to: 1 }])],
  ])('%s', async (_, spec) => {
    const { transaction } = await runPass(buildModel(spec), removeIdentities)
    expect(transaction.changes).toEqual([])
  })
})

it('does nothing the second time, and undo brings everything back', async () => {
  const spec = model(['a = Transpose(x)', { perm: [2, 0, 1] }], ['b = Transpose(a)', { perm: [2, 0, 1] }], 'y = Relu(b)')
  const { document, transaction } = await runPass(buildModel(spec), removeIdentities)
  expect((await runPass(document, removeIdentities)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
})
