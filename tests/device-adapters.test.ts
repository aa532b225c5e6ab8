/** The native runtime with all it can do, several phones at once, and programs of one's own, against the real adbd of the rig. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPhoneRig, type PhoneRig, rigObstacle, type RigPhone } from './fixtures/phone-rig/phone-rig'
import { appRoot, deployToRig, isRuntimeBuilt, leftovers, type RigDeploy } from './fixtures/deploy-to-rig'

/** A loaded machine makes phones slow; nothing here waits for a time to pass. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const obstacle = rigObstacle()

let rig: PhoneRig
let phone: RigPhone
let folder: string
const deploy = (options: RigDeploy = {}) => deployToRig(rig, phone, options)

beforeAll(async () => {
  if (obstacle !== null) return
  folder = mkdtempSync(join(tmpdir(), 'edgefit-adapters-'))
  rig = await createPhoneRig()
  phone = await rig.start('x86_64')
})

afterAll(async () => {
  if (obstacle !== null) return
  await rig.dispose()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(obstacle !== null || !isRuntimeBuilt('x86_64'))('the native runtime', () => {
  test('keeps to chosen cores, gives way, and tells what each kernel costs, found again in the model', async () => {
    const { kernels, adapter, conditions } = await deploy({ options: { kernels: true, cores: [0], niceness: 5, threads: 0 } })
    expect(adapter).toBe('native')
    expect(conditions.provider).toBe('cpu')
    expect(kernels.length).toBeGreaterThan(10)
    expect(kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 5)
    expect(kernels.some(({ nodes }) => nodes.some(({ opType }) => opType === 'Conv'))).toBe(true)
    expect(leftovers(phone)).toEqual([])
  })

  test('gives the accuracy of what the phone computes, which is this computer’s', async () => {
    const dataPath = join(appRoot, 'resources/samples/digits/evaluation.npz')
    const { accuracy } = await deploy({ options: { accuracy: { dataPath, labelsPath: null, metric: 'top-1', limit: 300 } } })
    expect(accuracy).toMatchObject({ metric: 'top-1', samples: 300 })
    expect(accuracy?.phone).toBeGreaterThan(0.9)
    expect(accuracy?.phone).toBe(accuracy?.here)
    expect(leftovers(phone)).toEqual([])
  })

  test('goes on for a time, with temperature, clocks and current beside latency', async () => {
    writeFileSync(join(phone.root, 'system/battery'), 'Current Battery Service state:\n  status: 3\n  level: 80\n  scale: 100\n  voltage: 4000\n  temperature: 351\n')
    try {
      const { sustained } = await deploy({ options: { sustainedSeconds: 5 } })
      expect(sustained?.samples.length).toBeGreaterThanOrEqual(2)
      expect(sustained?.samples[0]).toMatchObject({ batteryC: 35.1, voltage: 4, thermalStatus: 0 })
      expect(sustained?.samples.every(({ runs, p50Ms }) => runs > 0 && p50Ms > 0)).toBe(true)
      // This phone tells no current, so there is no energy, rather than a made-up one.
      expect(sustained?.energyPerInferenceMj).toBeNull()
    } finally {
      rmSync(join(phone.root, 'system/battery'))
    }
  })

  test.skipIf(!existsSync('/sys/class/power_supply') || !existsSync('/sys/class/thermal'))('tells what an inference costs where the phone tells its current, as the kernel gives it', async () => {
    writeFileSync(join(phone.root, 'system/battery'), 'Current Battery Service state:\n  status: 3\n  level: 80\n  scale: 100\n  voltage: 4000\n  temperature: 351\n')
    writeFileSync(join(phone.sensors.battery, 'current_now'), '-500000\n')
    mkdirSync(join(phone.sensors.thermal, 'thermal_zone0'), { recursive: true })
    writeFileSync(join(phone.sensors.thermal, 'thermal_zone0/temp'), '46500\n')
    try {
      const { sustained } = await deploy({ options: { sustainedSeconds: 2 } })
      const samples = sustained?.samples ?? []
      expect(samples[0]).toMatchObject({ currentMa: 500, voltage: 4, hottestC: 46.5 })
      // 2 W, times the seconds of an inference.
      const runs = samples.reduce((sum, sample) => sum + sample.runs, 0)
      const milliseconds = samples.reduce((sum, sample) => sum + sample.runs * sample.p50Ms, 0)
      expect(sustained?.energyPerInferenceMj).toBeCloseTo((2 * milliseconds) / runs, 6)
    } finally {
      rmSync(join(phone.root, 'system/battery'))
      rmSync(join(phone.sensors.battery, 'current_now'))
    }
  })

  test('two phones take ten deploys each at the same time: all finish, each with its own results', async () => {
    const second = await rig.start('x86_64')
    const models = ['resnet.onnx', 'mobilenet.onnx'].map((name) => join(appRoot, 'resources/samples/digits', name))
    const ten = async (target: RigPhone, first: number) => {
      const results = []
      for (let turn = 0; turn < 10; turn++) results.push(await deployToRig(rig, target, { path: models[(turn + first) % 2] ?? '', options: { runs: 3 } }))
      return results
    }
    const [here, there] = await Promise.all([ten(phone, 0), ten(second, 1)])
    for (const [target, results, first] of [[phone, here, 0], [second, there, 1]] as const) {
      expect(results.map(({ facts }) => facts.serial)).toEqual(Array.from({ length: 10 }, () => target.serial))
      expect(results.map(({ model }) => model.path)).toEqual(Array.from({ length: 10 }, (_, turn) => models[(turn + first) % 2]))
      for (const { outputError } of results) for (const { maxAbs } of outputError) expect(maxAbs).toBeLessThanOrEqual(1e-4)
      expect(leftovers(target)).toEqual([])
    }
  })
})

describe.skipIf(obstacle !== null)('a program of one’s own', () => {
  const program = `#!/bin/sh
# bench FOLDER MODEL RUNS
[ -s "$2" ] || exit 3
cp "$4" "$5"
echo "loaded in 12.5 ms"
for run in $(seq "$3"); do echo "run $run took 1500 us"; done
echo "peak 20480 kB"
`

  function manifest(name: string, change: object = {}): string {
    const own = join(folder, name)
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'my "bench" $(id) 中文.sh'), program)
    chmodSync(join(own, 'my "bench" $(id) 中文.sh'), 0o755)
    const path = join(own, 'manifest.json')
    writeFileSync(
      path,
      JSON.stringify({
        name: 'my bench',
        push: [{ path: 'my "bench" $(id) 中文.sh', executable: true }],
        command: ['{folder}/my "bench" $(id) 中文.sh', '$(touch /tmp/interpreted)', '{model}', '{runs}', '{inputs}', '{outputs}'],
        numbers: { latency: { pattern: 'took (\\d+) us', unit: 'us' }, load: { pattern: 'loaded in ([\\d.]+) ms', unit: 'ms' }, peakMemory: { pattern: 'peak (\\d+) kB', unit: 'kB' } },
        ...change,
      }),
    )
    return path
  }

  test('runs as its manifest says, its numbers are read, and no word of it is interpreted', async () => {
    const { adapter, samplesMs, loadMs, peakMemoryBytes, conditions, outputError } = await deploy({ options: { adapter: 'custom', manifestPath: manifest('good'), runs: 4 } })
    expect({ adapter, samplesMs, loadMs, peakMemoryBytes }).toEqual({ adapter: 'custom', samplesMs: [1.5, 1.5, 1.5, 1.5], loadMs: 12.5, peakMemoryBytes: 20480 * 1024 })
    expect(conditions.runtime).toBe('my bench')
    // What it wrote as outputs has no name of the model's outputs.
    expect(outputError).toEqual([])
    expect(existsSync(join(phone.root, 'tmp/interpreted'))).toBe(false)
    expect(leftovers(phone)).toEqual([])
  })

  test.each([
    ['a pattern that finds nothing', { numbers: { latency: { pattern: 'latency=(\\d+)', unit: 'ms' } } }, 'invalid-data'],
    ['a pattern without a group', { numbers: { latency: { pattern: '\\d+', unit: 'ms' } } }, 'invalid-data'],
    ['a program that fails', { command: ['{folder}/my "bench" $(id) 中文.sh', '', '/absent', '1', '{inputs}', '{outputs}'] }, 'engine-crashed'],
    ['a file outside the folder', { push: [{ path: '../good/manifest.json' }] }, 'path-escapes-folder'],
    ['a file that is not there', { push: [{ path: 'absent' }] }, 'not-found'],
    ['a field that is not known', { comand: [] }, 'invalid-data'],
  ])('%s is an error that says so', async (name, change, code) => {
    await expect(deploy({ options: { adapter: 'custom', manifestPath: manifest(name.replaceAll(' ', '-'), change) } })).rejects.toMatchObject({ code })
    expect(leftovers(phone)).toEqual([])
  })
})
