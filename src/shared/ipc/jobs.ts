/** Long requests: what starts them, what they tell on the way, what they end with. */
import { z } from 'zod'
import { DeployOptions, DeployResult, PhoneLatency } from '../deploy'
import { AdbSettings } from '../device'
import { Diagnostic } from '../diagnostic'
import { EvaluateParams, LayerErrorParams } from '../evaluation/evaluate-job'
import { EvaluationPartial, EvaluationResult } from '../evaluation/evaluation-result'
import { LayerErrorResult } from '../evaluation/layer-error-result'
import { Preprocessing } from '../evaluation/preprocessing'
import { ComparisonResult, DistributionResult, LatencyBeside, LayerQuality, OutputError, ProfileResult, SensitivityResult } from '../measurement'
import { PruneCurves } from '../prune'
import { ProfileLimits } from '../profile-limits'
import { Recipe } from '../recipe'
import { MemoryPlan } from './memory-plan'

export const ErrorPayload = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
})

/** Where calibration or input data comes from. */
export const DataSource = z.discriminatedUnion('kind', [
  /** Whatever can be evaluated on. `card`: how pictures, sounds, texts or numbers are prepared; else as the model says, or as can be guessed. */
  z.object({ kind: z.literal('path'), path: z.string(), card: Preprocessing.optional() }),
  /** Random inputs from a fixed seed: shapes are right, values are not; results say so. */
  z.object({ kind: z.literal('synthetic'), samples: z.number().int().min(1).max(1024).default(8) }),
])
export type DataSource = z.infer<typeof DataSource>

export const ProfileOptions = z.object({
  runs: z.number().int().min(1).max(100_000).default(50),
  warmup: z.number().int().min(0).max(10_000).default(5),
  /** 0 lets onnxruntime choose. */
  threads: z.number().int().min(0).max(256).default(0),
  provider: z.enum(['cpu']).default('cpu'),
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  dims: z.record(z.string(), z.number().int().positive()).default({}),
})
export type ProfileOptions = z.infer<typeof ProfileOptions>

/** What a pass that works on weights did to one layer, or why it left it as it was. */
export const LayerChange = z.object({
  nodeId: z.number().int().describe('Of the main graph, before the pass.'),
  nodeName: z.string(),
  opType: z.string(),
  isChanged: z.boolean(),
  /** In what form the layer is now, or why it stays. */
  note: z.string(),
  /** By name, units in the names: sparsity, relativeError, rank, macsRatio, latencyRatio. */
  figures: z.record(z.string(), z.number()),
})
export type LayerChange = z.infer<typeof LayerChange>

export const PassReport = z.object({
  pass: z.string(),
  options: z.record(z.string(), z.unknown()),
  durationMs: z.number(),
  changes: z.number().int(),
  nodesBefore: z.number().int(),
  nodesAfter: z.number().int(),
  /** How many nodes of each operator came or went. */
  opChanges: z.record(z.string(), z.number().int()).default({}),
  diagnostics: z.array(Diagnostic),
  /** After a pass that changed quantized layers: each of them beside the float model's, in the order of the graph. */
  layers: z.array(LayerQuality).default([]),
  /** After a pass that makes weights sparse or factors them, in the order of the graph. */
  layerChanges: z.array(LayerChange).default([]),
})
export type PassReport = z.infer<typeof PassReport>

/** What really runs in the result, read from the graph as onnxruntime optimised it. */
export const KernelSummary = z.object({
  opCounts: z.record(z.string(), z.number()),
  integerKernels: z.number().int(),
})

