import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { DeployOptions } from '#shared/deploy'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, filledTensor } from '#shared/onnx/testing/build-model'
import { readRules } from '../../src/main/device/choose-plan'
import { deployModel } from '../../src/main/device/deploy-model'
import { deviceRuntimeFolder } from '../../src/main/device/device-runtime'
import { createDeviceService } from '../../src/main/device/device-service'
import { openPhone } from '../../src/main/device/phone'
import { PHONE_ROOT } from '../../src/main/device/phone-folders'
import { collectGarbage } from '../../src/main/runtime/process-memory'
import { deployToRig, runnerPid } from '../fixtures/deploy-to-rig'
import { canFreezeThreads, freezeThread } from '../fixtures/phone-rig/freeze-thread'
import { createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from '../fixtures/phone-rig/phone-rig'
import { type Bench, type BenchContext, type Figure, spreadOf } from './bench'

const WIDTH = 969
const LAYERS = 4
const PUSHED_BYTES = 100e6
const IDLE_SECONDS = 12
const PHASES = ['pushing', 'checking', 'starting', 'running', 'comparing']
const PHONE_FILE = '/data/local/tmp/edgefit-bench.bin'
const run = promisify(execFile)

export const deploy: Bench = {
  name: 'deploy',
  title: 'Phones: deploying a 15 MB model, pushing, and watching for phones (x86_64 rig: real adb and adbd, loopback)',
  async *run(context) {
    const obstacle = rigObstacle()
    if (obstacle !== null) throw new Error(`no phone can be had here: ${obstacle}`)
    const rig = await createPhoneRig()
    try {
      const phone = await rig.start('x86_64')
      yield* deploys(rig, phone, context)
      yield* pushes(rig, phone, context)
      yield await idle(rig, context)
      yield* failures(rig, phone)
    } finally {
      await rig.dispose()
    }
  },
}

/** From the start of the deploy to its whole result, the runs on this computer and the phone's twenty included. */
async function* deploys(rig: PhoneRig, phone: RigPhone, { repository, scratch, runs }: BenchContext): AsyncGenerator<Figure> {
  const path = join(scratch, 'fifteen-megabytes.onnx')
  writeFileSync(path, joinPieces(encodeModel(fifteenMegabytes())))
  const once = async (): Promise<number> => {
    const started = performance.now()
    await deployModel({
      path,
      serial: phone.serial,
      options: DeployOptions.parse({ runs: 20, warmup: 2, threads: 1 }),
      data: { kind: 'synthetic', samples: 1 },
      adb: rig.adb,
      rules: readRules(repository),
      runtimeFolder: deviceRuntimeFolder(repository),
      scratchFolder: scratch,
      signal: new AbortController().signal,
      progress: () => undefined,
    })
    return (performance.now() - started) / 1000
  }
  // onnxruntime is loaded into this process once, which is not the phone's time.
  await once()
  const first: number[] = []
  const cached: number[] = []
  for (let turn = 0; turn < Math.min(runs, 7); turn++) {
    for (const name of readdirSync(join(phone.root, PHONE_ROOT))) rmSync(join(phone.root, PHONE_ROOT, name), { recursive: true })
    first.push(await once())
    cached.push(await once())
  }
  yield { name: 'first deploy, with the 52 MB runtime', unit: 's', ...spreadOf(first), atMost: 6 }
  yield { name: 'deploy with the runtime on the phone', unit: 's', ...spreadOf(cached), atMost: 3 }
}

function fifteenMegabytes() {
  const value = (layer: number) => `v${String(layer)}`
  return buildModel({
    inputs: { [value(0)]: `float32[1,${String(WIDTH)}]` },
    outputs: { [value(LAYERS)]: `float32[1,${String(WIDTH)}]` },
    initializers: Object.fromEntries(Array.from({ length: LAYERS }, (_, layer) => [`w${String(layer)}`, filledTensor('float32', [WIDTH, WIDTH], 0.002, -0.001, 0.0007, 0.0013, -0.002)])),
    nodes: Array.from({ length: LAYERS }, (_, layer) => `${value(layer + 1)} = MatMul(${value(layer)}, w${String(layer)})`),
  })
}

/** Ours and `adb push` in turns, so that what the machine does besides troubles both alike. */
async function* pushes(rig: PhoneRig, phone: RigPhone, { scratch, runs }: BenchContext): AsyncGenerator<Figure> {
  const path = join(scratch, 'to-push.bin')
  writeFileSync(path, randomFillSync(Buffer.alloc(PUSHED_BYTES)))
  const connection = await openPhone(phone.serial, rig.adb)
  const ratios: number[] = []
  const rates: number[] = []
  try {
    for (let turn = 0; turn < Math.max(3, Math.min(runs, 15)); turn++) {
      const ours = await timed(() => connection.push(path, PHONE_FILE, { mode: 0o644 }))
      const theirs = await timed(() => run('adb', ['-P', String(rig.adb.port), '-s', phone.serial, 'push', path, PHONE_FILE]))
      ratios.push(ours / theirs)
      rates.push(PUSHED_BYTES / 1e3 / ours)
    }
  } finally {
    await connection.run(`rm -f ${PHONE_FILE}`)
    await connection.close()
  }
  const { value: rate } = spreadOf(rates)
  yield { name: 'time to push 100 MB, against `adb push`', unit: '×', ...spreadOf(ratios), atMost: 1.25, note: `${rate.toFixed(0)} MB/s, its SHA-256 taken on the way; at most 1.25 × the time is at least 0.8 × the throughput` }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Of this process: the user's adb server has its own. */
async function idle(rig: PhoneRig, { repository }: BenchContext): Promise<Figure> {
  const service = createDeviceService({ settings: () => rig.adb, appRoot: repository, onChange: () => undefined })
  try {
    await service.watch()
    // What deploying and pushing left to V8 is not the watching's.
    collectGarbage()
    await sleep(1000)
    const before = process.cpuUsage()
    await sleep(IDLE_SECONDS * 1000)
    const { user, system } = process.cpuUsage(before)
    return { name: 'processor time for each second of watching for phones', unit: 'ms', value: (user + system) / 1000 / IDLE_SECONDS, runs: 1, atMost: 10, note: '10 ms in a second are 1 %' }
  } finally {
    service.dispose()
  }
}

/** From what goes wrong to the error that tells of it; the worst of the phases. */
async function* failures(rig: PhoneRig, phone: RigPhone): AsyncGenerator<Figure> {
  const unplugged: number[] = []
  const killed: number[] = []
  for (const phase of PHASES) {
    unplugged.push(await untilError(rig, phone, phase, () => phone.stop()))
    await phone.replug()
    await rig.reconnect(phone)
    killed.push(await untilError(rig, phone, phase, () => rig.killServer()))
    await rig.reconnect(phone)
  }
  const worst = (name: string, seconds: readonly number[]): Figure => ({ name, unit: 's', value: Math.max(...seconds), runs: seconds.length, atMost: 10, note: 'the worst of the phases' })
  yield worst('phone unplugged, until the error', unplugged)
  yield worst('adb server killed, until the error', killed)
  const hung = await untilError(rig, phone, 'running', async () => process.kill(await runnerPid(rig, phone), 'SIGSTOP'))
  yield { name: 'runner stopped, until the error', unit: 's', value: hung, runs: 1, atMost: 10 }
  if (!canFreezeThreads()) return
  let release = () => undefined as void
  const endless = await untilError(rig, phone, 'running', async () => (release = await freezeThread(await runnerPid(rig, phone))))
  release()
  yield { name: 'inference that never ends, until the error', unit: 's', value: endless, runs: 1, atMost: 10 }
}

/** Does `act` as soon as a deploy reaches `phase`; resolves with the seconds from there to the deploy's error. */
async function untilError(rig: PhoneRig, phone: RigPhone, phase: string, act: () => unknown): Promise<number> {
  let at: number | null = null
  let acting = Promise.resolve<unknown>(null)
  const onPhase = (reached: string) => {
    if (reached !== phase || at !== null) return
    at = performance.now()
    acting = Promise.resolve(act())
  }
  const failed = await deployToRig(rig, phone, { options: { runs: phase === 'running' ? 100_000 : 5 }, onPhase }).then(
    () => false,
    () => true,
  )
  if (!failed || at === null) throw new Error(`nothing failed at '${phase}'`)
  const seconds = (performance.now() - at) / 1000
  await acting
  return seconds
}
