/** A result is timed on the phone it is for, beside its source; what the phone does cannot take the result away. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeployOptions } from '#shared/deploy'
import { AppError } from '#shared/errors'
import type { JobResult } from '#shared/ipc/jobs'
import { optimize } from '../src/main/engine/jobs/optimize'
import { deployToRig, digits, hasBrowser, isRuntimeBuilt, leftovers } from './fixtures/deploy-to-rig'
import { createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from './fixtures/phone-rig/phone-rig'

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()

let rig: PhoneRig
let phone: RigPhone

beforeAll(async () => {
  if (obstacle !== null) return
  rig = await createPhoneRig()
  phone = await rig.start('x86_64')
  // The runtime is there already: what follows is about models.
  if (isRuntimeBuilt('x86_64')) await deployToRig(rig, phone)
})

beforeEach(async () => {
  if (obstacle === null) await rig.ensureReady(phone)
})

afterAll(async () => {
  if (obstacle === null) await rig.dispose()
})

interface Shrinking {
  readonly options?: Partial<DeployOptions>
  readonly signal?: AbortSignal
  readonly onPhase?: (phase: string) => void
}

async function shrink({ options = {}, signal = new AbortController().signal, onPhase }: Shrinking = {}): Promise<JobResult<'optimize'>> {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-shrink-'))
  return optimize(
    {
      modelPath: digits,
      recipe: { name: 'int8-dynamic', description: '', passes: [{ pass: 'quantize-dynamic', options: {} }] },
      data: { kind: 'synthetic', samples: 1 },
      outputPath: join(folder, 'result.onnx'),
      keepVariant: false,
      phone: { serial: phone.serial, options: DeployOptions.parse({ runs: 10, warmup: 1, threads: 1, ...options }), adb: rig.adb },
    },
    { scratchFolder: mkdtempSync(join(folder, 'scratch-')), signal, progress: (phase) => onPhase?.(phase), showEvaluation: () => undefined },
  )
}

/** Does `act` when the phone begins to run a model, once. */
function whenRunning(act: () => unknown): (phase: string) => void {
  let acted = false
  return (phase) => {
    if (phase !== 'running' || acted) return
    acted = true
    void act()
  }
}

describe.skipIf(obstacle !== null || !isRuntimeBuilt('x86_64'))('a result for a phone', () => {
  test('comes with its latency there beside its source’s, in turns, under what conditions, and each run by itself', async () => {
    const { report, phoneRuns } = await shrink()
    expect(report.phone).toMatchObject({ serial: phone.serial, phone: 'Rig Namespace Phone', adapter: 'native', turns: 5, conditions: { provider: 'cpu', threads: 1, runs: 10 } })
    expect(report.phone?.ratio.p50).toBeGreaterThan(0)
    expect(report.phone?.opCounts?.['ConvInteger']).toBeGreaterThan(5)
    expect(report.phone?.conditions.runtime).toContain('native x86_64')
    expect(phoneRuns.map(({ model, samplesMs }) => [model.sha256, samplesMs.length])).toEqual([
      [report.source.sha256, 10],
      [report.result.sha256, 10],
    ])
    expect(phoneRuns.every(({ outputError }) => outputError.every(({ cosine }) => cosine > 0.999))).toBe(true)
    expect(leftovers(phone)).toEqual([])
  })

  test('stays where the phone is unplugged while it runs, with the reason', async () => {
    const { report, phoneRuns } = await shrink({ options: { runs: 100_000 }, onPhase: whenRunning(() => phone.stop()) })
    const found = report.diagnostics.find(({ code }) => code === 'not-measured-on-phone')
    expect(found?.message).toContain(phone.serial)
    expect(found?.hint).toMatch(/^The result is kept\./)
    expect(report.phone).toBeNull()
    expect(phoneRuns).toEqual([])
    expect(existsSync(report.result.path)).toBe(true)
  })

  test('stays where the measuring alone is cancelled', async () => {
    const stopping = new AbortController()
    const { report } = await shrink({ options: { runs: 100_000 }, signal: stopping.signal, onPhase: whenRunning(() => stopping.abort(new AppError({ code: 'cancelled', message: 'The work was cancelled.' }))) })
    expect(report.diagnostics.map(({ code }) => code)).toContain('not-measured-on-phone')
    expect(existsSync(report.result.path)).toBe(true)
    expect(leftovers(phone)).toEqual([])
  })

  test.skipIf(!hasBrowser)('is timed in the phone’s browser where that is asked for, one turn of each', async () => {
    const { report } = await shrink({ options: { adapter: 'browser' } })
    expect(report.phone).toMatchObject({ adapter: 'browser', turns: 1, conditions: { provider: 'wasm' } })
    phone.closeBrowsers()
  })
})
