import { describe, expect, test } from 'vitest'
import type { AttributeView } from '#shared/ipc/model-view'
import { layoutRequest } from './box-size'
import { boxName, buildCanvasGraph, typeLabel, type CanvasGraph, type CanvasOptions } from './canvas-graph'
import { sampleView } from './graph-view-sample'

const plain: CanvasOptions = { names: false, attributes: false, weights: true, functions: [] }

function rows(graph: CanvasGraph, nodeId: number): unknown[] {
  const box = graph.boxes[graph.boxOfNode.get(nodeId) ?? -1]
  return box?.kind === 'op' ? [...box.rows] : []
}

function edges(graph: CanvasGraph): string[] {
  const nameOf = (index: number) => {
    const box = graph.boxes[index]
    return box === undefined ? '' : box.kind === 'op' ? box.node.opType : boxName(box)
  }
  return graph.edges.map(({ source, target, value, captured }) => `${nameOf(source)} -${graph.values[value]?.name}-> ${nameOf(target)}${captured ? ' (captured)' : ''}`)
}

describe('buildCanvasGraph', () => {
  test('shows inputs, nodes and outputs as boxes and values as edges', () => {
    const graph = buildCanvasGraph(sampleView(['c: Conv(x, W) -> a', 'Relu(a) -> y'], { outputs: ['y'], initializers: { W: [8, 3, 3, 3] } }), plain)
    expect(edges(graph)).toEqual(['x -x-> Conv', 'Conv -a-> Relu', 'Relu -y-> y'])
  })

  test('folds initializers into rows with the name that the operator gives them', () => {
    const view = sampleView(['Conv(x, conv1.weight, b) -> y'], { initializers: { 'conv1.weight': [8, 3, 3, 3], b: [8] } })
    expect(rows(buildCanvasGraph(view, plain), 1)).toEqual([
      { kind: 'weight', label: 'W', text: '8×3×3×3', tensor: 'conv1.weight' },
      { kind: 'weight', label: 'B', text: '‹8›', tensor: 'b' },
    ])
    expect(rows(buildCanvasGraph(view, { ...plain, weights: false }), 1)).toEqual([])
  })

  test('shows names and attributes when asked, and leaves out those with their default value', () => {
    const view = sampleView(['first: Relu(x) -> y'])
    const attribute = (name: string, isDefault: boolean): AttributeView => ({ name, type: 'int', text: '2', isDefault })
    view.nodes[0]?.attributes.push(attribute('axis', false), attribute('keepdims', true))
    expect(rows(buildCanvasGraph(view, { ...plain, names: true, attributes: true }), 1)).toEqual([
      { kind: 'name', text: 'first' },
      { kind: 'attribute', label: 'axis', text: '2' },
    ])
  })

  test('folds Constant nodes into their readers, but not one that is an output of the graph', () => {
    const graph = buildCanvasGraph(sampleView(['Constant() -> k', 'Mul(x, k) -> y', 'Constant() -> z'], { outputs: ['y', 'z'] }), plain)
    expect(graph.boxes.filter((box) => box.kind === 'op').length).toBe(2)
    expect(rows(graph, 2)).toMatchObject([{ kind: 'constant', nodeId: 1 }])
    expect(graph.boxOfNode.get(1)).toBe(graph.boxOfNode.get(2))
  })

  test('sums up rows beyond twelve', () => {
    const weights = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`w${i}`, [i]]))
    const shown = rows(buildCanvasGraph(sampleView([`Concat(${Object.keys(weights).join(', ')}) -> y`], { initializers: weights }), plain), 1)
    expect(shown.length).toBe(12)
    expect(shown.at(-1)).toEqual({ kind: 'more', count: 9 })
  })

  test('lets nodes with subgraphs and calls of functions be entered', () => {
    const view = sampleView(['If(x) -> y', 'Twice(y) -> z'])
    view.nodes[0]?.attributes.push({ name: 'then_branch', type: 'graph', text: '', graphIds: [7] })
    const graph = buildCanvasGraph(view, { ...plain, functions: [{ graphId: 9, domain: '', name: 'Twice' }] })
    expect([rows(graph, 1), rows(graph, 2)]).toEqual([[{ kind: 'subgraph', label: 'then_branch', graphId: 7 }], [{ kind: 'subgraph', label: 'Twice', graphId: 9 }]])
  })

  test('links what subgraphs read from outside', () => {
    const view = sampleView(['Relu(x) -> a', 'If(x) -> y'])
    Object.assign(view.nodes[1] ?? {}, { captures: ['a', 'x'] })
    expect(edges(buildCanvasGraph(view, plain))).toEqual(['x -x-> Relu', 'x -x-> If', 'Relu -a-> If (captured)'])
  })

  test('names values from the graph around in a subgraph', () => {
    expect(rows(buildCanvasGraph(sampleView(['Relu(outside) -> y'], { inputs: [], kind: 'subgraph' }), plain), 1)).toEqual([
      { kind: 'outer', label: 'outside', text: 'outside', value: 'outside' },
    ])
  })

  test('gives every box a size on the 4-pixel grid that its rows fit into', () => {
    const graph = buildCanvasGraph(sampleView(['Conv(x, W) -> y'], { initializers: { W: [8, 3, 3, 3] } }), plain)
    const { widths, heights } = layoutRequest(graph, 'down')
    expect([...widths].every((width) => width % 4 === 0 && width >= 72)).toBe(true)
    expect([...heights]).toEqual([28, 48])
  })
})

test('types are labelled by shape, and by type where it is not float32', () => {
  expect(typeLabel({ type: 'float32', shape: ['batch', 3, null] })).toBe('batch×3×?')
  expect(typeLabel({ type: 'int64', shape: [] })).toBe('int64')
  expect(typeLabel({ type: 'uint8', shape: [4] })).toBe('uint8 4')
  expect(typeLabel({ type: 'sequence(float32)', shape: null })).toBe('sequence(float32)')
  expect(typeLabel(undefined)).toBe('')
})
