import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { Feeds, RunningModel } from './model-runner'
import { createOrtRunner } from './ort-runner'
import { latencyRatio, processorTimesInTurns, timeInTurns } from './time-in-turns'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-turns-'))
const feeds: Feeds = new Map([['x', { dataType: DATA_TYPES.float32.code, dims: [2, 3], bytes: bytesOf(new Float32Array(6)) }]])
let model: RunningModel
beforeAll(async () => {
  const spec = { inputs: { x: 'float32[2,3]' }, outputs: { y: 'float32[2,3]' }, initializers: { w: tensor('float32', [3], [1, 2, 3]) }, nodes: ['y = Mul(x, w)'] }
  model = await createOrtRunner({ scratchFolder }).load(buildModel(spec), { threads: 1 })
})
afterAll(async () => {
  await model.close()
  rmSync(scratchFolder, { recursive: true, force: true })
})

describe.each([
  ['by the clock', timeInTurns],
  ['in processor time', processorTimesInTurns],
])('two models in turns, %s', (_, take) => {
  it('gives a pair for each turn that is not warming up', async () => {
    const told: number[] = []
    const times = await take(model, model, feeds, { runs: 4, warmup: 2, turnMs: 1, progress: (run) => told.push(run) })
    expect(times).toHaveLength(4)
    expect(times.flat().every((time) => time >= 0 && Number.isFinite(time))).toBe(true)
    expect(told).toEqual([-2, -1, 0, 1, 2, 3])
  })

  it('ends early where time is up, with what a median needs', async () => {
    expect(await take(model, model, feeds, { runs: 1000, warmup: 0, budgetMs: 0 })).toHaveLength(3)
  })

  it('stops when cancelled', async () => {
    await expect(take(model, model, feeds, { runs: 3, warmup: 0, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })
})

it('compares pair by pair, so that a slow stretch of the machine counts once', () => {
  expect(latencyRatio([[1, 2], [10, 20], [100, 200]])).toMatchObject({ p10: 2, p50: 2, p90: 2 })
})
