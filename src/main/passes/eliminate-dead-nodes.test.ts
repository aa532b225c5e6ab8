import { expect, it } from 'vitest'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { eliminateDeadNodes } from './eliminate-dead-nodes'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const types = { inputs: { x: 'float32[2,3]' }, outputs: { y: 'float32[2,3]' } }

it('removes nodes, initializers, types and functions that no output depends on', async () => {
  const model = buildModel({
    ...types,
    opsets: { local: 1 },
    initializers: { unused: tensor('float32', [1], [1]), used: tensor('float32', [1], [2]) },
    valueInfo: { dead: 'float32[2,3]' },
    nodes: ['dead = Neg(x)', 'deader = Exp(dead)', 'y = Mul(x, used)'],
    functions: [{ domain: 'local', name: 'Unused', inputs: ['a'], outputs: ['b'], nodes: ['b = Relu(a)'] }],
  })
  const { document } = await runPass(model, eliminateDeadNodes)
  expect(opCounts(document)).toEqual({ Mul: 1 })
  expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['used'])
  expect(document.model.graph.valueInfo).toEqual([])
  expect(document.model.functions).toEqual([])
})

it('keeps what a subgraph takes from around it, and removes what is dead within', async () => {
  const model = buildModel({
    inputs: { x: 'float32[2]', c: 'bool[]' },
    outputs: { y: 'float32[2]' },
    initializers: { outer: tensor('float32', [1], [2]) },
    nodes: [
      'captured = Neg(x)',
      [
        'y = If(c)',
        {
          then_branch: { outputs: { a: 'float32[2]' }, nodes: ['unread = Exp(captured)', 'a = Mul(captured, outer)'] },
          else_branch: { outputs: { b: 'float32[2]' }, nodes: ['b = Abs(captured)'] },
        },
      ],
    ],
  })
  const { document } = await runPass(model, eliminateDeadNodes)
  expect(opCounts(document)).toEqual({ Neg: 1, If: 1 })
  expect(document.model.graph.initializers).toHaveLength(1)
  const inner = document.graphs().flatMap((graph) => (graph === document.model.graph ? [] : graph.nodes.map(({ opType }) => opType)))
  expect(inner.sort()).toEqual(['Abs', 'Mul'])
})

it('takes Identity and inert Dropout out, but not where a graph output would lose its name', async () => {
  const model = buildModel({ ...types, nodes: ['a = Identity(x)', 'b = Dropout(a)', 'c = Relu(b)', 'y = Identity(c)'] })
  const { document } = await runPass(model, eliminateDeadNodes)
  expect(document.model.graph.nodes.map(({ opType, inputs }) => [opType, inputs[0]])).toEqual([
    ['Relu', 'x'],
    ['Identity', 'c'],
  ])
})

it('keeps a Dropout that may train, one whose mask is read, and initializers that are inputs', async () => {
  const model = buildModel({
    inputs: { x: 'float32[2,3]', r: 'float32[1]', t: 'bool[]' },
    outputs: { y: 'float32[2,3]', m: 'bool[2,3]' },
    initializers: { r: tensor('float32', [1], [1]) },
    nodes: ['a = Dropout(x, , t)', 'y, m = Dropout(a)'],
  })
  const { transaction } = await runPass(model, eliminateDeadNodes)
  expect(transaction.changes).toEqual([])
})

it('does nothing the second time, leaves outputs as they were, and undo brings everything back', async () => {
  const model = buildModel({ ...types, initializers: { w: tensor('float32', [1], [3]) }, nodes: ['dead = Neg(x)', 'a = Identity(x)', 'y = Mul(a, w)'] })
  const data = testData({ x: [2, 3] })
  const before = await outputsOf(model, data)
  const { document, transaction } = await runPass(model, eliminateDeadNodes)
  expect(relativeError(before, await outputsOf(document, data))).toBe(0)
  expect((await runPass(document, eliminateDeadNodes)).transaction.changes).toEqual([])
  const changed = snapshot(document)
  document.undo(transaction)
  expect(opCounts(document)).toEqual({ Neg: 1, Identity: 1, Mul: 1 })
  document.redo(transaction)
  expect(snapshot(document)).toEqual(changed)
})
