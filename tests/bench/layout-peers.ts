import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { layeredLayout } from '../../src/renderer/canvas/layout/layered-layout'
import { type Bench, spreadOf, timeSync } from './bench'
import { deepGraph } from './deep-graph'

const CAP_MS = 60_000

export const layoutPeers: Bench = {
  name: 'layout-peers',
  title: `Layout against @dagrejs/dagre on the same graphs, the peer once and ended after ${CAP_MS / 1000} s`,
  async *run({ repository }) {
    for (const nodes of [500, 1000, 2000, 10_000]) {
      const request = deepGraph(nodes)
      const ours = spreadOf(timeSync(() => void layeredLayout(request), { runs: 3, warmup: 1 }).wallMs)
      const peer = dagreMs(nodes, repository)
      yield { name: `${nodes} nodes, ours`, unit: 'ms', ...ours, note: peer === 'overflow' ? 'dagre overflowed the call stack: no ratio' : 'four values read all over the graph' }
      if (peer === 'overflow') continue
      if (peer === 'ended') yield { name: `${nodes} nodes, dagre over ours`, unit: '×', value: CAP_MS / ours.value, runs: 1, note: `at least: dagre was ended after ${CAP_MS / 1000} s` }
      else yield { name: `${nodes} nodes, dagre over ours`, unit: '×', value: peer / ours.value, runs: 1, note: `dagre ${peer.toFixed(0)} ms` }
    }
  },
}

/** Milliseconds; or that it was ended for taking too long, or gave up because its recursion was too deep. */
function dagreMs(nodes: number, repository: string): number | 'ended' | 'overflow' {
  const script = join(repository, 'tests/bench/peers/dagre-layout.ts')
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['--import', 'tsx', script, String(nodes)], { cwd: repository, timeout: CAP_MS, encoding: 'utf8' })
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') return 'ended'
  if (stderr.includes('Maximum call stack size exceeded')) return 'overflow'
  if (status !== 0) throw new Error(`dagre ended with status ${status}: ${stderr.trim().slice(-500)}`)
  return Number(stdout)
}
