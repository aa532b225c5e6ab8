import { cpus } from 'node:os'
import { AppError } from '#shared/errors'
import type { DataSource } from '#shared/ipc/jobs'
import { rawByteLength } from '#shared/onnx/data-type'
import { ModelDocument } from '#shared/onnx/document'
import { nodeMacs } from '#shared/onnx/infer/macs'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Model } from '#shared/onnx/records'
import type { ProfileLimits } from '#shared/profile-limits'
import { openCalibrationData } from './calibration-data'
import { measurementConditions } from './device-conditions'
import { percentile, timeRun } from './latency'
import { measurePeaks } from './machine-peaks'
import { openModelFile } from './model-file'
import type { Feeds, ModelRunner, RunningModel } from './model-runner'
import { loadOnnxruntime } from './onnxruntime'
import { createOrtRunner } from './ort-runner'
import { residentMemoryBytes } from './process-memory'
import { firstSample } from './profile-model'

export interface ProfileLimitsOptions {
  readonly path: string
  readonly data: DataSource
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  readonly dims: Readonly<Record<string, number>>
  readonly runs: number
  readonly scratchFolder: string
  readonly signal: AbortSignal
  readonly progress: (phase: string, fraction: number | null, detail?: string) => void
}

const BATCHES = [1, 2, 4, 8]
const WARMUP = 3
/** No point takes longer than this, but for its first three runs. */
const BUDGET_MS = 3000
const MEMORY_EVERY_MS = 4

/**
 * What bounds a model on this computer: peaks of the machine, work of each node, latency by threads and by batch, cold against warm, and
 * memory while it is loaded and run. Throws AppError where the model or the data cannot be read, or onnxruntime rejects them.
 */
export async function profileLimits({ path, data: source, dims, runs, scratchFolder, signal, progress }: ProfileLimitsOptions): Promise<ProfileLimits> {
  const runner = createOrtRunner({ scratchFolder })
  const file = openModelFile(path)
  try {
    progress('reading', 0)
    const data = await openCalibrationData(source, file.model, { dims, runner, signal, modelPath: path })
    const feeds = await firstSample(data)
    await loadOnnxruntime()
    progress('running', 0.1)
    const { cold, memory } = await watchColdStart(runner, path, { feeds, runs, signal })
    const threads: ProfileLimits['threads'] = []
    const counts = threadCounts()
    for (const [at, count] of counts.entries()) {
      progress('running', 0.25 + (0.35 * at) / counts.length, `${count}`)
      threads.push({ threads: count, ...(await timeWith(await runner.loadFile(path, { threads: count }), feeds, { runs, signal })) })
    }
    progress('running', 0.6)
    const { batches, batchNote } = await timeBatches(runner, { path, model: file.model, feeds, runs, signal })
    progress('measuring', 0.9)
    const peaks = await measurePeaks(runner, signal)
    const conditions = await measurementConditions({ provider: 'cpu', threads: 0, warmup: WARMUP, runs, inputs: data.description })
    return { conditions, peaks, nodes: nodeWork(file.model, feeds), threads, batches, batchNote, cold, memory }
  } finally {
    file.close()
  }
}

interface Timing {
  readonly runs: number
  readonly signal: AbortSignal
}

async function watchColdStart(runner: ModelRunner, path: string, { feeds, runs, signal }: Timing & { readonly feeds: Feeds }): Promise<Pick<ProfileLimits, 'cold' | 'memory'>> {
  const memory: ProfileLimits['memory'] = []
  const began = performance.now()
  let phase: ProfileLimits['memory'][number]['phase'] = 'before'
  const note = () => void memory.push({ atMs: performance.now() - began, bytes: residentMemoryBytes(), phase })
  const enter = (next: typeof phase) => {
    note()
    phase = next
    note()
  }
  const timer = setInterval(note, MEMORY_EVERY_MS)
  try {
    enter('loading')
    const loadStart = performance.now()
    const running = await runner.loadFile(path)
    const loadMs = performance.now() - loadStart
    try {
      enter('first-run')
      const firstRunMs = await timeRun(running, feeds)
      enter('running')
      const { p50Ms } = await timeRuns(running, feeds, { runs, signal })
      return { cold: { loadMs, firstRunMs, warmP50Ms: p50Ms }, memory }
    } finally {
      await running.close()
      enter('closed')
    }
  } finally {
    clearInterval(timer)
  }
}

