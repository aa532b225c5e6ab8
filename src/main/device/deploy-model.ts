import { type DeployOptions, type DeployPlan, type DeployResult, NETWORK_SERIAL, type SustainedSample } from '#shared/deploy'
import type { AdbSettings, DeviceFacts } from '#shared/device'
import { AppError, toErrorData } from '#shared/errors'
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
import { accuracyOnPhone } from './accuracy-on-phone'
import { choosePlan, type Rules } from './choose-plan'
import { type AdapterRequest, type DecidedOptions, loadAdapter, type PreparedRun } from './device-adapter'
import { readDeviceFacts, unknownFacts } from './device-facts'
import { openPhone, type Phone } from './phone'
import { sweepLeftovers } from './phone-folders'
import { summarizeSustained } from './summarize-sustained'
import { takeTurns } from './take-turns'
import { watchConditions } from './watch-conditions'

/** Runs on the desktop to stand beside the phone's: enough for a median, few enough not to keep the phone waiting. */
const DESKTOP_RUNS = 20
const DESKTOP_BUDGET_MS = 1500
const PROGRESS_MS = 100
/** No phone takes so many times this computer's time: its inference has hung. */
const SLOWEST_PHONE = 200

export interface DeployModelOptions {
  readonly path: string
  /** Of a phone over adb, or NETWORK_SERIAL. */
  readonly serial: string
  readonly options: DeployOptions
  /** The first sample is run. */
  readonly data: DataSource
  readonly adb: AdbSettings
  readonly rules: Rules
  /** Local folder of the phones' runtimes. */
  readonly runtimeFolder: string
  readonly scratchFolder: string
  readonly signal: AbortSignal
  readonly progress: (phase: string, fraction: number | null, detail?: string) => void
}

/**
 * Times a model on a phone and holds its outputs against this computer's on the same input. How it runs there is the
 * adapter's matter, which the options name or the rules choose. Leaves nothing on the phone but the native runtime, which is
 * pushed once. Throws AppError as `openPhone` and the adapters do, and `cancelled`.
 */
export async function deployModel(deploy: DeployModelOptions): Promise<DeployResult> {
  deploy.progress('connecting', 0)
  if (deploy.serial === NETWORK_SERIAL) return deployTo(null, unknownFacts(NETWORK_SERIAL), deploy)
  const phone = await openPhone(deploy.serial, deploy.adb)
  try {
    const facts = await readDeviceFacts(phone)
    await sweepLeftovers(phone)
    return await deployTo(phone, facts, deploy)
  } finally {
    await phone.close()
  }
}

/** Where the phone does not run our program, and nothing was asked for that only it can do, its browser takes its place. */
async function deployTo(phone: Phone | null, facts: DeviceFacts, deploy: DeployModelOptions): Promise<DeployResult> {
  const plan = choosePlan(deploy.rules, facts, { network: phone === null })
  try {
    return await deployAs(plan, { phone, facts }, deploy)
  } catch (refusal) {
    if (!(refusal instanceof AppError) || refusal.code !== 'not-supported' || plan.adapter !== 'native' || !leavesAdapterOpen(deploy.options)) throw refusal
    try {
      return await deployAs(choosePlan(deploy.rules, facts, { nativeRefused: true }), { phone, facts }, deploy)
    } catch (error) {
      if (error instanceof AppError && error.code === 'not-supported') throw new AppError({ ...toErrorData(refusal), message: `${refusal.message} ${error.message}` }, { cause: error })
      throw error
    }
  }
}

function leavesAdapterOpen({ adapter, provider, kernels, accuracy, cores, niceness }: DeployOptions): boolean {
  return adapter === null && provider === null && !kernels && accuracy === null && cores.length === 0 && niceness === 0
}

