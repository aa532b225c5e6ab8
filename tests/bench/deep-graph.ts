import type { LayoutRequest } from '../../src/renderer/canvas/layout/layout-graph'

/** A deep model: blocks of a main path with a skip link and a side branch, and four values that every fifth node reads. */
export function deepGraph(nodes: number): LayoutRequest {
  const edges: [source: number, target: number][] = []
  for (let node = 4; node < nodes; node++) {
    if (node > 4) edges.push([node - 1, node])
    if (node % 7 === 0 && node > 12) edges.push([node - 6, node])
    if (node % 5 === 0) edges.push([(node / 5) % 4, node])
  }
  return {
    direction: 'down',
    widths: new Float32Array(nodes).fill(140),
    heights: Float32Array.from({ length: nodes }, (_, node) => 30 + (node % 4) * 16),
    edgeSource: Uint32Array.from(edges, ([source]) => source),
    edgeTarget: Uint32Array.from(edges, ([, target]) => target),
    edgeValue: Uint32Array.from(edges, ([source]) => source),
    labelWidths: new Float32Array(nodes).fill(60),
    portalRowHeight: 16,
  }
}
