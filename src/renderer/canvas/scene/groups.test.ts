import { describe, expect, test } from 'vitest'
import { buildCanvasGraph } from './canvas-graph'
import { composeLevels, type Composed } from './compose-levels'
import { sampleView } from './graph-view-sample'
import { buildGroupTree, scopesOf, type GroupTree } from './group-tree'
import { highlightOf, selectionOfBox } from './highlight'
import { levelRequests, splitIntoLevels, type LevelledGraph } from './levels'
import { createScene, type Scene } from './scene'
import { stretchAxis } from './stretch'
import { layeredLayout } from '../layout/layered-layout'
import type { LayoutDirection } from '../layout/layout-graph'

/** A network of residual blocks, named by scopes or not at all. */
function network(blocks: number, name: (block: number, op: string) => string): string[] {
  const lines = [`${name(-1, 'Stem')}: Conv(x, W) -> b0`]
  for (let block = 0; block < blocks; block++) {
    const value = (part: string) => `${part}${block}`
    lines.push(
      `${name(block, 'conv1/Conv')}: Conv(b${block}, W) -> ${value('p')}`,
      `${name(block, 'conv1/Relu')}: Relu(${value('p')}) -> ${value('q')}`,
      `${name(block, 'conv2/Conv')}: Conv(${value('q')}, W) -> ${value('r')}`,
      `${name(block, 'conv2/Scale')}: Mul(${value('r')}, m) -> ${value('s')}`,
      `${name(block, 'Add')}: Add(${value('s')}, b${block}) -> b${block + 1}`,
    )
  }
  return [...lines, `${name(-1, 'Head')}: Softmax(b${blocks}) -> y`]
}

const scoped = (block: number, op: string) => (block < 0 ? `/${op}` : `/layer.${block}/${op}`)
const unnamed = () => ''

function levelled(lines: readonly string[]): LevelledGraph {
  const graph = buildCanvasGraph(sampleView(lines, { inputs: ['x', 'm'], outputs: ['y'], initializers: { W: [8, 8] } }), { names: false, attributes: false, weights: true, functions: [] })
  return splitIntoLevels(graph, buildGroupTree(graph, 'Block'))
}

function compose(of: LevelledGraph, unfolded: readonly string[], direction: LayoutDirection = 'down'): Composed {
  return composeLevels(of, levelRequests(of, direction).map(layeredLayout), new Set(unfolded))
}

function titles({ groups }: GroupTree): string[] {
  return groups.map(({ title, depth, nodeIds }) => `${'  '.repeat(depth)}${title} (${nodeIds.length})`)
}

describe('groups of a graph', () => {
  test('are its name scopes; a scope with one node is that node', () => {
    expect(titles(levelled(network(2, scoped)).tree)).toEqual(['layer.0 (5)', '  conv1 (2)', '  conv2 (2)', 'layer.1 (5)', '  conv1 (2)', '  conv2 (2)'])
  })

  test('are read from names with slashes or with dots', () => {
    expect(scopesOf('/encoder/layer.0/MatMul')).toEqual(['encoder', 'layer.0'])
    expect(scopesOf('encoder.layer.0.MatMul')).toEqual(['encoder', 'layer', '0'])
    expect(scopesOf('MatMul_3')).toEqual([])
  })

  test('are blocks that repeat where names say nothing, each beginning where fewest values cross', () => {
    const { tree, graph } = levelled(network(12, unnamed))
    expect(titles(tree).slice(0, 3)).toEqual(['Block × 12 (60)', '  Block 1 (5)', '  Block 2 (5)'])
    const ops = (tree.groups[1]?.boxes ?? []).map((box) => graph.boxes[box]).map((box) => (box?.kind === 'op' ? box.node.opType : ''))
    expect(ops).toEqual(['Conv', 'Relu', 'Conv', 'Mul', 'Add'])
  })

  test('that are built alike know each other, and one with another weight does not belong', () => {
    const { groups } = levelled(network(3, scoped)).tree
    const layers = groups.filter(({ depth }) => depth === 0)
    expect(layers.map(({ alike }) => alike.length)).toEqual([3, 3, 3])
    const lines = network(3, scoped).map((line) => line.replace('/layer.1/conv2/Scale: Mul', '/layer.1/conv2/Scale: Div'))
    const changed = levelled(lines).tree.groups.filter(({ depth }) => depth === 0)
    expect(changed.map(({ alike }) => alike.length)).toEqual([2, 1, 2])
  })

  test('do not take in a chain of one operator', () => {
    const chain = Array.from({ length: 40 }, (_, i) => `Relu(${i === 0 ? 'x' : `v${i}`}) -> v${i + 1}`)
    expect(levelled(chain).tree.groups).toEqual([])
  })
})

/** Pairs of boxes that overlap without one being the frame around the other, by their titles. */
function collisions({ graph, layout }: Composed): string[] {
  const found: string[] = []
  const edge = (box: number) => ({ left: layout.x[box]!, top: layout.y[box]!, right: layout.x[box]! + layout.width[box]!, bottom: layout.y[box]! + layout.height[box]! })
  graph.boxes.forEach((first, a) => {
    graph.boxes.forEach((second, b) => {
      if (b <= a) return
      const [p, q] = [edge(a), edge(b)]
      const apart = p.right <= q.left + 0.01 || q.right <= p.left + 0.01 || p.bottom <= q.top + 0.01 || q.bottom <= p.top + 0.01
      const inside = first.kind === 'group' && first.expanded && p.left <= q.left && q.right <= p.right && p.top <= q.top && q.bottom <= p.bottom
      if (!apart && !inside) found.push(`${a} ${first.kind} × ${b} ${second.kind}`)
    })
  })
  return found
}

