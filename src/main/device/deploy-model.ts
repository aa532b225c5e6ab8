import type { AdbSettings, DeployOptions, DeployResult, DeviceFacts } from '#shared/device'
import type { DataSource } from '#shared/ipc/jobs'
import type { Conditions } from '#shared/measurement'
import { openCalibrationData } from '../runtime/calibration-data'
import { measurementConditions } from '../runtime/device-conditions'
import { summarizeLatency, timeRun } from '../runtime/latency'
import { hashModelFile, type ModelFile, openModelFile } from '../runtime/model-file'
import type { Feeds, ModelRunner, TensorValue } from '../runtime/model-runner'
import { createOrtRunner } from '../runtime/ort-runner'
import { OutputErrorMeter } from '../runtime/output-error'
import { firstSample } from '../runtime/profile-model'
import { readDeviceFacts } from './device-facts'
import { openDeviceRuntime } from './device-runtime'
import { installRuntime } from './install-runtime'
import { openPhone } from './phone'
import { sweepLeftovers } from './phone-folders'
import { runNative } from './run-native'

/** Runs on the desktop to stand beside the phone's: enough for a median, few enough not to keep the phone waiting. */
const DESKTOP_RUNS = 20
const DESKTOP_BUDGET_MS = 1500
const PROGRESS_MS = 100

export interface DeployModelOptions {
  readonly path: string
  readonly serial: string
  readonly options: DeployOptions
  /** The first sample is run. */
  readonly data: DataSource
  readonly adb: AdbSettings
  /** Local folder of the phones' runtimes. */
  readonly runtimeFolder: string
  readonly scratchFolder: string
  readonly signal: AbortSignal
  readonly progress: (phase: string, fraction: number | null, detail?: string) => void
}

/**
 * Times a model on a phone's CPU, in a program of its own there, and holds its outputs against this computer's on the same
 * input. Leaves nothing on the phone but the runtime, which is pushed once.
 *
 * Outputs are compared with integer kernels that do not saturate (what ARM computes), unless the phone is an x86 one, which
 * computes as this computer does. Throws AppError as `openPhone`, `installRuntime` and `runNative` do, and `cancelled`.
 */
export async function deployModel(deploy: DeployModelOptions): Promise<DeployResult> {
  const { path, serial, options, adb, signal, progress } = deploy
  progress('connecting', 0)
  const phone = await openPhone(serial, adb)
  try {
    const facts = await readDeviceFacts(phone)
    const runtime = openDeviceRuntime(deploy.runtimeFolder, facts.abis)
    await sweepLeftovers(phone)
    progress('reading', 0.02)
    const file = openModelFile(path)
    try {
      const exactIntegers = runtime.abi !== 'x86_64'
      const runner = createOrtRunner({ scratchFolder: deploy.scratchFolder })
      const data = await openCalibrationData(deploy.data, file.model, { dims: options.dims, runner, signal })
      const feeds = await firstSample(data)
      const inputs = data.sampleCount > 1 ? `${data.description}; the first of them` : data.description
      progress('running-here', 0.05)
      const here = await runHere({ runner, path, feeds, options, exactIntegers, signal, inputs })
      const meter = createThroughput(progress, runtime.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) + file.sizeBytes)
      progress('pushing', 0.2)
      const installed = await installRuntime(phone, runtime, { signal, onBytes: meter.add })
      const run = await runNative(phone, {
        runtime,
        runtimeFolder: installed.folder,
        model: file,
        feeds,
        options,
        exactIntegers,
        signal,
        onBytes: meter.add,
        onRun: (done) => (done === null ? progress('starting', 0.6) : progress('running', 0.65 + (0.3 * done) / options.runs, `${String(done)} / ${String(options.runs)}`)),
      })
      progress('comparing', 0.97)
      const { outputs, ...figures } = run
      return {
        facts,
        conditions: phoneConditions(facts, { options, runtime: `onnxruntime ${runtime.onnxruntime}, native ${runtime.abi}`, inputs }),
        latency: summarizeLatency(run.samplesMs),
        samplesMs: figures.samplesMs,
        loadMs: figures.loadMs,
        firstRunMs: figures.firstRunMs,
        peakMemoryBytes: figures.peakMemoryBytes,
        baselineMemoryBytes: figures.baselineMemoryBytes,
        outputError: compareOutputs(here.outputs, outputs),
        desktop: { conditions: here.conditions, latency: here.latency },
        pushed: { modelBytes: file.sizeBytes, runtimeBytes: installed.pushedBytes, bytesPerSecond: meter.bytesPerSecond() },
        model: await describeModel(file, signal),
      }
    } finally {
      file.close()
    }
  } finally {
    await phone.close()
  }
}

