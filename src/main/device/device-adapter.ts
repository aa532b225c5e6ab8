/** One interface for every way of running a model on a phone; each way is loaded when it is needed. */
import type { DeployAdapter, DeployOptions } from '#shared/deploy'
import type { DeviceFacts } from '#shared/device'
import { AppError } from '#shared/errors'
import type { KernelProfile } from '#shared/measurement'
import type { Model } from '#shared/onnx/records'
import type { Feeds, TensorValue } from '../runtime/model-runner'
import type { Phone } from './phone'

/** The options with everything decided that was left to the rules. */
export type DecidedOptions = Omit<DeployOptions, 'adapter' | 'provider' | 'threads'> & { readonly provider: 'cpu' | 'wasm' | 'webgpu'; readonly threads: number }

export interface AdapterRequest {
  /** Null where the phone is reached over the network alone. */
  readonly phone: Phone | null
  readonly facts: DeviceFacts
  readonly model: { readonly model: Model; readonly path: string; readonly sizeBytes: number; readonly externalFiles: readonly string[] }
  readonly feeds: Feeds
  readonly options: DecidedOptions
  /** Local folder of the phones' native runtimes. */
  readonly runtimeFolder: string
  readonly scratchFolder: string
  readonly signal: AbortSignal
  /** Called with each piece that goes to the phone. */
  readonly onBytes: (bytes: number) => void
  /** What the phone is at; `share` is 0…1 of the runs, null where it cannot be told. */
  readonly onPhase: (phase: 'checking' | 'starting' | 'running' | 'sustained' | 'profiling' | 'waiting-for-browser', share: number | null, detail?: string) => void
  /** Each second of a run that goes on, as it is told. */
  readonly onWindow: (window: RunWindow) => void
}

export interface PrepareRequest extends AdapterRequest {
  /** A first inference that takes longer may be given up; later ones are judged by the first. */
  readonly patienceMs: number
}

/** A second or so of a run that goes on after the runs that count. */
export interface RunWindow {
  /** End of the window, after the first run. */
  readonly atMs: number
  readonly runs: number
  readonly p50Ms: number
}

export interface RunFigures {
  /** At least one. */
  readonly samplesMs: number[]
  readonly loadMs: number | null
  readonly firstRunMs: number | null
  readonly peakMemoryBytes: number | null
  readonly baselineMemoryBytes: number | null
  readonly kernels: KernelProfile[]
}

/** A model that is on the phone, whole, and ready to run. */
export interface PreparedRun {
  /** As measurements state it. */
  readonly runtime: string
  /** 0 where the phone had it. */
  readonly pushedRuntimeBytes: number
  /** Throws AppError runtime-rejected, engine-crashed, out-of-memory, disk-full, device-lost, cancelled. */
  run(): Promise<RunFigures>
  /** Outputs of the last inference; empty where the program gives none. Throws AppError device-lost, truncated. */
  read(): Promise<Map<string, TensorValue>>
  /** Takes everything of this run off the phone, whatever state it is in. Never throws: what stays is swept with the next deploy. */
  cleanUp(): Promise<void>
  /**
   * Runs each of the feeds once, in order, and returns the outputs of each. Absent where the program cannot.
   * Throws as `run` does.
   */
  readonly runEach?: (feeds: readonly Feeds[]) => Promise<Map<string, TensorValue>[]>
  /** What is learnt of the phone only by running there: a browser's name. */
  readonly learnt?: () => Partial<DeviceFacts>
}

export interface DeviceAdapter {
  readonly name: DeployAdapter
  /** Whether what is prepared once may be run several times. */
  readonly isRepeatable: boolean
  /** Whether integer kernels there do not saturate: outputs are compared with this computer's computed the same way. */
  exactIntegers(facts: DeviceFacts): boolean
  /** Throws AppError not-supported or not-found where this phone, or this computer, cannot do it; nothing is pushed. */
  probe(request: AdapterRequest): Promise<void>
  /** Brings everything to the phone. Where it throws it has cleaned up after itself. */
  prepare(request: PrepareRequest): Promise<PreparedRun>
}

export async function loadAdapter(name: DeployAdapter): Promise<DeviceAdapter> {
  switch (name) {
    case 'native':
      return (await import('./native-adapter')).nativeAdapter
    case 'browser':
      return (await import('./browser-adapter')).browserAdapter
    case 'custom':
      return (await import('./custom-adapter')).customAdapter
  }
}

/** One inference that does not end, while the program around it is alive. @param where it ran, in words. */
export function endlessError(where: string, ms: number): AppError {
  return new AppError({
    code: 'device-lost',
    message: `An inference on ${where} had not ended after ${(ms / 1000).toFixed(0)} s and was given up.`,
    hint: 'Try again with the screen on and other apps closed. If it happens again, please report it with the report of `edgefit devices doctor`.',
  })
}

/** The phone of a request that cannot do without one. */
export function wiredPhone({ phone }: AdapterRequest): Phone {
  if (!phone) throw new Error('internal: this adapter needs a phone over adb')
  return phone
}
