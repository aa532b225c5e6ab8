import { expect, it } from 'vitest'
import { chromeTrace } from './chrome-trace'

const conditions = { device: 'AMD EPYC', provider: 'cpu', threads: 1, warmup: 5, runs: 50, runtime: 'onnxruntime-node 1.30.0', inputs: 'random', measuredAt: '2026-11-22T10:00:00.000Z' }
const kernel = (opType: string, p50Ms: number, names: readonly string[]) => ({ kernel: `${opType}_kernel`, opType, provider: 'CPUExecutionProvider', p50Ms, p95Ms: p50Ms * 2, meanMs: p50Ms, share: 0.5, calls: 1, nodes: names.map((name, id) => ({ id, name, opType })) })

it('lays kernels one after the other, in µs, and says how they were measured', () => {
  const trace: unknown = JSON.parse(chromeTrace({ kernels: [kernel('Conv', 0.5, ['stem', '']), kernel('Relu', 0.25, [])], conditions }))
  expect(trace).toMatchObject({
    otherData: { device: 'AMD EPYC', runs: 50 },
    traceEvents: [
      { name: 'Conv', ph: 'X', ts: 0, dur: 500, args: { nodes: ['stem', 'Conv'] } },
      { name: 'Relu', ph: 'X', ts: 500, dur: 250, args: { nodes: [] } },
    ],
  })
})
