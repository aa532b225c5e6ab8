/** The job queue with phones: deploys to different ones run side by side, everything else waits; what was measured is kept. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { sample } from '../src/main/host/testing/sample'
import { createTestShell, type TestShell } from '../src/main/host/testing/test-shell'
import { createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from './fixtures/phone-rig/phone-rig'
import { isRuntimeBuilt } from './fixtures/deploy-to-rig'

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()

describe.skipIf(obstacle !== null || !isRuntimeBuilt('x86_64'))('with two phones', () => {
  let rig: PhoneRig
  let phones: RigPhone[]
  let studio: TestShell

  beforeAll(async () => {
    rig = await createPhoneRig()
    phones = [await rig.start('x86_64'), await rig.start('x86_64')]
    studio = createTestShell()
  })

  afterAll(async () => {
    await studio.dispose()
    await rig.dispose()
  })

  test('deploys to both overlap, a second one to the same phone and a profile wait for them, and the results are kept by phone', async () => {
    const client = studio.client('window')
    await client.request('settings.update', { adb: rig.adb })
    const [first, second] = phones.map(({ serial }) => serial)
    if (first === undefined || second === undefined) throw new Error('there are two phones')
    const data = { kind: 'synthetic', samples: 1 } as const
    // Long enough for the other to come to it.
    const deploy = async (serial: string, sustainedSeconds: number) => (await client.request('job.start', { kind: 'deploy', params: { modelPath: sample.model, serial, options: { runs: 3, sustainedSeconds }, data } })).jobId
    const a = await deploy(first, 6)
    const b = await deploy(second, 6)
    const c = await deploy(first, 0)
    const { jobId: profile } = await client.request('job.start', { kind: 'profile', params: { modelPath: sample.model, options: { runs: 3 }, data } })
    const ends = await Promise.all([a, b, c, profile].map((id) => client.jobEnd(id)))
    expect(ends.map(({ type }) => type)).toEqual(['done', 'done', 'done', 'done'])

    const order = client.events.flatMap((event) => (event.name === 'job' && event.payload.type !== 'queued' ? [event.payload] : []))
    const begins = (id: string) => order.findIndex(({ jobId }) => jobId === id)
    const endsAt = (id: string) => order.findIndex(({ jobId, type }) => jobId === id && type === 'done')
    expect(begins(b)).toBeLessThan(endsAt(a))
    expect(begins(c)).toBeGreaterThan(endsAt(a))
    for (const id of [a, b, c]) expect(begins(profile)).toBeGreaterThan(endsAt(id))

    const runs = await client.request('devices.runs', {})
    expect(runs.map(({ result }) => result.facts.serial).toSorted()).toEqual([first, first, second].toSorted())
    await client.request('devices.forgetRun', { id: runs[0]?.id ?? '' })
    expect(await client.request('devices.runs', {})).toHaveLength(2)
  })
})
