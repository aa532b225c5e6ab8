import { layeredLayout } from '../../src/renderer/canvas/layout/layered-layout'
import type { LayoutRequest } from '../../src/renderer/canvas/layout/layout-graph'
import { type Bench, spreadOf, timeSync } from './bench'

export const layout: Bench = {
  name: 'layout',
  title: 'Layout of the canvas, in process (the window does it in a worker)',
  async *run({ runs }) {
    for (const [nodes, atMost] of [[1000, undefined], [10_000, 1000], [50_000, 5000]] as const) {
      const request = deepGraph(nodes)
      const repeats = Math.max(3, Math.round((runs * 1000) / nodes))
      const { wallMs, processorMs } = timeSync(() => void layeredLayout(request), { runs: Math.min(runs, repeats), warmup: 1 })
      const note = `four values read all over the graph; processor time ${spreadOf(processorMs).value.toFixed(0)} ms; after 1 warm-up run`
      yield { name: `${nodes} nodes`, unit: 'ms', ...spreadOf(wallMs), ...(atMost !== undefined && { atMost }), note }
    }
  },
}

/** A deep model: blocks of a main path with a skip link and a side branch, and four values that every fifth node reads. */
function deepGraph(nodes: number): LayoutRequest {
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
