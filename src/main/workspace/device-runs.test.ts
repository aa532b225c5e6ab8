import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DeployResult } from '#shared/deploy'
import { summarizeLatency } from '../runtime/latency'
import { parseFacts } from '../device/device-facts'
import { openDeviceRuns } from './device-runs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-runs-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function result(serial: string, samplesMs: number[] = [1, 2, 3]): DeployResult {
  const conditions = { device: serial, provider: 'cpu', threads: 1, warmup: 0, runs: samplesMs.length, runtime: 'onnxruntime', inputs: 'random', measuredAt: new Date().toISOString() }
  const latency = summarizeLatency(samplesMs)
  return {
    facts: parseFacts(serial, ''),
    adapter: 'native',
    plan: { adapter: 'native', provider: 'cpu', threads: 1, recipe: null, avoid: [], reasons: [] },
    conditions,
    latency,
    samplesMs,
    loadMs: 1,
    firstRunMs: 1,
    peakMemoryBytes: null,
    baselineMemoryBytes: null,
    outputError: [],
    kernels: [],
    sustained: null,
    accuracy: null,
    desktop: { conditions, latency },
    pushed: { modelBytes: 1, runtimeBytes: 0, bytesPerSecond: null },
    model: { path: '/m.onnx', sha256: 'a', sizeBytes: 1 },
  }
}

test('runs are found again after a restart, with what the phone was', () => {
  const first = openDeviceRuns(folder, () => undefined).add(result('one'))
  const again = openDeviceRuns(folder, () => undefined).list()
  expect(again).toEqual([first])
  expect(again[0]?.result.facts.serial).toBe('one')
})

test('a removed run is gone and others stay; a damaged file is set aside', () => {
  const damage: string[] = []
  const runs = openDeviceRuns(folder, (reason) => damage.push(reason))
  const [a, b] = [runs.add(result('a')), runs.add(result('b'))]
  runs.remove(a.id)
  expect(runs.list().map(({ id }) => id)).toEqual([b.id])
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), readFileSync(join(folder, name), 'utf8').slice(0, 100))
  expect(runs.list()).toEqual([])
  expect(damage).toHaveLength(1)
})

test('of very many latencies an even choice is kept', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => at)
  const kept = openDeviceRuns(folder, () => undefined).add(result('a', many)).result
  expect(kept.samplesMs).toHaveLength(1000)
  expect(kept.samplesMs.slice(0, 3)).toEqual([0, 100, 200])
  expect(kept.latency.p50Ms).toBeCloseTo(49_999.5)
})
