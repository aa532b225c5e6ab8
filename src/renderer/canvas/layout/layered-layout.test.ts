import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LayoutDirection, LayoutRequest, LayoutResult } from './layout-graph'
import { groupBy } from './layout-graph'
import { layeredLayout } from './layered-layout'
import { countCrossings, orderVertices, updatePositions } from './order-vertices'
import { makeProper } from './proper-graph'
import { orderAcyclic } from './ranks'
import { choosePortals } from './portals'

type Edge = readonly [source: number, target: number, value?: number]

function request(nodeCount: number, edges: readonly Edge[], direction: LayoutDirection = 'down'): LayoutRequest {
  return {
    direction,
    widths: Float32Array.from({ length: nodeCount }, (_, node) => 96 + (node % 5) * 24),
    heights: Float32Array.from({ length: nodeCount }, (_, node) => 28 + (node % 3) * 20),
    edgeSource: Uint32Array.from(edges, ([source]) => source),
    edgeTarget: Uint32Array.from(edges, ([, target]) => target),
    edgeValue: Uint32Array.from(edges, ([source, , value]) => value ?? source),
    labelWidths: new Float32Array(nodeCount).fill(72),
    portalRowHeight: 20,
  }
}

function overlaps({ x, y, width, height }: LayoutResult): string[] {
  const found: string[] = []
  const order = [...x.keys()].sort((a, b) => x[a]! - x[b]!)
  order.forEach((a, i) => {
    for (const b of order.slice(i + 1)) {
      if (x[b]! >= x[a]! + width[a]!) break
      if (y[a]! < y[b]! + height[b]! && y[b]! < y[a]! + height[a]!) found.push(`${a} and ${b}`)
    }
  })
  return found
}

function drawnEdges(result: LayoutResult): number[] {
  return [...result.portal.keys()].filter((edge) => result.portal[edge] === 0)
}

/** A chain of blocks with a residual link each, and four values that every tenth node reads. */
function deepGraph(nodeCount: number): Edge[] {
  const edges: Edge[] = []
  for (let node = 5; node < nodeCount; node++) {
    edges.push([node - 1, node])
    if (node % 6 === 0 && node > 12) edges.push([node - 6, node])
    if (node % 10 === 0) for (let shared = 0; shared < 4; shared++) edges.push([shared, node])
  }
  return edges
}

const acyclicEdges = fc
  .integer({ min: 2, max: 60 })
  .chain((nodes) => fc.record({ nodes: fc.constant(nodes), pairs: fc.array(fc.tuple(fc.nat(nodes - 1), fc.nat(nodes - 1)), { maxLength: 120 }) }))
  .map(({ nodes, pairs }) => ({ nodes, edges: pairs.filter(([a, b]) => a !== b).map(([a, b]): Edge => [Math.min(a, b), Math.max(a, b)]) }))

