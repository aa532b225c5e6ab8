/** Phones over the real adb, against the real adbd of the rig. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DeviceList } from '#shared/device'
import { AppError } from '#shared/errors'
import { createDeviceService } from '../src/main/device/device-service'
import { openPhone } from '../src/main/device/phone'
import { PHONE_ROOT } from '../src/main/device/phone-folders'
import { quoteShell } from '../src/main/device/quote-shell'
import { isAlive } from '../src/main/runtime/is-alive'
import { appRoot, deployToRig, digits as model, isRuntimeBuilt, leftovers, type RigDeploy, runnerPid } from './fixtures/deploy-to-rig'
import { canFreezeThreads, freezeThread } from './fixtures/phone-rig/freeze-thread'
import { canEmulateArm64, createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from './fixtures/phone-rig/phone-rig'

const built = isRuntimeBuilt
/** Enough runs to be in the middle of them when something happens. */
const LONG = 100_000

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()
if (obstacle !== null) console.log(`Skipped: phones, because ${obstacle}.`)
else if (!built('x86_64')) console.log('Skipped: running on phones, because the runtime is not built (npm run build:device-runtime).')
else if (!canEmulateArm64() || !built('arm64-v8a')) console.log('Skipped: the arm64 phone, because qemu-user-static or its runtime is missing.')

let rig: PhoneRig
let folder: string

beforeAll(async () => {
  if (obstacle !== null) return
  folder = mkdtempSync(join(tmpdir(), 'edgefit-deploy-'))
  rig = await createPhoneRig()
})

afterAll(async () => {
  if (obstacle !== null) return
  await rig.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const deploy = (phone: RigPhone, options: RigDeploy = {}) => deployToRig(rig, phone, options)

/** Does `act` when the runs are under way; resolves with the error of the deploy, which does not outlive this where `act` fails. */
async function disturb(phone: RigPhone, act: () => unknown): Promise<AppError> {
  let start = () => undefined as void
  const started = new Promise<void>((resolve) => (start = resolve))
  const stopping = new AbortController()
  const deployed = deploy(phone, { options: { runs: LONG }, signal: stopping.signal, onPhase: (phase) => phase === 'running' && start() })
  const ended = deployed.then(
    () => new Error('the deploy ended well'),
    (error: unknown) => error,
  )
  await Promise.race([started, ended])
  try {
    await act()
  } catch (error) {
    stopping.abort()
    await ended
    throw error
  }
  const error = await ended
  if (!(error instanceof AppError)) throw error
  return error
}

describe.skipIf(obstacle !== null)('a phone', () => {
  let phone: RigPhone
  beforeAll(async () => (phone = await rig.start('x86_64')))

  test('is listed with what it is, and its coming and going is told', async () => {
    const heard: DeviceList[] = []
    const service = createDeviceService({ settings: () => rig.adb, appRoot, onChange: (list) => heard.push(list) })
    try {
      expect((await service.watch()).devices).toContainEqual({ serial: phone.serial, state: 'ready', name: phone.serial, hint: null })
      expect(await service.facts(phone.serial)).toMatchObject({ maker: 'Rig', abis: ['x86_64'], androidVersion: '14', battery: { temperatureC: 28.7 } })
      const second = await rig.start('x86_64')
      const told = (one: RigPhone) => heard.at(-1)?.devices.find(({ serial }) => serial === one.serial)?.state ?? 'gone'
      await expect.poll(() => [phone, second].map(told), { timeout: 60_000 }).toEqual(['ready', 'ready'])
      await second.stop()
      await expect.poll(() => told(second), { timeout: 60_000 }).not.toBe('ready')
      await expect(service.facts(second.serial)).rejects.toMatchObject({ name: 'AppError' })
    } finally {
      service.dispose()
    }
  })

  test('takes every quoted word literally, as an argument and as a file name', async () => {
    const connection = await openPhone(phone.serial, rig.adb)
    try {
      const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom("'", '"', '$(id)', '`id`', '\n', '\\', '中文', '📱')).map((text) => text.replaceAll('\0', ''))
      await fc.assert(
        fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), async (words) => {
          const { stdout } = await connection.run(`printf '%s\\0' ${words.map(quoteShell).join(' ')}`)
          expect(stdout.split('\0').slice(0, -1)).toEqual(words)
        }),
        { numRuns: 60 },
      )
      const name = '/data/local/tmp/it\'s $(touch /tmp/interpreted) "中文" 📱,\n.bin'
      await connection.push(new Uint8Array([1, 2, 3]), name, { mode: 0o644 })
      expect([...(await connection.pull(name))]).toEqual([1, 2, 3])
      expect(await connection.run(`rm ${quoteShell(name)}`)).toMatchObject({ exitCode: 0 })
      expect(existsSync(join(phone.root, 'tmp/interpreted'))).toBe(false)
    } finally {
      await connection.close()
    }
  })
})

