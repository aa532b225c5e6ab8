import { layeredLayout } from '../../src/renderer/canvas/layout/layered-layout'
import { type Bench, spreadOf, timeSync } from './bench'
import { deepGraph } from './deep-graph'

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