/** Maker, model, chip, processor and Android version, as measurements state them. */
function describePhone({ maker, model, soc, abis, androidVersion, serial }: DeviceFacts): string {
  const name = [maker, model].filter((part) => part !== null).join(' ') || serial
  return [name, soc, abis[0], androidVersion === null ? null : `Android ${androidVersion}`].filter((part) => typeof part === 'string').join(', ')
}

function phoneConditions(facts: DeviceFacts, { options, runtime, inputs }: { options: DeployOptions; runtime: string; inputs: string }): Conditions {
  const { threads, warmup, runs } = options
  return { device: describePhone(facts), provider: 'cpu', threads, warmup, runs, runtime, inputs, measuredAt: new Date().toISOString() }
}

interface HereOptions {
  readonly runner: ModelRunner
  readonly path: string
  readonly feeds: Feeds
  readonly options: DeployOptions
  readonly exactIntegers: boolean
  readonly signal: AbortSignal
  readonly inputs: string
}

async function runHere({ runner, path, feeds, options: { runs, threads }, exactIntegers, signal, inputs }: HereOptions) {
  const running = await runner.loadFile(path, { threads, exactIntegers })
  try {
    // Also the warm-up.
    const outputs = await running.run(feeds)
    const samplesMs: number[] = []
    const start = performance.now()
    while (samplesMs.length < Math.min(runs, DESKTOP_RUNS) && (samplesMs.length < 3 || performance.now() - start < DESKTOP_BUDGET_MS)) {
      signal.throwIfAborted()
      samplesMs.push(await timeRun(running, feeds))
    }
    const conditions = await measurementConditions({ provider: 'cpu', threads, warmup: 1, runs: samplesMs.length, inputs })
    return { outputs, latency: summarizeLatency(samplesMs), conditions }
  } finally {
    await running.close()
  }
}

function compareOutputs(expected: ReadonlyMap<string, TensorValue>, actual: ReadonlyMap<string, TensorValue>): DeployResult['outputError'] {
  return [...expected].flatMap(([name, value]) => {
    const other = actual.get(name)
    if (!other) return []
    const meter = new OutputErrorMeter(name)
    meter.add(value, other)
    // What cannot be compared (strings, shapes that depend on the data) has no entry.
    return meter.finish(() => undefined) ?? []
  })
}

async function describeModel({ path, sizeBytes }: ModelFile, signal: AbortSignal): Promise<DeployResult['model']> {
  return { path, sizeBytes, sha256: await hashModelFile(path, signal) }
}

/** Tells how far the pushing is and how fast it goes. `total` is the most that can go out: the phone may have the runtime. */
function createThroughput(progress: DeployModelOptions['progress'], total: number) {
  let sent = 0
  let last = 0
  let pushingMs = 0
  let lastAt: number | null = null
  return {
    add: (bytes: number) => {
      const now = performance.now()
      // Between two files the phone hashes, which is not pushing.
      if (lastAt !== null) pushingMs += Math.min(now - lastAt, PROGRESS_MS)
      lastAt = now
      sent += bytes
      if (now - last < PROGRESS_MS) return
      last = now
      progress('pushing', 0.2 + 0.4 * Math.min(1, sent / total), `${(sent / 1e6).toFixed(1)} MB, ${pushingMs > 0 ? (sent / 1e3 / pushingMs).toFixed(1) : '–'} MB/s`)
    },
    bytesPerSecond: () => (pushingMs === 0 ? null : (sent / pushingMs) * 1000),
  }
}
