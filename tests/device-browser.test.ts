/** onnxruntime-web in a phone's browser: Chromium inside the phone's own network, through a real tunnel of adb. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { canFreezeThreads, freezeThread, threadsNamed } from './fixtures/phone-rig/freeze-thread'
import { canEmulateArm64, createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from './fixtures/phone-rig/phone-rig'
import { deployToRig, hasBrowser, type RigDeploy } from './fixtures/deploy-to-rig'

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()
if (!hasBrowser) console.log('Skipped: the browser runtime, because Chromium is not installed.')

let rig: PhoneRig
let phone: RigPhone
const deploy = (options: RigDeploy = {}) => deployToRig(rig, phone, options)

beforeAll(async () => {
  if (obstacle !== null || !hasBrowser) return
  rig = await createPhoneRig()
  phone = await rig.start('x86_64')
})

afterAll(async () => {
  if (obstacle === null && hasBrowser) await rig.dispose()
})

describe.skipIf(obstacle !== null || !hasBrowser)('the browser runtime', () => {
  test('runs the model in the phone’s browser, through a tunnel that is gone afterwards', async () => {
    const { adapter, conditions, outputError, facts, latency } = await deploy({ options: { adapter: 'browser' } })
    expect(adapter).toBe('browser')
    expect(conditions.runtime).toMatch(/^onnxruntime-web 1\.\d+\.\d+, wasm, \d+ threads?, Chrome \d+$/)
    expect(conditions.provider).toBe('wasm')
    expect(facts.serial).toBe(phone.serial)
    expect(latency.p50Ms).toBeGreaterThan(0)
    expect(outputError).toHaveLength(1)
    for (const { maxAbs } of outputError) expect(maxAbs).toBeLessThanOrEqual(1e-4)
    expect(rig.tunnels(phone)).toEqual([])
  })

  test.skipIf(!canEmulateArm64())('runs the model in the browser of an arm64 phone, too', async () => {
    // The browser is this computer's; the phone around it says that it is arm64.
    const arm = await rig.start('arm64-v8a')
    const { conditions, facts, outputError } = await deployToRig(rig, arm, { options: { adapter: 'browser' } })
    expect(facts.abis).toEqual(['arm64-v8a'])
    expect(conditions.provider).toBe('wasm')
    expect(outputError).toHaveLength(1)
    for (const { maxAbs } of outputError) expect(maxAbs).toBeLessThanOrEqual(1e-4)
    expect(rig.tunnels(arm)).toEqual([])
    await arm.stop()
  })

  test('says so where the phone has no browser, and where the page is closed in the middle', async () => {
    writeFileSync(join(phone.root, 'system/no-browser'), '')
    try {
      await expect(deploy({ options: { adapter: 'browser' } })).rejects.toMatchObject({ code: 'not-supported', message: expect.stringContaining('opened no browser') as string })
    } finally {
      rmSync(join(phone.root, 'system/no-browser'))
    }
    const closed = deploy({ options: { adapter: 'browser', runs: 100_000 }, onPhase: (phase) => phase === 'running' && phone.closeBrowsers() })
    await expect(closed).rejects.toMatchObject({ code: 'device-lost' })
    expect(rig.tunnels(phone)).toEqual([])
  })

  test.skipIf(!canFreezeThreads())('an inference that never ends is given up though the page is alive', async () => {
    let release = Promise.resolve(() => undefined as void)
    let frozen = false
    const stuck = deploy({
      options: { adapter: 'browser', runs: 100_000 },
      onPhase: (phase) => {
        if (phase !== 'running' || frozen) return
        frozen = true
        release = freezeThread(onlyOne(phone.browsers().flatMap((pid) => threadsNamed(pid, 'DedicatedWorker'))))
      },
    })
    await expect(stuck).rejects.toMatchObject({ code: 'device-lost', message: expect.stringMatching(/inference on .* had not ended after \d+ s/) as string })
    const letGo = await release
    letGo()
    expect(rig.tunnels(phone)).toEqual([])
  })

  test('a cancelled run ends at once and closes its tunnel', async () => {
    const stopping = new AbortController()
    const run = deploy({ options: { adapter: 'browser', runs: 100_000 }, signal: stopping.signal, onPhase: (phase) => phase === 'running' && stopping.abort() })
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
    expect(rig.tunnels(phone)).toEqual([])
  })
})

function onlyOne(values: readonly number[]): number {
  const [first, ...others] = values
  if (first === undefined || others.length > 0) throw new Error(`one is expected, not ${String(values.length)}`)
  return first
}
