/** Running models in onnxruntime, as passes and measurements see it. `ort-runner.ts` is the real one. */
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'

/** A tensor in memory: row-major, little-endian raw bytes of `dataType` (a TensorProto.DataType code). A view, not a copy. */
export interface TensorValue {
  readonly dataType: number
  readonly dims: readonly number[]
  readonly bytes: Uint8Array
  /** Set instead of `bytes` (then empty) for string tensors. */
  readonly strings?: readonly string[]
}

export type Feeds = ReadonlyMap<string, TensorValue>

export interface RunnerOptions {
  /** 0: onnxruntime chooses. */
  readonly threads?: number
  /** onnxruntime's graph optimisation; calibration wants 'none'. Default 'all'. */
  readonly optimization?: 'none' | 'basic' | 'extended' | 'all'
  /**
   * True: integer kernels that do not saturate in 16 bits, as phones compute (`session.x64quantprecision`). For accuracy.
   * False (default): the fastest ones, for latency.
   */
  readonly exactIntegers?: boolean
  /** Threads sleep between inferences instead of spinning, so that models which take turns do not take each other's cores. */
  readonly sleepBetweenRuns?: boolean
  /** Leave weights as they are stored instead of rearranging copies for speed: for loading only to see whether it works. */
  readonly plainWeights?: boolean
  /** Hold as little memory as goes at little cost of speed: weights stay mapped from a file, no memory is planned ahead. For calibration. */
  readonly spareMemory?: boolean
  /** Write the optimised graph here, its larger weights in a file beside it (`.data`). */
  readonly optimizedModelPath?: string
  /** Write onnxruntime's profile with this prefix. */
  readonly profilePrefix?: string
}

export interface RunningModel {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Outputs that can be fetched (sequences and maps cannot), or only those in `outputs`. */
  run(feeds: Feeds, outputs?: readonly string[]): Promise<Map<string, TensorValue>>
  /** Ends profiling, where it was on, and returns the profile's path. */
  endProfiling(): string | null
  close(): Promise<void>
}

export interface ModelRunner {
  /**
   * Loads a model, with `extraOutputs` of the main graph made outputs as well.
   * Throws AppError `runtime-rejected` with onnxruntime's reason.
   */
  load(model: Model | ModelDocument, options?: RunnerOptions & { readonly extraOutputs?: readonly string[] }): Promise<RunningModel>
  /** The same for a file, which onnxruntime maps itself. */
  loadFile(path: string, options?: RunnerOptions): Promise<RunningModel>
}

/** One that runs models in this process, with a folder for what onnxruntime writes about them. */
export interface LocalRunner extends ModelRunner {
  readonly scratchFolder: string
}