async function deployAs(plan: DeployPlan, { phone, facts }: { readonly phone: Phone | null; readonly facts: DeviceFacts }, deploy: DeployModelOptions): Promise<DeployResult> {
  const { path, signal, progress, scratchFolder, runtimeFolder } = deploy
  const adapter = await loadAdapter(deploy.options.adapter ?? plan.adapter)
  const options = decide(deploy.options, plan, adapter.name)
  progress('reading', 0.02)
  const file = openModelFile(path)
  try {
    const runner = createOrtRunner({ scratchFolder })
    const data = await openCalibrationData(deploy.data, file.model, { dims: options.dims, runner, signal })
    const feeds = await firstSample(data)
    const meter = createThroughput(progress, file.sizeBytes)
    const samples: SustainedSample[] = []
    const watch = phone && options.sustainedSeconds > 0 ? await watchConditions(phone) : null
    const request: AdapterRequest = {
      phone,
      facts,
      model: file,
      feeds,
      options,
      runtimeFolder,
      scratchFolder,
      signal,
      onBytes: meter.add,
      onPhase: (phase, share, detail) => progress(phase, phaseFraction(phase, share), detail),
      onWindow: (window) => void samples.push({ batteryC: null, hottestC: null, clockMHz: null, thermalStatus: null, currentMa: null, voltage: null, ...watch?.latest(), ...window }),
    }
    try {
      await adapter.probe(request)
      progress('running-here', 0.05)
      const inputs = data.sampleCount > 1 ? `${data.description}; the first of them` : data.description
      const here = await takeTurns(signal, () => runHere({ runner, path, feeds, options, exactIntegers: adapter.exactIntegers(facts), signal, inputs }))
      progress('pushing', 0.2)
      const prepared = await adapter.prepare({ ...request, patienceMs: SLOWEST_PHONE * here.latency.p50Ms })
      try {
        const figures = await prepared.run()
        progress('comparing', 0.97)
        const outputs = await prepared.read()
        const accuracy = options.accuracy && (await accuracyOnPhone({ file, accuracy: options.accuracy, prepared, runner, exactIntegers: adapter.exactIntegers(facts), signal, onSamples: (done) => progress('evaluating', 0.98, String(done)) }))
        const known = { ...facts, ...prepared.learnt?.() }
        return {
          ...figures,
          facts: known,
          adapter: adapter.name,
          plan,
          conditions: phoneConditions(known, options, prepared.runtime, inputs),
          latency: summarizeLatency(figures.samplesMs),
          outputError: compareOutputs(here.outputs, outputs),
          accuracy,
          sustained: samples.length === 0 ? null : summarizeSustained(samples, options.sustainedSeconds, facts.battery?.charging ?? true),
          desktop: { conditions: here.conditions, latency: here.latency },
          pushed: { modelBytes: file.sizeBytes, runtimeBytes: prepared.pushedRuntimeBytes, bytesPerSecond: meter.bytesPerSecond() },
          model: await describeModel(file, signal),
        }
      } finally {
        await prepared.cleanUp()
      }
    } finally {
      await watch?.stop()
    }
  } finally {
    file.close()
  }
}

/** What was left open comes from the rules, where they had this adapter in mind. Throws AppError bad-usage. */
function decide({ adapter: _, provider, threads, ...options }: DeployOptions, plan: DeployPlan, adapter: DeployPlan['adapter']): DecidedOptions {
  const usual = { native: 'cpu', browser: 'wasm', custom: 'cpu' } as const
  const chosen = provider ?? (adapter === plan.adapter ? plan.provider : usual[adapter])
  if (adapter !== 'custom' && (chosen === 'cpu') !== (adapter === 'native')) {
    throw new AppError({ code: 'bad-usage', message: `'${chosen}' does not run in the ${adapter} runtime.`, hint: 'The native runtime has cpu; the browser has wasm and webgpu.' })
  }
  return { ...options, provider: chosen, threads: threads ?? plan.threads }
}

/** Where in the whole a phase begins, and how long it is. */
const PHASES = { checking: [0.58, 0.02], starting: [0.6, 0.05], 'waiting-for-browser': [0.2, 0.1], running: [0.65, 0.3], sustained: [0.65, 0.3], profiling: [0.95, 0.02] } as const

function phaseFraction(phase: keyof typeof PHASES, share: number | null): number {
  const [start, length] = PHASES[phase]
  return start + length * (share ?? 0)
}

/** Maker, model, chip, processor and Android version, as measurements state them. */
function describePhone({ maker, model, soc, abis, androidVersion, serial }: DeviceFacts): string {
  const name = [maker, model].filter((part) => part !== null).join(' ') || serial
  return [name, soc, abis[0], androidVersion === null ? null : `Android ${androidVersion}`].filter((part) => typeof part === 'string').join(', ')
}

function phoneConditions(facts: DeviceFacts, { threads, warmup, runs, provider }: DecidedOptions, runtime: string, inputs: string): Conditions {
  return { device: describePhone(facts), provider, threads, warmup, runs, runtime, inputs, measuredAt: new Date().toISOString() }
}

interface HereOptions {
  readonly runner: ModelRunner
  readonly path: string
  readonly feeds: Feeds
  readonly options: DecidedOptions
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

function compareOutputs(expected: ReadonlyMap<string, TensorValue>, actual: Awaited<ReturnType<PreparedRun['read']>>): DeployResult['outputError'] {
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

/** Tells how far the pushing is and how fast it goes. The runtime may come on top of the model's `total`: the share then stays below 1. */
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
      progress('pushing', 0.2 + 0.4 * (sent / (sent + total)), `${(sent / 1e6).toFixed(1)} MB, ${pushingMs > 0 ? (sent / 1e3 / pushingMs).toFixed(1) : '–'} MB/s`)
    },
    bytesPerSecond: () => (pushingMs === 0 ? null : (sent / pushingMs) * 1000),
  }
}