describe.skipIf(obstacle !== null || !built('x86_64'))('deploying to a phone', () => {
  let phone: RigPhone
  beforeAll(async () => (phone = await rig.start('x86_64')))

  test('runs the model there, brings its outputs home, leaves only the runtime, and pushes that once', async () => {
    const path = join(folder, 'it\'s $(touch x) "模型" 📱\n.onnx')
    copyFileSync(model, path)
    rmSync(join(phone.root, PHONE_ROOT), { recursive: true, force: true })
    const first = await deploy(phone, { path })
    expect(first.pushed.runtimeBytes).toBeGreaterThan(10e6)
    expect(first.samplesMs).toHaveLength(5)
    expect(first.peakMemoryBytes).toBeGreaterThan(first.baselineMemoryBytes ?? Number.NaN)
    expect(first.outputError).toHaveLength(1)
    for (const { maxAbs, cosine } of first.outputError) {
      expect(maxAbs).toBeLessThanOrEqual(1e-4)
      expect(cosine).toBeGreaterThan(0.999999)
    }
    expect(leftovers(phone)).toEqual([])
    const second = await deploy(phone)
    expect(second.pushed.runtimeBytes).toBe(0)
    expect(second.model.sha256).toBe(first.model.sha256)
  })

  test('a damaged runtime on the phone is never run: it is pushed again', async () => {
    await deploy(phone)
    const own = join(phone.root, PHONE_ROOT)
    const name = readdirSync(own).find((entry) => entry.startsWith('runtime-')) ?? ''
    truncateSync(join(own, name, 'libonnxruntime.so.1'), 1000)
    expect((await deploy(phone)).pushed.runtimeBytes).toBeGreaterThan(10e6)
  })

  test('a runner that crashes is an error that says so', async () => {
    const error = await disturb(phone, async () => process.kill(await runnerPid(rig, phone), 'SIGSEGV'))
    expect(error).toMatchObject({ code: 'engine-crashed', message: expect.stringMatching(/signal 11/) as string })
    expect(leftovers(phone)).toEqual([])
  })

  test('a runner that hangs is given up, and ended', async () => {
    let pid = 0
    const error = await disturb(phone, async () => process.kill((pid = await runnerPid(rig, phone)), 'SIGSTOP'))
    expect(error.code).toBe('device-lost')
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
    expect(leftovers(phone)).toEqual([])
  })

  test.skipIf(!canFreezeThreads())('an inference that never ends is given up though the runner is alive, and ended', async () => {
    let pid = 0
    let release = () => undefined as void
    const error = await disturb(phone, async () => (release = await freezeThread((pid = await runnerPid(rig, phone)))))
    release()
    expect(error).toMatchObject({ code: 'device-lost', message: expect.stringMatching(/inference on .* had not ended after \d+ s/) as string })
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
    expect(leftovers(phone)).toEqual([])
  })

  test('a full disk is an error that says so, and leaves nothing', async () => {
    const small = await rig.start('x86_64', { tmpfsMB: 16 })
    await expect(deploy(small)).rejects.toMatchObject({ code: 'disk-full' })
    const connection = await openPhone(small.serial, rig.adb)
    try {
      expect((await connection.run(`ls ${PHONE_ROOT}`)).stdout).toBe('')
    } finally {
      await connection.close()
    }
  })

  test.skipIf(!canEmulateArm64() || !built('arm64-v8a'))('an arm64 phone computes what this computer does', async () => {
    const arm = await rig.start('arm64-v8a')
    const { facts, outputError, conditions } = await deploy(arm, { options: { runs: 2 } })
    expect(facts.abis).toEqual(['arm64-v8a'])
    expect(conditions.runtime).toContain('arm64-v8a')
    for (const { maxAbs } of outputError) expect(maxAbs).toBeLessThanOrEqual(1e-4)
  })
})
