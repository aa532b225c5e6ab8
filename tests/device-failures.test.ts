/** What goes wrong with a phone, at each phase of a deploy: one clear error soon, nothing left, and the next deploy works. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { AppError } from '#shared/errors'
import { openPhone } from '../src/main/device/phone'
import { PHONE_ROOT } from '../src/main/device/phone-folders'
import { createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from './fixtures/phone-rig/phone-rig'
import { deployToRig, isRuntimeBuilt, leftovers } from './fixtures/deploy-to-rig'

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()
/** Enough runs to be in the middle of them. */
const LONG = 100_000
/** Pushing, hashing on the phone, loading, running, and pulling the outputs. */
const PHASES = ['pushing', 'checking', 'starting', 'running', 'comparing']

let rig: PhoneRig
let phone: RigPhone

beforeAll(async () => {
  if (obstacle !== null) return
  rig = await createPhoneRig()
  phone = await rig.start('x86_64')
  // The runtime is there already: what follows is about the model.
  if (isRuntimeBuilt('x86_64')) await deployToRig(rig, phone)
})

beforeEach(async () => {
  if (obstacle === null) await rig.ensureReady(phone)
})

afterAll(async () => {
  if (obstacle === null) await rig.dispose()
})

/** Does `act` as soon as the deploy reaches `phase`, once. Resolves with its error; how soon it comes, the bench `deploy` tells. */
async function disturb(phase: string, act: () => unknown, signal?: AbortSignal): Promise<AppError> {
  let acted = false
  let acting = Promise.resolve<unknown>(null)
  const onPhase = (reached: string) => {
    if (reached !== phase || acted) return
    acted = true
    acting = Promise.resolve(act())
  }
  try {
    await deployToRig(rig, phone, { options: { runs: phase === 'running' ? LONG : 5 }, ...(signal && { signal }), onPhase })
  } catch (error) {
    if (!(error instanceof AppError) || !acted) throw error
    await acting
    return error
  }
  throw new Error(`the deploy ended well, though it was disturbed at '${phase}'`)
}

describe.skipIf(obstacle !== null || !isRuntimeBuilt('x86_64'))('while it is at', () => {
  test.each(PHASES)('%s, the phone is unplugged: it ends with the reason, and after replugging the next deploy works and sweeps', async (phase) => {
    const error = await disturb(phase, () => phone.stop())
    expect(error.code).toBe('device-lost')
    expect(error.message).toContain(phone.serial)
    await phone.replug()
    await rig.reconnect(phone)
    expect((await deployToRig(rig, phone)).samplesMs).toHaveLength(5)
    expect(leftovers(phone)).toEqual([])
  })

  test.each(PHASES)('%s, adb’s server is killed: it ends with the reason, and the next deploy works and sweeps', async (phase) => {
    const error = await disturb(phase, () => rig.killServer())
    expect(error.code).toBe('device-lost')
    await rig.reconnect(phone)
    expect((await deployToRig(rig, phone)).samplesMs).toHaveLength(5)
    expect(leftovers(phone)).toEqual([])
  })

  test.each(PHASES.slice(0, 4))('%s, it is cancelled: it ends at once and leaves nothing', async (phase) => {
    const stopping = new AbortController()
    const error = await disturb(phase, () => stopping.abort(new AppError({ code: 'cancelled', message: 'The work was cancelled.' })), stopping.signal)
    expect(error.code).toBe('cancelled')
    expect(leftovers(phone)).toEqual([])
  })

  test('pushing the model, the disk is full: the error says so and nothing of the model stays', async () => {
    // Room for the runtime, but not for the model as well.
    const small = await rig.start('x86_64', { tmpfsMB: 50 })
    await expect(deployToRig(rig, small)).rejects.toMatchObject({ code: 'disk-full' })
    // Its disk is seen from inside alone.
    const connection = await openPhone(small.serial, rig.adb)
    try {
      expect((await connection.run(`ls ${PHONE_ROOT}`)).stdout).toMatch(/^runtime-[\w-]+\n$/)
    } finally {
      await connection.close()
    }
  })
})