describe('a graph with folded and unfolded groups', () => {
  const of = levelled(network(4, scoped))
  const all = of.tree.groups.map(({ id }) => id)

  for (const direction of ['down', 'right'] as const) {
    test(`keeps boxes apart and inside their frames, whatever is unfolded, flowing ${direction}`, () => {
      for (const unfolded of [[], ['/layer.1'], ['/layer.1', '/layer.1/conv2'], ['/layer.0', '/layer.3'], all]) {
        const composed = compose(of, unfolded, direction)
        expect(collisions(composed)).toEqual([])
        expect(Math.max(...composed.graph.boxes.map((_, box) => composed.layout.x[box]! + composed.layout.width[box]!))).toBeLessThanOrEqual(composed.layout.totalWidth + 0.01)
        expect(Math.max(...composed.graph.boxes.map((_, box) => composed.layout.y[box]! + composed.layout.height[box]!))).toBeLessThanOrEqual(composed.layout.totalHeight + 0.01)
      }
    })
  }

  test('shows a folded group as one box with one edge for each value, and its nodes as that box', () => {
    const { graph, shownBox } = compose(of, [])
    expect(graph.boxes.map(({ kind }) => kind)).toEqual(['input', 'input', 'op', 'op', 'output', 'group', 'group', 'group', 'group'])
    expect(graph.edges.filter(({ source, target }) => source === 5 && target === 6).length).toBe(1)
    expect([2, 3, 4, 5, 6].map((id) => graph.boxOfNode.get(id))).toEqual([5, 5, 5, 5, 5])
    expect(shownBox.every((box) => box >= 0)).toBe(true)
  })

  test('leads values through frames: each drawn edge touches the boxes it joins', () => {
    for (const unfolded of [['/layer.1'], all]) {
      const { graph, layout } = compose(of, unfolded)
      graph.edges.forEach(({ source, target, frame }, edge) => {
        const [start, end] = [layout.pointStart[edge]!, layout.pointStart[edge + 1]!]
        if (end - start < 2) return
        const within = (box: number, point: number) =>
          layout.points[2 * point]! >= layout.x[box]! - 0.1 && layout.points[2 * point]! <= layout.x[box]! + layout.width[box]! + 0.1 && layout.points[2 * point + 1]! >= layout.y[box]! - 0.1 && layout.points[2 * point + 1]! <= layout.y[box]! + layout.height[box]! + 0.1
        expect([edge, within(source, start), within(target, end - 1)]).toEqual([edge, true, true])
        if (frame === undefined) expect(layout.points[2 * start + 1]).toBeCloseTo(layout.y[source]! + layout.height[source]!, 1)
      })
    }
  })

  test('moves nothing past anything else when a group unfolds', () => {
    const [before, after] = [compose(of, []), compose(of, ['/layer.2'])]
    const order = ({ graph, layout }: Composed) => graph.boxes.map((_, box) => box).filter((box) => box < 9).sort((a, b) => layout.y[a]! - layout.y[b]! || a - b)
    expect(order(after)).toEqual(order(before))
  })
})

describe('a selected group', () => {
  const of = levelled(network(3, scoped))
  const scene = (unfolded: readonly string[]): Scene => createScene(of, compose(of, unfolded))
  const box = (shown: Scene, id: string) => shown.graph.boxes.findIndex((candidate) => candidate.kind === 'group' && candidate.group.id === id)

  test('lights up by itself with those built alike', () => {
    const shown = scene([])
    const highlight = highlightOf(shown, selectionOfBox(shown, box(shown, '/layer.1')), null)
    expect([...highlight.selected]).toEqual([box(shown, '/layer.1')])
    expect([...highlight.alike]).toEqual([box(shown, '/layer.0'), box(shown, '/layer.2')])
  })

  test('has neighbours beyond the frames between them', () => {
    const shown = scene(['/layer.1'])
    const conv = shown.graph.boxOfNode.get(7) ?? -1
    // The block before has a folded part and the Add that feeds this one; the frame between is no neighbour.
    expect(highlightOf(shown, { kind: 'nodes', nodeIds: [7, 8] }, null).neighbours).toContain(box(shown, '/layer.0'))
    expect(conv).toBe(box(shown, '/layer.1/conv1'))
  })
})

test('an axis makes room for what grows, the neediest first, and never brings positions closer', () => {
  const axis = stretchAxis([
    { start: 100, end: 200, size: 300 },
    { start: 150, end: 250, size: 150 },
  ])
  expect([0, 100, 150, 200, 250, 400].map(axis)).toEqual([0, 100, 250, 400, 475, 625])
  expect(axis(250) - axis(150)).toBeGreaterThanOrEqual(150)
  expect(stretchAxis([{ start: 0, end: 10, size: 10 }])(7)).toBe(7)
})
