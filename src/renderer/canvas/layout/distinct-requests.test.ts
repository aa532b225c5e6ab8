import { expect, test } from 'vitest'
import { distinctRequests } from './distinct-requests'
import type { LayoutRequest } from './layout-graph'

function request(widths: number[], edges: [number, number][]): LayoutRequest {
  return {
    direction: 'down',
    widths: Float32Array.from(widths),
    heights: Float32Array.from(widths, () => 28),
    edgeSource: Uint32Array.from(edges, ([source]) => source),
    edgeTarget: Uint32Array.from(edges, ([, target]) => target),
    edgeValue: Uint32Array.from(edges, (_, at) => at),
    labelWidths: Float32Array.from(edges, () => 40),
    portalRowHeight: 20,
  }
}

test('equal requests are asked once, and each knows its answer', () => {
  const chain = () => request([80, 60], [[0, 1]])
  const wide = request([90, 60], [[0, 1]])
  const { distinct, places } = distinctRequests([chain(), wide, chain(), request([80, 60], [[1, 0]])])
  expect(places).toEqual([0, 1, 0, 2])
  expect(distinct).toHaveLength(3)
})

test('what differs in pins, label widths or direction is not equal', () => {
  const plain = request([80, 60], [[0, 1]])
  const others = [{ ...plain, pins: Uint8Array.of(1, 0) }, { ...plain, labelWidths: Float32Array.of(41) }, { ...plain, direction: 'right' as const }, { ...plain, quick: true }]
  expect(distinctRequests([plain, ...others]).distinct).toHaveLength(5)
})

test('large requests are taken as they are', () => {
  const large = () => request(Array.from({ length: 600 }, () => 50), [])
  expect(distinctRequests([large(), large()]).places).toEqual([0, 1])
})