export const OptimizeReport = z.object({
  tool: z.string().describe('edgefit and its version'),
  source: z.object({
    path: z.string(),
    sha256: z.string(),
    sizeBytes: z.number(),
    /** Set where the model had edits that were not saved: the revision of the document. */
    revision: z.number().int().optional(),
  }),
  result: z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }),
  /** result / source */
  sizeRatio: z.number(),
  /** With every default filled in. */
  recipe: Recipe,
  data: z.string().describe('Calibration data: its path and sample count, or synthetic.'),
  passes: z.array(PassReport),
  outputError: z.array(OutputError),
  /** How the outputs were compared: samples, and that accuracy-true integer kernels were asked for. */
  outputErrorConditions: z.string(),
  kernels: KernelSummary.nullable(),
  /** Null where one of them did not run, there was no data, or it was not asked for. */
  latency: LatencyBeside.nullable().default(null),
  /** On the phone that was asked for; null where none was, or it could not be measured, which is in the diagnostics. */
  phone: PhoneLatency.nullable().default(null),
  diagnostics: z.array(Diagnostic),
  durationMs: z.number(),
  peakMemoryBytes: z.number(),
})
export type OptimizeReport = z.infer<typeof OptimizeReport>

/** One shrunken form of a source model, kept in the workspace with everything measured on it. */
export const Variant = z.object({
  id: z.string(),
  name: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  modelPath: z.string(),
  report: OptimizeReport,
  profile: ProfileResult.nullable(),
})
export type Variant = z.infer<typeof Variant>

/** What a recipe would do, without a result kept. */
export const RecipePreview = z.object({
  recipe: Recipe,
  passes: z.array(PassReport),
  nodesBefore: z.number().int(),
  nodesAfter: z.number().int(),
  memoryBefore: MemoryPlan,
  memoryAfter: MemoryPlan,
  data: z.string().describe('What the results were compared on.'),
  diagnostics: z.array(Diagnostic),
})
export type RecipePreview = z.infer<typeof RecipePreview>

/** The graph as onnxruntime runs it, written as a model. */
export const OrtGraph = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  nodesBefore: z.number().int(),
  nodesAfter: z.number().int(),
  /** By operator, onnxruntime's own with their domain. */
  opCounts: z.record(z.string(), z.number().int()),
  conditions: z.string(),
})
export type OrtGraph = z.infer<typeof OrtGraph>

