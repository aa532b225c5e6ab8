import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildModel, filledTensor } from '#shared/onnx/testing/build-model'
import { ProfileLimits } from '#shared/profile-limits'
import { saveModelFile } from './model-file'
import { profileLimits } from './profile-limits'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'edgefit-limits-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function measure(name: string, batch: string) {
  const path = join(folder, `${name}.onnx`)
  await saveModelFile(buildModel({ inputs: { x: `float32[${batch},64]` }, outputs: { y: `float32[${batch},32]` }, valueInfo: { t: `float32[${batch},32]` }, initializers: { w: filledTensor('float32', [64, 32], 0.5) }, nodes: ['t = MatMul(x, w)', 'y = Relu(t)'] }), path)
  const result = await profileLimits({ path, data: { kind: 'synthetic', samples: 1 }, dims: {}, runs: 5, scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined })
  return ProfileLimits.parse(result)
}

it('tells the work of each node, and times it by threads and batch, cold and warm', async () => {
  const { nodes, threads, batches, batchNote, peaks, cold, memory } = await measure('open', 'N')
  expect(nodes.map(({ macs, bytes }) => [macs, bytes])).toEqual([
    [64 * 32, 4 * (64 + 64 * 32 + 32)],
    [0, 4 * (32 + 32)],
  ])
  expect(threads[0]?.threads).toBe(1)
  expect(batches.map(({ batch }) => batch)).toEqual([1, 2, 4, 8])
  expect(batchNote).toBeNull()
  for (const figure of [peaks.gflops, peaks.gbPerSecond, cold.loadMs, cold.firstRunMs, cold.warmP50Ms, ...threads.map(({ p50Ms }) => p50Ms), ...batches.map(({ p50Ms }) => p50Ms)]) expect(figure).toBeGreaterThan(0)
  expect([...new Set(memory.map(({ phase }) => phase))]).toEqual(['before', 'loading', 'first-run', 'running', 'closed'])
  expect(memory.every(({ bytes }) => bytes > 1e6)).toBe(true)
})

it('says that a fixed batch cannot be scaled', async () => {
  expect(await measure('fixed', '1')).toMatchObject({ batches: [], batchNote: 'The model has a fixed batch size.' })
})
