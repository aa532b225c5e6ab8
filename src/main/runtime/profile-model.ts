import { join } from 'node:path'
import type { DataSource, ProfileOptions } from '#shared/ipc/jobs'
import type { ProfileResult } from '#shared/measurement'
import type { Model } from '#shared/onnx/records'
import type { CalibrationData } from '../passes/pass'
import { openCalibrationData } from './calibration-data'
import { measurementConditions } from './device-conditions'
import { withUniqueNodeNames } from './kernel-attribution'
import { kernelsOfProfile, nodesOfKernels } from './kernel-profiles'
import { summarizeLatency, timeRun } from './latency'
import { openModelFile } from './model-file'
import type { Feeds, ModelRunner } from './model-runner'
import { loadOnnxruntime } from './onnxruntime'
import { createOrtRunner } from './ort-runner'
import { peakMemoryBytes, resetPeakMemory, residentMemoryBytes } from './process-memory'
import { writeTrace } from './write-trace'

export interface ProfileModelOptions {
  readonly path: string
  readonly options: ProfileOptions
  readonly data: DataSource
  /** For onnxruntime's own profile and optimised graph. */
  readonly scratchFolder: string
  /** A trace for chrome://tracing or ui.perfetto.dev is written here. */
  readonly tracePath?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((phase: string, fraction: number | null, detail?: string) => void) | undefined
}

/** Inferences of the kernel pass: enough for medians; a trace of many more would be unreadable. */
const KERNEL_RUNS = 30
/** onnxruntime stops recording at a million events. */
const KERNEL_EVENTS = 800_000
const KERNEL_WARMUP = 2
/** Least time between two messages about progress, ms. */
const PROGRESS_MS = 100

/**
 * Times a model on its first sample, again and again, in this process.
 *
 * Latency is taken without onnxruntime's profiler, which costs time at every kernel; the kernels come from a second session
 * with it, so their sum is not the latency. The peak of memory is that of loading and timing, in this process: it includes
 * the runtime and what Node itself needs (`baselineMemoryBytes` is what was there before).
 *
 * Throws AppError where the model or the data cannot be read, or onnxruntime rejects them.
 */
export async function profileModel({ path, options, data: source, scratchFolder, tracePath, signal, progress = () => undefined }: ProfileModelOptions): Promise<ProfileResult> {
  const { runs, warmup, threads, provider, dims } = options
  const runner = createOrtRunner({ scratchFolder })
  progress('reading', null)
  const file = openModelFile(path)
  try {
    const data = await openCalibrationData(source, file.model, { dims, runner, modelPath: path, ...(signal && { signal }) })
    const feeds = await firstSample(data)
    const timed = await timeLatency({ runner, path, feeds, options, signal, progress })
    const conditions = await measurementConditions({ provider, threads, warmup, runs, inputs: data.sampleCount > 1 ? `${data.description}; the first of them` : data.description })
    progress('profiling', 0.75)
    const pass = await profileKernels({ runner, model: file.model, feeds, scratchFolder, runs, threads, signal })
    if (tracePath !== undefined) {
      progress('saving', 0.95)
      await writeTrace({ profilePath: pass.profilePath, tracePath, nodesOf: pass.nodesOf, title: path, conditions })
    }
    return { conditions, ...timed, kernels: pass.kernels }
  } finally {
    file.close()
  }
}

export async function firstSample(data: CalibrationData): Promise<Feeds> {
  for await (const feeds of data.samples()) return feeds
  throw new Error('internal: data without samples')
}

interface LatencyPass {
  readonly runner: ModelRunner
  readonly path: string
  readonly feeds: Feeds
  readonly options: ProfileOptions
  readonly signal: AbortSignal | undefined
  readonly progress: NonNullable<ProfileModelOptions['progress']>
}

async function timeLatency({ runner, path, feeds, options, signal, progress }: LatencyPass): Promise<Omit<ProfileResult, 'conditions' | 'kernels'>> {
  const { runs, warmup, threads } = options
  progress('loading', 0.05)
  // Loading the runtime's library is not the model's time, nor its memory.
  await loadOnnxruntime()
  resetPeakMemory()
  const baselineMemoryBytes = residentMemoryBytes()
  const loadStart = performance.now()
  const running = await runner.loadFile(path, { threads })
  try {
    const loadMs = performance.now() - loadStart
    const firstRunMs = await timeRun(running, feeds)
    progress('warming-up', 0.08)
    // The first inference is one of the warm-up, where there is any.
    for (let run = 1; run < warmup; run++) {
      signal?.throwIfAborted()
      await running.run(feeds)
    }
    const samplesMs: number[] = []
    let told = 0
    for (let run = 0; run < runs; run++) {
      signal?.throwIfAborted()
      samplesMs.push(await timeRun(running, feeds))
      if (performance.now() - told > PROGRESS_MS) {
        told = performance.now()
        progress('running', 0.1 + (0.65 * run) / runs, `${run + 1} / ${runs}`)
      }
    }
    return { latency: summarizeLatency(samplesMs), samplesMs, loadMs, firstRunMs, peakMemoryBytes: peakMemoryBytes(), baselineMemoryBytes }
  } finally {
    await running.close()
  }
}

interface KernelPass {
  readonly runner: ModelRunner
  readonly model: Model
  readonly feeds: Feeds
  readonly scratchFolder: string
  readonly runs: number
  readonly threads: number
  readonly signal: AbortSignal | undefined
}

async function profileKernels({ runner, model, feeds, scratchFolder, runs, threads, signal }: KernelPass) {
  // Ids stay the same, so what is found for the renamed copy holds for the model.
  const named = withUniqueNodeNames(model)
  const optimizedModelPath = join(scratchFolder, `optimized-${process.pid}.onnx`)
  const running = await runner.load(named, { threads, optimizedModelPath, profilePrefix: join(scratchFolder, `profile-${process.pid}`) })
  let profilePath: string | null = null
  try {
    const kernelRuns = Math.max(1, Math.min(runs, KERNEL_RUNS, Math.floor(KERNEL_EVENTS / Math.max(1, model.graph.nodes.length)) - KERNEL_WARMUP))
    for (let run = 0; run < KERNEL_WARMUP + kernelRuns; run++) {
      signal?.throwIfAborted()
      await running.run(feeds)
    }
    profilePath = running.endProfiling()
  } finally {
    await running.close()
  }
  if (profilePath === null) throw new Error('internal: the profiler was not on')
  const optimized = openModelFile(optimizedModelPath)
  try {
    const models = { model, named, optimized: optimized.model }
    return { profilePath, nodesOf: nodesOfKernels(models), kernels: await kernelsOfProfile({ ...models, profilePath, skipRuns: KERNEL_WARMUP }) }
  } finally {
    optimized.close()
  }
}
