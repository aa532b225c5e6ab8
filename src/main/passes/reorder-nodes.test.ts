import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { planMemory } from '#shared/onnx/memory/plan-memory'
import { buildModel, type ModelSpec } from '#shared/onnx/testing/build-model'
import { reorderNodes } from './reorder-nodes'
import { outputsOf, runPass, snapshot, testData } from './testing/run-pass'

/** Three branches that grow a lot and shrink again, all grown first in the file. */
const branches: ModelSpec = {
  inputs: { x: 'float32[N,10]' },
  outputs: { y: null },
  initializers: { shape: { dtype: 'int64', dims: [3], values: [100, 1, 10] } },
  nodes: ['a1 = Expand(x, shape)', 'b1 = Expand(x, shape)', 'c1 = Expand(x, shape)', ...['a', 'b', 'c'].map((name): ModelSpec['nodes'][number] => [`${name}2 = ReduceMax(${name}1)`, { axes: [0], keepdims: 0 }]), 'd = Add(a2, b2)', 'y = Add(d, c2)'],
}

it('runs each branch to its end before the next one grows', async () => {
  const document = new ModelDocument(buildModel(branches))
  const before = planMemory(document, { dims: { N: 1 } })
  const data = testData({ x: [1, 10] })
  const outputs = await outputsOf(document, data)
  const { transaction } = await runPass(document, reorderNodes, { dims: { N: 1 } })
  const after = planMemory(document, { dims: { N: 1 } })
  expect(before.peakBytes).toBe(40 + 3 * 4000 + 40)
  expect(after.peakBytes).toBe(before.reorderedPeakBytes)
  expect(after.peakBytes).toBe(40 + 4000 + 2 * 40)
  // The same kernels on the same numbers: equal to the bit.
  expect(await outputsOf(document, data)).toEqual(outputs)
  expect((await runPass(document, reorderNodes, { dims: { N: 1 } })).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(branches))))
})

describe('leaves', () => {
  it('an order that no other beats, and sizes that are not known', async () => {
    const chain = { ...branches, nodes: ['a = Relu(x)', 'b = Exp(a)', 'y = Neg(b)'] }
    expect((await runPass(buildModel(chain), reorderNodes, { dims: { N: 1 } })).transaction.changes).toEqual([])
    expect((await runPass(buildModel({ ...branches, inputs: { x: 'float32[N,M]' } }), reorderNodes)).transaction.changes).toEqual([])
  })
})
