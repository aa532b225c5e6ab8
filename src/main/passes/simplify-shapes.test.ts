import { describe, expect, it } from 'vitest'
import { buildModel, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { simplifyShapes } from './simplify-shapes'
import { checkDeclined } from './testing/check-rewrite'
import { opCounts, outputsOf, runPass, snapshot, testData } from './testing/run-pass'
import { ModelDocument } from '#shared/onnx/document'

/** [N, 3, 4] → [N, 12], with the shape computed as exporters do. */
const flatten: ModelSpec = {
  inputs: { x: 'float32[N,3,4]' },
  outputs: { y: null },
  initializers: { zero: tensor('int64', [1], [0]), last: tensor('int64', [1], [12]) },
  nodes: ['s = Shape(x)', ['n = Gather(s, zero)', { axis: 0 }], ['t = Concat(n, last)', { axis: 0 }], 'y = Reshape(x, t)'],
}

it('gives a Reshape a constant shape, with 0 for what stays', async () => {
  const { document, transaction } = await runPass(buildModel(flatten), simplifyShapes)
  const [shape] = document.model.graph.nodes.filter(({ opType }) => opType === 'Reshape').map(({ inputs }) => document.initializer(document.model.graph, inputs[1] ?? ''))
  expect(shape && [...new BigInt64Array(Uint8Array.from(shape.data.kind === 'bytes' ? shape.data.bytes : []).buffer)]).toEqual([0n, 12n])
  const data = testData({ x: [5, 3, 4] })
  expect(await outputsOf(document, data)).toEqual(await outputsOf(buildModel(flatten), data))
  expect((await runPass(document, simplifyShapes)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(flatten))))
})

it('gives the one dimension that is not known as -1', async () => {
  const spec = { ...flatten, initializers: { ...flatten.initializers, last: tensor('int64', [1], [3]), three: tensor('int64', [1], [4]) }, nodes: ['s = Shape(x)', ['n = Gather(s, zero)', { axis: 0 }], ['t = Concat(last, n, three)', { axis: 0 }], 'y = Reshape(x, t)'] } as ModelSpec
  const { document } = await runPass(buildModel(spec), simplifyShapes)
  const data = testData({ x: [5, 3, 4] })
  expect(document.model.graph.nodes.at(-1)?.inputs[1]).toBe('t.known')
  expect(await outputsOf(document, data)).toEqual(await outputsOf(buildModel(spec), data))
})

it('works out the whole subgraph where sizes are fixed, and fixes them in the interface', async () => {
  const { document } = await runPass(buildModel(flatten), simplifyShapes, { dims: { N: 5 } })
  expect(opCounts(document)).toEqual({ Reshape: 1 })
  expect(document.model.graph.inputs[0]?.type).toMatchObject({ shape: [5, 3, 4] })
  const data = testData({ x: [5, 3, 4] })
  expect(await outputsOf(document, data)).toEqual(await outputsOf(buildModel(flatten), data))
})

it('takes sizes by input and axis, and names those that there are not', async () => {
  const { document, diagnostics } = await runPass(buildModel(flatten), simplifyShapes, { dims: { 'x:0': 2, M: 4 } })
  expect(document.model.graph.inputs[0]?.type).toMatchObject({ shape: [2, 3, 4] })
  expect(diagnostics).toMatchObject([{ code: 'no-such-dimension', message: "No input has a free dimension 'M'." }])
})

describe('leaves', () => {
  it.each([
    ['a Reshape with two dimensions that are not known', { ...flatten, inputs: { x: 'float32[N,M,4]', k: 'int64[2]' }, nodes: ['y = Reshape(x, k)'] }],
    ['a shape that the model gives out', { ...flatten, outputs: { y: null, s: null }, inputs: { x: 'float32[2,3,4]' }, nodes: ['s = Shape(x)', 'y = Relu(x)'] }],
    ['shapes that may follow from a fed default', { ...flatten, inputs: { x: 'float32[2,3,4]', zero: 'int64[1]' } }],
  ] as [string, ModelSpec][])('%s', (_, spec) => checkDeclined(spec, simplifyShapes))
})