/** 1, 2, 4 … up to all cores. */
function threadCounts(): number[] {
  const cores = cpus().length
  const counts: number[] = []
  for (let count = 1; count < cores; count *= 2) counts.push(count)
  return [...counts, cores]
}

async function timeBatches(runner: ModelRunner, { path, model, feeds, runs, signal }: Timing & { readonly path: string; readonly model: Model; readonly feeds: Feeds }): Promise<Pick<ProfileLimits, 'batches' | 'batchNote'>> {
  const open = model.graph.inputs.filter(({ name, type }) => feeds.has(name) && type?.kind === 'tensor' && type.shape !== undefined && typeof type.shape[0] !== 'number' && type.shape.length > 0)
  if (open.length === 0) return { batches: [], batchNote: 'The model has a fixed batch size.' }
  const batches: ProfileLimits['batches'] = []
  const running = await runner.loadFile(path)
  try {
    for (const batch of BATCHES) {
      try {
        batches.push({ batch, ...(await timeRuns(running, repeated(feeds, new Set(open.map(({ name }) => name)), batch), { runs, signal })) })
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'cancelled') throw error
        return { batches, batchNote: `A batch of ${batch} does not run: ${error.message}` }
      }
    }
    return { batches, batchNote: null }
  } finally {
    await running.close()
  }
}

/** The sample `batch` times along the first axis. */
function repeated(feeds: Feeds, names: ReadonlySet<string>, batch: number): Feeds {
  return new Map(
    [...feeds].map(([name, value]) => {
      if (!names.has(name) || batch === 1) return [name, value]
      const bytes = new Uint8Array(value.bytes.length * batch)
      for (let at = 0; at < batch; at++) bytes.set(value.bytes, at * value.bytes.length)
      return [name, { ...value, dims: [(value.dims[0] ?? 1) * batch, ...value.dims.slice(1)], bytes, ...(value.strings && { strings: Array.from({ length: batch }, () => value.strings ?? []).flat() }) }]
    }),
  )
}

async function timeWith(running: RunningModel, feeds: Feeds, timing: Timing): Promise<Awaited<ReturnType<typeof timeRuns>>> {
  try {
    return await timeRuns(running, feeds, timing)
  } finally {
    await running.close()
  }
}

async function timeRuns(running: RunningModel, feeds: Feeds, { runs, signal }: Timing): Promise<{ p50Ms: number; p90Ms: number; runs: number }> {
  for (let run = 0; run < WARMUP; run++) await running.run(feeds)
  const times: number[] = []
  const end = performance.now() + BUDGET_MS
  while (times.length < runs && (times.length < 3 || performance.now() < end)) {
    signal.throwIfAborted()
    times.push(await timeRun(running, feeds))
  }
  times.sort((a, b) => a - b)
  return { p50Ms: percentile(times, 50), p90Ms: percentile(times, 90), runs: times.length }
}

/** Multiply–accumulates and bytes of each node of the main graph for inputs of the sizes fed. */
function nodeWork(model: Model, feeds: Feeds): ProfileLimits['nodes'] {
  const document = new ModelDocument(model)
  const types = inferTypes(document, { dims: fedDims(model, feeds) })
  const bytesOf = (name: string): number | null => {
    if (name === '') return 0
    const type = types.typeOf(document.model.graph, name)
    if (type?.kind !== 'tensor' || !type.shape?.every((dim) => typeof dim === 'number')) return null
    return rawByteLength(type.dataType, type.shape.reduce((product: number, dim) => product * Number(dim), 1))
  }
  return document.model.graph.nodes.map((node) => {
    const sizes = [...new Set([...node.inputs, ...node.outputs])].map(bytesOf)
    return { id: node.id, macs: nodeMacs(document, document.model.graph, node, types), bytes: sizes.includes(null) ? null : sizes.reduce((sum: number, size) => sum + (size ?? 0), 0) }
  })
}

/** Sizes by axis, and by symbol: values in between are declared with symbols as well. */
function fedDims(model: Model, feeds: Feeds): Record<string, number> {
  const sizes = model.graph.inputs.flatMap(({ name, type }) => {
    const shape = type?.kind === 'tensor' ? (type.shape ?? []) : []
    return (feeds.get(name)?.dims ?? []).flatMap((size, axis): [string, number][] => {
      const dim = shape[axis]
      return [[`${name}:${axis}`, size], ...(typeof dim === 'string' && dim !== '' ? [[dim, size] satisfies [string, number]] : [])]
    })
  })
  return Object.fromEntries(sizes)
}
