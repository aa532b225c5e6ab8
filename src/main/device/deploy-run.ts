/** A model made ready on a phone, with what this computer gives for the same input beside it. */
import type { DeployOptions, DeployPlan, DeployResult, SustainedSample } from '#shared/deploy'
import { type DeviceFacts, phoneName } from '#shared/device'
import { AppError } from '#shared/errors'
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
import { type AdapterRequest, type DecidedOptions, type DeviceAdapter, loadAdapter, type PreparedRun, type RunFigures } from './device-adapter'
import { summarizeSustained } from './summarize-sustained'
import { takeTurns } from './take-turns'
import { watchConditions } from './watch-conditions'
import type { PlannedPhone } from './with-planned-phone'

/** Runs on the desktop to stand beside the phone's: enough for a median, few enough not to keep the phone waiting. */
const DESKTOP_RUNS = 20
const DESKTOP_BUDGET_MS = 1500
const PROGRESS_MS = 100
/** No phone takes so many times this computer's time: its inference has hung. */
const SLOWEST_PHONE = 200

export interface DeployRunOptions {
  readonly path: string
  readonly options: DeployOptions
  /** The first sample is run. */
  readonly data: DataSource
  /** Local folder of the phones' runtimes. */
  readonly runtimeFolder: string
  readonly scratchFolder: string
  readonly signal: AbortSignal
  readonly progress: (phase: string, fraction: number | null, detail?: string) => void
}

export interface DeployRun {
  /** May be called again only where the adapter is repeatable. */
  run(): Promise<RunFigures>
  /** Everything about the figures of one `run`, or of several put together; outputs are those of the last. */
  finish(figures: RunFigures): Promise<DeployResult>
}

export function adapterOf({ plan }: PlannedPhone, options: DeployOptions): Promise<DeviceAdapter> {
  return loadAdapter(options.adapter ?? plan.adapter)
}

/** Runs the model here, brings it to the phone, does `work`, and leaves nothing of it there. Throws AppError as the adapters and `work` do. */
export async function withDeployRun<T>(planned: PlannedPhone, deploy: DeployRunOptions, work: (run: DeployRun) => Promise<T>): Promise<T> {
  const { plan, phone, facts } = planned
  const { path, signal, progress, scratchFolder, runtimeFolder } = deploy
  const adapter = await adapterOf(planned, deploy.options)
  const options = decide(deploy.options, plan, adapter.name)
  progress('reading', 0.02)
  const file = openModelFile(path)
  try {
    const runner = createOrtRunner({ scratchFolder })
    const data = await openCalibrationData(deploy.data, file.model, { dims: options.dims, runner, signal, modelPath: path })
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
        return await work({
          run: () => prepared.run(),
          async finish(figures) {
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
              sustained: samples.length === 0 ? null : summarizeSustained(samples, { seconds: options.sustainedSeconds, charging: facts.battery?.charging ?? true }),
              desktop: { conditions: here.conditions, latency: here.latency },
              pushed: { modelBytes: file.sizeBytes, runtimeBytes: prepared.pushedRuntimeBytes, bytesPerSecond: meter.bytesPerSecond() },
              model: await describeModel(file, signal),
            }
          },
        })
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
function describePhone(facts: DeviceFacts): string {
  const { soc, abis, androidVersion } = facts
  return [phoneName(facts), soc, abis[0], androidVersion === null ? null : `Android ${androidVersion}`].filter((part) => typeof part === 'string').join(', ')
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
function createThroughput(progress: DeployRunOptions['progress'], total: number) {
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
