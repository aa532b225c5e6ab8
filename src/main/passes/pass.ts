import type { z } from 'zod'
import type { Diagnostic } from '#shared/diagnostic'
import type { LayerChange } from '#shared/ipc/jobs'
import type { Edit, ModelDocument } from '#shared/onnx/document'
import type { LayerQuality } from '#shared/measurement'
import type { Model, Node } from '#shared/onnx/records'
import type { LabelledMetric, OpenMetric } from '../runtime/evaluation/open-metric'
import type { Feeds, LocalRunner } from '../runtime/model-runner'

/** Samples to calibrate with. Reading is streamed: one sample is in memory at a time. */
export interface CalibrationData {
  readonly sampleCount: number
  /** For people and reports: the path and the count, or `synthetic`. */
  readonly description: string
  readonly synthetic: boolean
  /**
   * Feeds of each sample in order, keyed by the model's input names. May be iterated more than once. With `reuseMemory` a sample is good
   * until the next is asked for only.
   */
  samples(options?: { readonly reuseMemory?: boolean }): AsyncIterable<Feeds>
}

/** `layers`: those measured anew since the call before. */
export type TellProgress = (phase: string, fraction: number | null, detail?: string, layers?: LayerQuality[]) => void

/** Everything a pass may use. Passes never read files or start sessions themselves. */
export interface PassContext {
  readonly calibration: CalibrationData | null
  /** Runs a document, as it is now, in onnxruntime. */
  readonly runner: LocalRunner
  /** The model as it was before the first pass that quantizes, to compare with; null where none ran in this recipe. */
  readonly float: Model | null
  readonly signal: AbortSignal
  /** `fraction` is 0…1 of this pass. */
  readonly progress: TellProgress
  report(diagnostic: Diagnostic): void
  /** Tells what became of one layer, for the report; where nobody listens it is left out. */
  readonly reportLayer?: (change: LayerChange) => void
  /** Opens a metric on labelled data, at a path that may begin beside the calibration data; '' is that data itself. Left out where no data can be asked for. */
  readonly openMetric?: (metric: LabelledMetric, dataPath: string) => Promise<OpenMetric>
}

export interface Pass<Options extends z.ZodType = z.ZodType> {
  /** Kebab-case verb; also the file's name. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly calibration: 'none' | 'optional' | 'required'
  /** The model computes the same afterwards, but for rounding. Checked after each run of it, which is taken back where it does not hold. */
  readonly keepsResults?: boolean
  /** The model computes with fewer bits afterwards: what comes before it is the float form that later passes compare with. */
  readonly quantizes?: boolean
  /** Every field has a default and a description: form, recipe schema and CLI help come from it. */
  readonly options: Options
  run(edit: Edit, options: z.output<Options>, context: PassContext): void | Promise<void>
  /** What the pass may touch in the main graph, told at once, without samples. Passes that thin out a model have it. */
  candidates?(document: ModelDocument, options: z.output<Options>): Candidates
}

export interface Candidates {
  /** Layers that change or go together, and all nodes that would. */
  readonly candidates: readonly { readonly layers: readonly Node[]; readonly nodes: readonly Node[] }[]
  /** Layers that a person may expect to change and that do not. */
  readonly kept: readonly { readonly node: Node; readonly reason: string }[]
}

export function definePass<Options extends z.ZodType>(pass: Pass<Options>): Pass<Options> {
  return pass
}

/** The document a pass works on, for helpers that only read. */
export type ReadonlyDocument = Omit<ModelDocument, 'transact' | 'undo' | 'redo'>
