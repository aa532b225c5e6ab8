/** What was measured on phones, one file for each run, so that nothing is rewritten that was right. */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DeployResult, DeviceRun } from '#shared/deploy'
import { readJsonFile, writeJsonFile } from './json-file'

const KEPT_RUNS = 200
/** A hundred thousand latencies are nobody's to look at one by one. */
const KEPT_SAMPLES = 1000
const NAME = /^[\dTZ-]+_[0-9a-f-]{36}\.json$/

export interface DeviceRuns {
  /** Latest first. */
  list(): DeviceRun[]
  add(result: DeployResult): DeviceRun
  remove(id: string): void
}

export function openDeviceRuns(folder: string, onDamage: (reason: string) => void): DeviceRuns {
  // Names begin with the time, so their order is that of the runs.
  const names = () => (existsSync(folder) ? readdirSync(folder).filter((name) => NAME.test(name)).toSorted().toReversed() : [])
  return {
    list: () => names().flatMap((name) => readJsonFile(join(folder, name), DeviceRun.nullable(), null, onDamage) ?? []),
    add(result) {
      const run = { id: randomUUID(), result: { ...result, samplesMs: evenly(result.samplesMs) } }
      writeJsonFile(join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}_${run.id}.json`), run)
      for (const name of names().slice(KEPT_RUNS)) rmSync(join(folder, name), { force: true })
      return run
    },
    remove(id) {
      for (const name of names().filter((candidate) => candidate.endsWith(`_${id}.json`))) rmSync(join(folder, name), { force: true })
    },
  }
}

function evenly(samples: readonly number[]): number[] {
  const step = Math.max(1, samples.length / KEPT_SAMPLES)
  return Array.from({ length: Math.min(samples.length, KEPT_SAMPLES) }, (_, at) => samples[Math.floor(at * step)] ?? 0)
}