describe('layeredLayout', () => {
  test.each(['down', 'right'] as const)('never lets boxes overlap, with any acyclic graph (%s)', (direction) => {
    fc.assert(
      fc.property(acyclicEdges, ({ nodes, edges }) => {
        expect(overlaps(layeredLayout(request(nodes, edges, direction)))).toEqual([])
      }),
    )
  })

  test.each(['down', 'right'] as const)('lets every drawn edge run along the flow, from box to box (%s)', (direction) => {
    fc.assert(
      fc.property(acyclicEdges, ({ nodes, edges }) => {
        const result = layeredLayout(request(nodes, edges, direction))
        for (const edge of drawnEdges(result)) {
          const points = result.points.slice(2 * result.pointStart[edge]!, 2 * result.pointStart[edge + 1]!)
          const along = [...points].filter((_, i) => i % 2 === (direction === 'down' ? 1 : 0))
          expect(along).toEqual([...along].sort((a, b) => a - b))
          const [source, target] = [edges[edge]![0], edges[edge]![1]]
          const start = direction === 'down' ? result.y[source]! + result.height[source]! : result.x[source]! + result.width[source]!
          expect(along[0]).toBeCloseTo(start, 3)
          expect(along.at(-1)).toBeCloseTo(direction === 'down' ? result.y[target]! : result.x[target]!, 3)
        }
      }),
    )
  })

  test('keeps edges out of the boxes they pass', () => {
    // 0 → 1 → 2 → 3 and a link over all of them.
    const result = layeredLayout(request(4, [[0, 1], [1, 2], [2, 3], [0, 3]]))
    const points = result.points.slice(2 * result.pointStart[3]!, 2 * result.pointStart[4]!)
    for (const node of [1, 2]) {
      const passes = [...points.keys()].filter((i) => i % 2 === 0 && points[i + 1]! > result.y[node]! - 1 && points[i + 1]! < result.y[node]! + result.height[node]! + 1)
      expect(passes.length).toBeGreaterThan(0)
      for (const i of passes) expect(points[i]! < result.x[node]! || points[i]! > result.x[node]! + result.width[node]!).toBe(true)
    }
  })

  test('gives equal results for equal requests', () => {
    const edges = deepGraph(400)
    expect(layeredLayout(request(400, edges))).toEqual(layeredLayout(request(400, edges)))
  })

  test('draws a chain as one straight line', () => {
    const result = layeredLayout(request(6, [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]))
    const centres = [...result.x].map((x, node) => x + result.width[node]! / 2)
    expect(Math.max(...centres) - Math.min(...centres)).toBeLessThanOrEqual(1)
    expect(result.points.length).toBe(5 * 4)
  })

  test('spreads what fans out to both sides of the backbone alike', () => {
    const chain = Array.from({ length: 8 }, (_, i): Edge => [i, i + 1])
    const given = request(17, [...chain, [8, 9], [8, 10], [8, 11], [8, 12], [9, 13], [10, 13], [11, 13], [12, 13], [13, 14], [14, 15], [15, 16]])
    given.widths.fill(96)
    const centre = (node: number) => result.x[node]! + 48
    const result = layeredLayout(given)
    expect(Math.abs((centre(9) + centre(10) + centre(11) + centre(12)) / 4 - centre(8))).toBeLessThanOrEqual(1)
    expect(Math.abs(centre(8) - centre(16))).toBeLessThanOrEqual(1)
  })

  test('places parts that are not connected beside each other', () => {
    const result = layeredLayout(request(9, [[0, 1], [1, 2], [3, 4], [5, 6]]))
    expect(overlaps(result)).toEqual([])
    expect(Math.max(...result.x) + 1).toBeLessThan(result.totalWidth)
    expect(Math.max(...result.y) + 1).toBeLessThan(result.totalHeight)
    expect(Math.min(...result.x)).toBeGreaterThanOrEqual(0)
    expect(Math.min(...result.y)).toBeGreaterThanOrEqual(0)
  })

  test('packs many loose nodes into a block', () => {
    const result = layeredLayout(request(900, []))
    expect(overlaps(result)).toEqual([])
    expect(result.totalWidth / result.totalHeight).toBeGreaterThan(0.5)
    expect(result.totalWidth / result.totalHeight).toBeLessThan(4)
  })

  test('names widely shared values at their readers instead of drawing them, and makes room for the names', () => {
    const edges = deepGraph(300)
    const given = request(300, edges)
    const result = layeredLayout(given)
    const shared = edges.flatMap(([source], edge) => (source < 4 ? [edge] : []))
    expect(shared.filter((edge) => result.portal[edge] === 0).length).toBeLessThanOrEqual(8)
    expect(edges.every(([source], edge) => source < 4 || result.portal[edge] === 0)).toBe(true)
    expect(result.height[100]).toBe(given.heights[100]! + 4 * given.portalRowHeight)
  })

  test('names the ends of an edge that would cross more than forty ranks', () => {
    const chain = Array.from({ length: 60 }, (_, node): Edge => [node, node + 1])
    const result = layeredLayout(request(61, [...chain, [0, 45, 60], [10, 30, 60]]))
    expect([...result.portal.slice(60)]).toEqual([1, 0])
  })

  test('stands an input beside its reader, not at the top', () => {
    const result = layeredLayout(request(6, [[0, 1], [1, 2], [2, 3], [3, 4], [5, 4]]))
    expect(result.y[5]! + result.height[5]!).toBeGreaterThan(result.y[2]! + result.height[2]!)
  })

  test('tolerates cycles and self-loops: the edges that close them become portals', () => {
    const result = layeredLayout(request(4, [[0, 1], [1, 2], [2, 0], [3, 3]]))
    expect([...result.portal]).toEqual([0, 0, 1, 1])
    expect(overlaps(result)).toEqual([])
  })

  test('lays out nothing, and one node', () => {
    const empty = layeredLayout(request(0, []))
    expect([empty.totalWidth, empty.totalHeight, empty.x.length]).toEqual([0, 0, 0])
    const one = layeredLayout(request(1, []))
    expect([one.x[0], one.y[0], one.totalWidth, one.totalHeight]).toEqual([0, 0, 96, 28])
  })

  test.each(['down', 'right'] as const)('keeps labels apart, wide ones too, with any acyclic graph (%s)', (direction) => {
    const [width, height] = [150, 13]
    const layout = (nodes: number, edges: readonly Edge[]) => layeredLayout({ ...request(nodes, edges, direction), labelWidths: new Float32Array(nodes).fill(width) })
    const labelled = ({ labelX }: LayoutResult) => [...labelX.keys()].filter((edge) => !Number.isNaN(labelX[edge]!))
    const meeting = (result: LayoutResult): string[] => {
      const { labelX, labelY } = result
      const meet = (a: number, b: number) => Math.abs(labelX[a]! - labelX[b]!) < width && Math.abs(labelY[a]! - labelY[b]!) < height
      return labelled(result).flatMap((a, place, labels) => labels.slice(place + 1).flatMap((b) => (meet(a, b) ? [`${a} and ${b}`] : [])))
    }
    const tree = layout(40, Array.from({ length: 39 }, (_, node): Edge => [Math.floor(node / 3), node + 1]))
    expect(labelled(tree).length).toBeGreaterThan(5)
    expect(meeting(tree)).toEqual([])
    fc.assert(
      fc.property(acyclicEdges, ({ nodes, edges }) => {
        expect(meeting(layout(nodes, edges))).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('lays out 10 000 nodes with four values shared over the whole graph', async ({ annotate }) => {
    const edges = deepGraph(10_000)
    const start = performance.now()
    const result = layeredLayout(request(10_000, edges))
    await annotate(`layout of 10 000 nodes, ${edges.length} edges: ${(performance.now() - start).toFixed(0)} ms`)
    expect(overlaps(result)).toEqual([])
    expect(result.totalWidth).toBeLessThan(5000)
  })
})

test('ordering leaves fewer crossings than the order of the model', () => {
  const nodes = 120
  const edges = Array.from({ length: 240 }, (_, i) => [(i * 37) % 90, 0] as const).map(([source], i) => [source, source + 1 + ((i * 53) % 29)] as const)
  const list = { source: Uint32Array.from(edges, ([a]) => a), target: Uint32Array.from(edges, ([, b]) => b), value: Uint32Array.from(edges, (_, i) => i) }
  const { order, backward } = orderAcyclic(nodes, list)
  const { portal, ranks } = choosePortals(nodes, list, order, { backward })
  const graph = makeProper(nodes, list, ranks, Uint32Array.from(portal.keys()).filter((edge) => portal[edge] === 0))
  const crossings = (layers: ReturnType<typeof groupBy>) => {
    const position = new Float64Array(graph.vertexCount)
    updatePositions(layers, position)
    return countCrossings(graph, layers, position)
  }
  expect(crossings(orderVertices(graph))).toBeLessThan(crossings(groupBy(graph.rank, graph.rankCount)) / 2)
})