/** The kinds of job: parameters in, result out. The one list from which dispatch and types come. */
export const jobKinds = {
  optimize: {
    params: z.object({
      modelPath: z.string(),
      recipe: Recipe,
      data: DataSource,
      outputPath: z.string().optional(),
      keepVariant: z.boolean().default(true),
      /** Also times source and result on a phone. The shell fills in `adb` from the settings. */
      phone: z.object({ serial: z.string(), options: DeployOptions, adb: AdbSettings.default({ path: null, port: null }) }).optional(),
    }),
    /** `phoneRuns`: source and result by themselves, for the shell to keep. */
    result: z.object({ report: OptimizeReport, variant: Variant.nullable(), phoneRuns: z.array(DeployResult).default([]) }),
  },
  profile: {
    params: z.object({ modelPath: z.string(), options: ProfileOptions, data: DataSource, tracePath: z.string().optional() }),
    result: ProfileResult,
  },
  deploy: {
    /** The shell fills in `adb` from the settings. */
    params: z.object({ modelPath: z.string(), serial: z.string(), options: DeployOptions, data: DataSource, adb: AdbSettings.default({ path: null, port: null }) }),
    result: DeployResult,
  },
  compare: {
    params: z.object({ a: z.string(), b: z.string(), options: ProfileOptions, data: DataSource }),
    result: ComparisonResult,
  },
  sensitivity: {
    params: z.object({
      modelPath: z.string(),
      data: DataSource,
      options: z.record(z.string(), z.unknown()).default({}).describe('Of the pass quantize-static.'),
      samples: z.number().int().min(1).max(100_000).default(32),
    }),
    result: SensitivityResult,
  },
  /** Tries a recipe and keeps nothing. */
  preview: {
    params: z.object({
      modelPath: z.string(),
      recipe: Recipe,
      data: DataSource,
      dims: z.record(z.string(), z.number().int().positive()).default({}).describe('Sizes for symbolic dimensions, for random inputs and for memory, by symbol or as input:axis.'),
    }),
    result: RecipePreview,
  },
  'ort-graph': {
    /** The shell chooses `outputPath` where it is left out. */
    params: z.object({ modelPath: z.string(), outputPath: z.string().optional(), optimization: z.enum(['basic', 'extended', 'all']).default('extended') }),
    result: OrtGraph,
  },
  /** The values of an activation over samples with the range that each way of calibrating chooses, or a weight before and after. */
  distribution: {
    params: z.object({
      modelPath: z.string(),
      data: DataSource,
      value: z.string().describe('Name of a float32 value of the main graph, or within If, Loop or Scan: an input, what a node gives, or an initializer.'),
      options: z.record(z.string(), z.unknown()).default({}).describe('Of the pass quantize-static; its overrides count too.'),
      samples: z.number().int().min(1).max(100_000).default(64),
      bins: z.number().int().min(16).max(2048).default(256),
    }),
    result: DistributionResult,
  },
  /** What the outputs lose as each group of layers is cut alone: ratio against error. */
  'prune-curves': {
    params: z.object({
      modelPath: z.string(),
      data: DataSource,
      importance: z.enum(['l1', 'l2', 'batch-normalization', 'activation', 'reconstruction']).default('reconstruction'),
      roundTo: z.number().int().min(1).max(64).default(8),
      samples: z.number().int().min(1).max(100_000).default(32),
      steps: z.number().int().min(1).max(32).default(6),
    }),
    result: PruneCurves,
  },
  /** How good a model is on data with labels. Progress carries an `EvaluationPartial`. */
  evaluate: { params: EvaluateParams, result: EvaluationResult },
  /** What bounds a model's speed here, and how it scales with threads and batch. */
  limits: {
    params: z.object({ modelPath: z.string(), data: DataSource, dims: z.record(z.string(), z.number().int().positive()).default({}), runs: z.number().int().min(3).max(10_000).default(20) }),
    result: ProfileLimits,
  },
  /** Where a variant goes wrong. */
  'layer-error': { params: LayerErrorParams, result: LayerErrorResult },
} as const
export type JobKind = keyof typeof jobKinds
export const jobKindNames = Object.keys(jobKinds) as JobKind[]
export type JobParams<K extends JobKind> = z.infer<(typeof jobKinds)[K]['params']>
export type JobResult<K extends JobKind> = z.infer<(typeof jobKinds)[K]['result']>

export const JobProgress = z.object({
  phase: z.string().describe('A key of the translations: reading, calibrating, quantizing, …'),
  /** 0…1 over the whole job; null where it cannot be told. */
  fraction: z.number().nullable(),
  /** What the phase is at: a pass, a node, `12 / 50`. */
  detail: z.string().default(''),
  /** While quantized layers are compared with the float model: those measured anew since the last progress. A later figure takes an earlier one's place. */
  layers: z.array(LayerQuality).optional(),
  /** What an evaluation can show before it has ended. */
  evaluation: EvaluationPartial.optional(),
})
export type JobProgress = z.infer<typeof JobProgress>

/** The stream of a job: `queued`, `progress`*, then exactly one of `done`, `failed`, `cancelled`. */
export const JobEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queued'), jobId: z.string(), kind: z.enum(jobKindNames), title: z.string(), modelPath: z.string(), revision: z.number().int().nullable().describe('Of the document, where the job runs on edits that are not saved.'), at: z.string() }),
  z.object({ type: z.literal('progress'), jobId: z.string(), progress: JobProgress }),
  z.object({ type: z.literal('done'), jobId: z.string(), result: z.unknown(), durationMs: z.number() }),
  z.object({ type: z.literal('failed'), jobId: z.string(), error: ErrorPayload, durationMs: z.number() }),
  z.object({ type: z.literal('cancelled'), jobId: z.string(), durationMs: z.number() }),
])
export type JobEvent = z.infer<typeof JobEvent>
