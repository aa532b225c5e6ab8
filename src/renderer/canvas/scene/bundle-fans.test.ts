import { describe, expect, it } from 'vitest'
import { bundleFans } from './bundle-fans'
import { buildCanvasGraph, type CanvasGraph } from './canvas-graph'
import { composeLevels } from './compose-levels'
import { sampleView } from './graph-view-sample'
import { levelRequests, withoutGroups } from './levels'
import type { LayoutDirection, LayoutResult } from '../layout/layout-graph'
import { layeredLayout } from '../layout/layered-layout'

interface Arranged {
  readonly graph: CanvasGraph
  readonly layout: LayoutResult
  readonly bundled: LayoutResult
}

/** One value to `width` readers, all of which are joined again. */
function fan(width: number, direction: LayoutDirection): Arranged {
  const names = Array.from({ length: width }, (_, at) => `b${at}`)
  const view = sampleView(['Relu(x) -> a', ...names.map((name) => `Tanh(a) -> ${name}`), `Concat(${names.join(', ')}) -> y`], { outputs: ['y'] })
  const levelled = withoutGroups(buildCanvasGraph(view, { names: false, attributes: false, weights: true, functions: [] }))
  const { graph, layout } = composeLevels(levelled, levelRequests(levelled, direction).map(layeredLayout), new Set())
  return { graph, layout, bundled: bundleFans(graph, layout) }
}

/** Points of an edge as [across, along]. */
function pointsOf({ points, pointStart, direction }: LayoutResult, edge: number): [number, number][] {
  const places = Array.from({ length: (pointStart[edge + 1] ?? 0) - (pointStart[edge] ?? 0) }, (_, at) => (pointStart[edge] ?? 0) + at)
  return places.map((at): [number, number] => [points[2 * at] ?? NaN, points[2 * at + 1] ?? NaN]).map(([x, y]) => (direction === 'down' ? [x, y] : [y, x]))
}

const edgesOf = (graph: CanvasGraph, end: 'source' | 'target', opType: string) =>
  graph.edges.flatMap((edge, at) => {
    const box = graph.boxes[edge[end]]
    return box?.kind === 'op' && box.node.opType === opType ? [at] : []
  })

describe.each(['down', 'right'] as const)('many edges, drawn %s', (direction) => {
  const { graph, layout, bundled } = fan(40, direction)

  it.each([
    ['from one value', 'source', 'Relu'],
    ['into one box', 'target', 'Concat'],
  ] as const)('%s go across in one line', (_, end, opType) => {
    const edges = edgesOf(graph, end, opType)
    const levels = edges.map((edge) => pointsOf(bundled, edge)).flatMap((points) => points.slice(1).flatMap(([across, along], at) => (across === points[at]?.[0] ? [] : [[points[at]?.[1], along]])))
    expect(edges).toHaveLength(40)
    expect(new Set(levels.flat()).size).toBe(1)
  })

  it('begin and end at the boxes they did, and stay within the picture', () => {
    for (const edge of graph.edges.keys()) {
      const [before, after] = [pointsOf(layout, edge), pointsOf(bundled, edge)]
      expect([after[0]?.[1], after.at(-1)?.[1]]).toEqual([before[0]?.[1], before.at(-1)?.[1]])
      expect(after.map(([, along]) => along)).toEqual(after.map(([, along]) => along).toSorted((a, b) => a - b))
    }
  })
})

it('a few edges are left as they are', () => {
  const { layout, bundled } = fan(6, 'down')
  expect(bundled).toBe(layout)
})

it('a trunk keeps clear of a taller box among those it comes from', () => {
  const { graph, layout } = fan(40, 'down')
  const readers = edgesOf(graph, 'target', 'Concat')
  const tall = graph.edges[readers[20] ?? 0]?.source ?? 0
  const height = layout.height.slice()
  height[tall] = (height[tall] ?? 0) + 40
  const bottom = (layout.y[tall] ?? 0) + (height[tall] ?? 0)
  const levels = readers.flatMap((edge) => pointsOf(bundleFans(graph, { ...layout, height }), edge).slice(1, -1).map(([, along]) => along))
  expect(Math.min(...levels)).toBeGreaterThanOrEqual(bottom)
})
