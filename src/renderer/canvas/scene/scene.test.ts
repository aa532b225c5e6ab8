import { describe, expect, test } from 'vitest'
import type { ProfileResult } from '#shared/measurement'
import { createBoxIndex, touches } from './box-index'
import { buildCanvasGraph, type CanvasGraph, type GroupBox } from './canvas-graph'
import { composeLevels } from './compose-levels'
import { findMatches } from './find'
import { sampleView } from './graph-view-sample'
import { groupColour, heatColour, heatOf, markedHeat } from './heat'
import { boxesToShow, highlightOf, selectionOfBox } from './highlight'
import { levelRequests, withoutGroups } from './levels'
import { neighbourTowards } from './neighbour'
import { createScene, type Scene } from './scene'
import { comparisonSvg } from '../export/comparison-svg'
import { sceneSvg } from '../export/scene-svg'
import type { LayoutDirection } from '../layout/layout-graph'
import { layeredLayout } from '../layout/layered-layout'
import type { GraphOverlay } from '../../stores/overlay-store'
import { anchorBox, contains, fitArea, initialViewport, keepBoxInPlace, visibleArea } from '../viewport'

const diamond = ['stem: Conv(x, W) -> a', 'left: Relu(a) -> b', 'right: Tanh(a) -> c', 'join: Add(b, c) -> y']

function sceneOf(lines: readonly string[], direction: LayoutDirection = 'down'): Scene {
  const view = sampleView(lines, { outputs: ['y'], initializers: { W: [8, 3] } })
  const graph = buildCanvasGraph(view, { names: false, attributes: false, weights: true, functions: [] })
  const levelled = withoutGroups(graph)
  return createScene(levelled, composeLevels(levelled, levelRequests(levelled, direction).map(layeredLayout), new Set()))
}

/** Box of a node id. */
function box(scene: Scene, nodeId: number): number {
  return scene.graph.boxOfNode.get(nodeId) ?? -1
}

test('a box index finds exactly the rectangles that touch an area', () => {
  const areas = Array.from({ length: 500 }, (_, i) => ({ x: (i * 733) % 9000, y: (i * 389) % 4000, width: 20 + (i % 7) * 90, height: 20 + (i % 5) * 300 }))
  const index = createBoxIndex(areas.length, (i) => areas[i] ?? null)
  for (const wanted of [{ x: 100, y: 100, width: 700, height: 300 }, { x: -500, y: -500, width: 20_000, height: 20_000 }, { x: 8000, y: 3900, width: 1, height: 1 }]) {
    expect(index.query(wanted)).toEqual(areas.flatMap((area, i) => (touches(area, wanted) ? [i] : [])))
  }
})

describe('highlightOf', () => {
  test('lights up a node, its edges and what is one edge away', () => {
    const scene = sceneOf(diamond)
    const { selected, neighbours, selectedEdges } = highlightOf(scene, { kind: 'node', nodeId: 1 }, null)
    expect([...selected]).toEqual([box(scene, 1)])
    expect([...neighbours].sort()).toEqual([0, box(scene, 2), box(scene, 3)])
    expect(selectedEdges.length).toBe(3)
  })

  test('lights up all edges of a value, and the readers of a tensor', () => {
    const scene = sceneOf(diamond)
    expect(highlightOf(scene, { kind: 'edge', name: 'a' }, null).selectedEdges.length).toBe(2)
    expect([...highlightOf(scene, { kind: 'tensor', name: 'W' }, null).selected]).toEqual([box(scene, 1)])
    expect(boxesToShow(scene, { kind: 'edge', name: 'b' }).sort()).toEqual([box(scene, 2), box(scene, 4)])
  })

  test('outlines what a list entry under the pointer stands for', () => {
    const scene = sceneOf(diamond)
    expect([...highlightOf(scene, { kind: 'model' }, { kind: 'nodes', nodeIds: [2, 3] }).hovered]).toEqual([box(scene, 2), box(scene, 3)])
    expect(highlightOf(scene, { kind: 'model' }, { kind: 'value', name: 'b' }).hoveredEdges.length).toBe(1)
  })

  test('a click on a box selects its node, input or output', () => {
    const scene = sceneOf(diamond)
    expect(scene.graph.boxes.map((_, index) => selectionOfBox(scene, index).kind)).toEqual(['input', 'node', 'node', 'node', 'node', 'output'])
  })
})

