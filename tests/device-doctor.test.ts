/** What is wrong with a phone before anything is deployed to it, and what is done about it, against the real adbd of the rig. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createDeviceService } from '../src/main/device/device-service'
import { appRoot, deployToRig, hasBrowser, isRuntimeBuilt } from './fixtures/deploy-to-rig'
import { createPhoneRig, type PhoneRig, rigObstacle } from './fixtures/phone-rig/phone-rig'

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()
let rig: PhoneRig

beforeAll(async () => {
  if (obstacle === null) rig = await createPhoneRig()
})

afterAll(async () => {
  if (obstacle === null) await rig.dispose()
})

async function examine(serial: string) {
  const service = createDeviceService({ settings: () => rig.adb, appRoot, onChange: () => undefined })
  try {
    return await service.examine(serial)
  } finally {
    service.dispose()
  }
}

describe.skipIf(obstacle !== null || !isRuntimeBuilt('x86_64'))('the doctor', () => {
  test('finds nothing wrong with a phone that is well, and says what would make its figures poor', async () => {
    const phone = await rig.start('x86_64')
    const checks = await examine(phone.serial)
    expect(checks.filter(({ status, check }) => status !== 'ok' && (hasBrowser || check !== 'browser'))).toEqual([])
    expect(checks.map(({ check }) => check)).toEqual(expect.arrayContaining(['computer', 'adb', 'server', 'permission', 'programs', 'tunnel', 'hashing', 'loader']))

    writeFileSync(join(phone.root, 'system/power'), '  mWakefulness=Asleep\n')
    writeFileSync(join(phone.root, 'system/settings.low_power'), '1\n')
    writeFileSync(join(phone.root, 'system/thermalservice'), 'Thermal Status: 3\n')
    rmSync(join(phone.root, 'system/bin/am'))
    const poor = await examine(phone.serial)
    expect(poor.find(({ check }) => check === 'condition')).toMatchObject({ status: 'warning', message: 'Figures would be poor: the screen is off, the battery saver is on, it is hot (thermal status 3).' })
    expect(poor.find(({ check }) => check === 'programs')).toMatchObject({ status: 'warning', message: expect.stringContaining('am (the browser cannot be opened)') as string })
    await phone.stop()
  })

  test('says why a phone runs no programs of ours, and a deploy then takes its browser', async () => {
    const phone = await rig.start('x86_64', { tmpfsMB: 200, noexec: true })
    const checks = await examine(phone.serial)
    expect(checks.find(({ check }) => check === 'loader')).toMatchObject({ status: 'failed', message: expect.stringMatching(/Permission denied.*noexec/i) as string, hint: expect.stringContaining('--runtime browser') as string })
    await expect(deployToRig(rig, phone, { options: { adapter: 'native' } })).rejects.toMatchObject({ code: 'not-supported', message: expect.stringContaining('noexec') as string })
    if (!hasBrowser) return
    const { adapter, plan, outputError } = await deployToRig(rig, phone)
    expect(adapter).toBe('browser')
    expect(plan.reasons[0]).toMatchObject({ rule: 'native-refused' })
    for (const { maxAbs } of outputError) expect(maxAbs).toBeLessThanOrEqual(1e-4)
    await phone.stop()
  })
})
