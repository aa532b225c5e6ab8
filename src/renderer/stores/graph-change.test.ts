import { describe, expect, it } from 'vitest'
import type { GraphChange } from '#shared/ipc/document-change'
import type { GraphView, NodeView } from '#shared/ipc/model-view'
import { withGraphChange } from './graph-change'

const node = (id: number, opType = 'Relu'): NodeView => ({ id, name: '', opType, domain: '', inputs: [], outputs: [`v${id}`], attributes: [], parameterCount: 0, parameterBytes: 0, macs: null })
const view: GraphView = {
  graphId: 1,
  name: 'main',
  kind: 'main',
  path: [],
  inputs: [],
  outputs: [],
  nodes: [node(1), node(2), node(3)],
  initializers: [],
  values: { v1: { type: 'float32', shape: [1] }, v2: { type: 'float32', shape: [2] } },
}
const nothing: GraphChange = { graphId: 1, nodes: [], removedNodes: [], values: {}, removedValues: [] }

describe('a change of a graph', () => {
  it('puts in, replaces, removes and orders nodes, and leaves the others as they are', () => {
    const changed = withGraphChange(view, { ...nothing, nodes: [node(2, 'Tanh'), node(4)], removedNodes: [1], nodeOrder: [4, 2, 3] })
    expect(changed.nodes.map(({ id, opType }) => `${id} ${opType}`)).toEqual(['4 Relu', '2 Tanh', '3 Relu'])
    expect(changed.nodes[2]).toBe(view.nodes[2])
  })

  it('brings types up to date', () => {
    const changed = withGraphChange(view, { ...nothing, values: { v1: { type: 'int8', shape: null } }, removedValues: ['v2'] })
    expect(changed.values).toEqual({ v1: { type: 'int8', shape: null } })
    expect(withGraphChange(view, nothing).values).toBe(view.values)
  })

  it('does not hide an order that the view cannot have', () => {
    expect(() => withGraphChange(view, { ...nothing, nodeOrder: [1, 2, 3, 9] })).toThrow('internal')
  })
})
