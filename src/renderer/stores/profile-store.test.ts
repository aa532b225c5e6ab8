import { expect, it } from 'vitest'
import type { KernelProfile, ProfileResult } from '#shared/measurement'
import { nodeLatencies } from './profile-store'

function kernel(p50Ms: number, share: number, nodeIds: readonly number[]): KernelProfile {
  return { kernel: '', opType: 'Conv', provider: 'CPUExecutionProvider', p50Ms, p95Ms: p50Ms, meanMs: p50Ms, share, calls: 1, nodes: nodeIds.map((id) => ({ id, name: `n${id}`, opType: 'Conv' })) }
}

it('splits a fused kernel evenly, adds up kernels of one node, and leaves out what the runtime added', () => {
  const kernels = [kernel(3, 0.6, [1, 2, 3]), kernel(1, 0.2, [1]), kernel(1, 0.2, [])]
  const latencies = nodeLatencies({ kernels } as ProfileResult)
  expect(latencies.get(1)).toEqual({ p50Ms: 2, share: expect.closeTo(0.4) as number, fusedNodes: 3 })
  expect(latencies.get(2)).toEqual({ p50Ms: 1, share: expect.closeTo(0.2) as number, fusedNodes: 3 })
  const total = [...latencies.values()].reduce((sum, { p50Ms }) => sum + p50Ms, 0)
  expect(total).toBeCloseTo(4)
})