describe('neighbourTowards', () => {
  test('goes along edges with the flow and across it to the neighbour in sight', () => {
    const scene = sceneOf(diamond)
    const down = neighbourTowards(scene, box(scene, 1), 'ArrowDown')
    expect([box(scene, 2), box(scene, 3)]).toContain(down)
    expect(neighbourTowards(scene, box(scene, 4), 'ArrowDown')).toBe(scene.graph.boxOfOutput.get('y'))
    expect(neighbourTowards(scene, 0, 'ArrowUp')).toBeNull()
    const [first, second] = [box(scene, 2), box(scene, 3)].sort((a, b) => scene.layout.x[a]! - scene.layout.x[b]!)
    expect([neighbourTowards(scene, first!, 'ArrowRight'), neighbourTowards(scene, first!, 'ArrowLeft')]).toEqual([second, null])
  })

  test('turns with the direction of the graph', () => {
    const scene = sceneOf(diamond, 'right')
    expect(neighbourTowards(scene, box(scene, 4), 'ArrowRight')).toBe(scene.graph.boxOfOutput.get('y'))
    expect(neighbourTowards(scene, box(scene, 1), 'ArrowLeft')).toBe(0)
  })
})

test('find looks at names, operators, values and tensors, and shows each where it is', () => {
  const scene = sceneOf(diamond)
  const found = (query: string) => findMatches(scene, query).matches
  expect(found('RELU').map(({ selection }) => selection)).toEqual([{ kind: 'node', nodeId: 2 }])
  expect(found('join').map(({ selection }) => selection)).toEqual([{ kind: 'node', nodeId: 4 }])
  expect(found('w').map(({ selection }) => selection)).toContainEqual({ kind: 'tensor', name: 'W' })
  expect(found('b').map(({ selection }) => selection)).toContainEqual({ kind: 'edge', name: 'b' })
  expect(found('  ')).toEqual([])
  expect(found('absent')).toEqual([])
})

describe('heat', () => {
  const kernel = (nodes: number[], p50Ms: number, share: number): ProfileResult['kernels'][number] => ({
    kernel: 'k',
    opType: 'Conv',
    provider: 'cpu',
    p50Ms,
    p95Ms: p50Ms,
    meanMs: p50Ms,
    share,
    calls: 1,
    nodes: nodes.map((id) => ({ id, name: '', opType: '' })),
  })
  const latency = { minMs: 1, meanMs: 1, p10Ms: 1, p50Ms: 1, p90Ms: 1, p95Ms: 1, maxMs: 1, spread: 0 }
  const conditions = { device: '', provider: 'cpu', threads: 1, warmup: 1, runs: 1, runtime: '', inputs: '', measuredAt: '' }
  const profile: ProfileResult = {
    conditions,
    latency,
    samplesMs: [],
    loadMs: 0,
    firstRunMs: 0,
    peakMemoryBytes: 0,
    baselineMemoryBytes: 0,
    kernels: [kernel([1], 8, 0.8), kernel([2, 3], 2, 0.2)],
  }

  test('puts the hottest node at the end of the scale and tells time and share', () => {
    const scene = sceneOf(diamond)
    const heat = heatOf(scene.graph, 'latency', profile)
    expect(heat?.values.get(box(scene, 1))).toEqual({ level: 1, text: '8.00 ms · 80.0 %' })
    expect(heat?.values.get(box(scene, 2))?.text).toBe('1.00 ms · 10.0 %')
    expect(heat?.values.has(box(scene, 4))).toBe(false)
    expect(heat?.legend).toEqual({ scale: ['0 ms', '2.00 ms', '8.00 ms'] })
  })

  test('is absent without a profile, without figures and without an overlay', () => {
    const { graph } = sceneOf(diamond)
    expect([heatOf(graph, 'latency', null), heatOf(graph, 'macs', null), heatOf(graph, 'none', profile)]).toEqual([null, null, null])
    expect(heatOf(graph, 'parameters', null)?.values.size).toBe(1)
  })

  test("marks of a panel go to its nodes' boxes, with the panel's legend", () => {
    const scene = sceneOf(diamond)
    const legend = { groups: ['a', 'b'] }
    const heat = markedHeat(scene.graph, { id: 'groups', documentId: 'd', title: 'Groups', nodes: new Map([[1, { group: 1, text: '8 → 4' }]]), legend })
    expect(heat?.values.get(box(scene, 1))).toEqual({ group: 1, text: '8 → 4' })
    expect(heat?.values.size).toBe(1)
    expect(heat?.legend).toBe(legend)
  })

  test('a folded group shows the hottest of its nodes, and a group of marks only where all share it', () => {
    const scene = sceneOf(diamond)
    const folded: CanvasGraph = { ...scene.graph, boxes: [{ kind: 'group', group: { nodeIds: [1, 2] }, expanded: false } as unknown as GroupBox] }
    const overlay = (nodes: GraphOverlay['nodes']): GraphOverlay => ({ id: 'x', documentId: 'd', title: '', nodes, legend: { groups: [] } })
    expect(markedHeat(folded, overlay(new Map([[1, { level: 0.2, text: 'a' }], [2, { level: 0.9, text: 'b' }]])))?.values.get(0)).toEqual({ level: 0.9, text: 'b' })
    expect(markedHeat(folded, overlay(new Map([[1, { group: 0, text: 'a' }], [2, { group: 1, text: 'b' }]])))).toBeNull()
  })

  test('neighbouring groups never share a colour', () => {
    for (let group = 0; group < 30; group++) expect(groupColour(group).background).not.toBe(groupColour(group + 1).background)
  })

  test('colours grow steadily darker in the light theme and lighter in the dark one', () => {
    const lightness = (theme: 'light' | 'dark') =>
      Array.from({ length: 11 }, (_, step) => {
        const [red = 0, green = 0, blue = 0] = [...heatColour(step / 10, theme).background.matchAll(/\d+/g)].map(Number)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
      })
    expect(lightness('light')).toEqual(lightness('light').toSorted((a, b) => b - a))
    expect(lightness('dark')).toEqual(lightness('dark').toSorted((a, b) => a - b))
  })
})

