import { expect, it } from 'vitest'
import type { KernelProfile } from '#shared/measurement'
import { compareByType, roofPoints, stretches, timeByType } from './kernel-work'

function kernel(opType: string, p50Ms: number, ...nodes: readonly [number, string][]): KernelProfile {
  return { kernel: opType, opType, provider: 'CPUExecutionProvider', p50Ms, p95Ms: p50Ms, meanMs: p50Ms, share: p50Ms / 10, calls: 1, nodes: nodes.map(([id, name]) => ({ id, name, opType })) }
}

const kernels = [kernel('Conv', 4, [1, '/a/conv1/Conv']), kernel('ReorderInput', 1), kernel('Conv', 3, [2, '/a/conv1/Conv_1'], [3, '/a/conv1/Relu']), kernel('Gemm', 2, [4, 'fc'])]

it('kernels are summed by operator, the slowest first', () => {
  expect(timeByType(kernels).map(({ opType, count, p50Ms }) => [opType, count, p50Ms])).toEqual([['Conv', 2, 7], ['Gemm', 1, 2], ['ReorderInput', 1, 1]])
})

it('operators of two models stand side by side, with nothing where one has none', () => {
  const rows = compareByType(kernels, [kernel('Conv', 14), kernel('QGemm', 1)]).map(({ opType, count, p50Ms, besideCount, besideMs }) => [opType, count, p50Ms, besideCount, besideMs])
  expect(rows).toEqual([['Conv', 2, 7, 1, 14], ['Gemm', 1, 2, 0, 0], ['ReorderInput', 1, 1, 0, 0], ['QGemm', 0, 0, 1, 1]])
})

it('neighbours of one scope are a stretch, with what onnxruntime put between them', () => {
  expect(stretches(kernels).map(({ name, kernels: own, p50Ms }) => [name, own.length, p50Ms])).toEqual([['a/conv1', 3, 8], ['', 1, 2]])
})

it('kernels stand under the roof of memory or of arithmetic', () => {
  const limits = { peaks: { gflops: 50, gbPerSecond: 10 }, nodes: [{ id: 1, macs: 50_000_000, bytes: 1_000_000 }, { id: 2, macs: 1_000_000, bytes: 1_000_000 }, { id: 3, macs: 0, bytes: 1_000_000 }, { id: 4, macs: 5, bytes: null }] }
  const points = roofPoints(kernels, limits)
  expect(points).toHaveLength(2)
  expect(points[0]).toMatchObject({ intensity: 100, gflops: 25, share: 0.5, bound: 'compute' })
  expect(points[1]).toMatchObject({ intensity: 1, bound: 'memory' })
  expect(points[1]?.gflops).toBeCloseTo(2 / 3)
})