describe('viewport', () => {
  const size = { width: 1000, height: 600 }

  test('shows a small graph whole and the beginning of a long one', () => {
    const small = sceneOf(diamond)
    expect(contains(visibleArea(initialViewport(small, size), size), { x: 0, y: 0, width: small.layout.totalWidth, height: small.layout.totalHeight })).toBe(true)
    const long = sceneOf(['Conv(x, W) -> v0', ...Array.from({ length: 80 }, (_, i) => `Relu(v${i}) -> v${i + 1}`)])
    const viewport = initialViewport(long, size)
    expect(viewport.zoom).toBeGreaterThanOrEqual(0.8)
    expect(visibleArea(viewport, size).y).toBeLessThanOrEqual(0)
  })

  test('fits an area into the middle without going beyond the zoom given', () => {
    const viewport = fitArea({ x: 100, y: 100, width: 10, height: 10 }, size, 1.5)
    expect(viewport.zoom).toBe(1.5)
    const { x, y, width, height } = visibleArea(viewport, size)
    expect(x + width / 2).toBeCloseTo(105)
    expect(y + height / 2).toBeCloseTo(105)
  })

  test('keeps the box in the middle of the view in its place when the graph is arranged anew', () => {
    const before = sceneOf(diamond)
    const after = sceneOf(['new: Conv(x, W) -> z', 'stem: Conv(z, W) -> a', ...diamond.slice(1)])
    const viewport = { x: 0, y: 0, zoom: 1 }
    const anchor = anchorBox(before, visibleArea(viewport, size), new Set([box(before, 2)]))
    expect(anchor).toBe(box(before, 2))
    const kept = keepBoxInPlace(before, after, anchor ?? -1, viewport)
    const screenY = (scene: Scene, index: number, offset: number) => (scene.layout.y[index] ?? 0) + offset
    expect(screenY(after, box(after, 2), kept?.y ?? NaN)).toBeCloseTo(screenY(before, box(before, 2), 0), 3)
  })
})

test('the SVG holds every box and edge as text that a parser takes', () => {
  const scene = sceneOf(['a<b&"c": Conv(x, W) -> a', ...diamond.slice(1)])
  const area = { x: 0, y: 0, width: scene.layout.totalWidth, height: scene.layout.totalHeight }
  const svg = sceneSvg(scene, { area, theme: 'light', heat: null, font: 'data:,' })
  for (const text of ['>Conv<', '>Relu<', '>Add<', '>x<', '>y<', '>8×3<', '>1×8<']) expect(svg).toContain(text)
  expect(svg.match(/<path d="M[^"]*C|<path d="M[^"]*L/g)?.length).toBeGreaterThanOrEqual(scene.graph.edges.length)
  const tags = [...svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)]
  const depth = tags.reduce((open, [, closing, , single]) => open + (closing === '/' ? -1 : single === '/' ? 0 : 1), 0)
  expect(depth).toBe(0)
})

test('the SVG of a comparison has both graphs beside each other under what their colours mean', () => {
  const scene = sceneOf(diamond)
  const area = { x: 0, y: 0, width: 300, height: 200 }
  const side = (title: string) => ({ scene, area, heat: null, title })
  const { svg, width, height } = comparisonSvg([side('A  one & two'), side('B  other')], [{ label: 'Added 2', colour: '#123456' }], { theme: 'dark', font: 'data:,' })
  expect(width).toBe(600)
  expect(height).toBeGreaterThan(200)
  for (const text of ['>A  one &amp; two<', '>B  other<', '>Added 2<', 'fill="#123456"']) expect(svg).toContain(text)
  expect([...svg.matchAll(/<svg x="(\d+)"/g)].map(([, x]) => Number(x))).toEqual([0, 300])
})
