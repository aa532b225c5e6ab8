/** Figures and the conditions they were taken under. A figure never travels without its conditions. */
import { z } from 'zod'
import { Diagnostic } from './diagnostic'

/** Where and how a latency was taken. */
export const Conditions = z.object({
  device: z.string().describe('Processor and operating system.'),
  provider: z.string(),
  threads: z.number().int(),
  warmup: z.number().int(),
  runs: z.number().int(),
  runtime: z.string().describe('For example onnxruntime-node 1.30.0.'),
  inputs: z.string().describe('Where the inputs came from: a file, or synthetic.'),
  /** ISO 8601. */
  measuredAt: z.string(),
})
export type Conditions = z.infer<typeof Conditions>

/** Milliseconds. `spread` is (p90 − p10) / p50: above 0.05 the figure is flagged. */
export const LatencyStatistics = z.object({
  minMs: z.number(),
  meanMs: z.number(),
  p10Ms: z.number(),
  p50Ms: z.number(),
  p90Ms: z.number(),
  p95Ms: z.number(),
  maxMs: z.number(),
  spread: z.number(),
})
export type LatencyStatistics = z.infer<typeof LatencyStatistics>

/** How far one output of a variant is from the source's, over all calibration or evaluation samples. */
export const OutputError = z.object({
  output: z.string(),
  /** 10·log10(Σ reference² / Σ difference²) in dB; null where the outputs are equal (infinite). */
  sqnrDb: z.number().nullable(),
  cosine: z.number(),
  maxAbs: z.number(),
  /** Elements compared. */
  elements: z.number().int(),
})
export type OutputError = z.infer<typeof OutputError>

/** One kernel of the graph that onnxruntime really ran, attributed to the nodes it was made from. */
export const KernelProfile = z.object({
  kernel: z.string().describe("Node name in onnxruntime's optimised graph."),
  opType: z.string(),
  provider: z.string(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  meanMs: z.number(),
  /** p50 as a share of the sum of all kernels' p50, 0…1. */
  share: z.number(),
  calls: z.number().int().describe('Executions in one inference; the times are of all of them together.'),
  /** Nodes of the model's own graph, by id and name. Empty for kernels onnxruntime added (layout changes, copies). */
  nodes: z.array(z.object({ id: z.number(), name: z.string(), opType: z.string() })),
})
export type KernelProfile = z.infer<typeof KernelProfile>

export const ProfileResult = z.object({
  conditions: Conditions,
  latency: LatencyStatistics,
  /** Latency of each run in order, ms. */
  samplesMs: z.array(z.number()),
  loadMs: z.number(),
  firstRunMs: z.number(),
  /** Highest resident size of the process that ran the model, and the same before the model was loaded. */
  peakMemoryBytes: z.number(),
  baselineMemoryBytes: z.number(),
  kernels: z.array(KernelProfile),
})
export type ProfileResult = z.infer<typeof ProfileResult>

/** Latency of one model over that of another, run for run in one process, A B A B …. */
export const LatencyRatio = z.object({ p50: z.number(), p10: z.number(), p90: z.number(), spread: z.number() })
export type LatencyRatio = z.infer<typeof LatencyRatio>

/** A quick look at whether a result is faster than its source; `compare` and `profile` measure thoroughly. */
export const LatencyBeside = z.object({
  source: LatencyStatistics,
  result: LatencyStatistics,
  /** result / source */
  ratio: LatencyRatio,
  conditions: Conditions,
})
export type LatencyBeside = z.infer<typeof LatencyBeside>

export const ComparisonSide = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  sha256: z.string(),
  nodeCount: z.number().int(),
  opCounts: z.record(z.string(), z.number()),
  latency: LatencyStatistics.nullable(),
})

export const ComparisonResult = z.object({
  a: ComparisonSide,
  b: ComparisonSide,
  sizeRatio: z.number().describe('b / a'),
  outputError: z.array(OutputError),
  /** Latency of b / a, run for run in one process, A B A B …; null where one of them did not run. */
  latencyRatio: LatencyRatio.nullable(),
  conditions: Conditions.nullable(),
  diagnostics: z.array(Diagnostic),
})
export type ComparisonResult = z.infer<typeof ComparisonResult>

/** What quantizing one layer alone does. 200 dB stands for no difference at all. */
export const LayerSensitivity = z.object({
  nodeId: z.number().int().describe('Of the main graph, as in the model file.'),
  nodeName: z.string(),
  opType: z.string(),
  weightCount: z.number().int(),
  layerSqnrDb: z.number().describe("At the layer's own output."),
  outputSqnrDb: z.number().describe("At the model's outputs, the worst of them."),
})
export type LayerSensitivity = z.infer<typeof LayerSensitivity>

export const SensitivityResult = z.object({
  path: z.string(),
  /** In the order of the graph. */
  layers: z.array(LayerSensitivity),
  /** SQNR at the worst output with all of them quantized, dB. */
  allQuantizedDb: z.number(),
  conditions: z.string(),
  diagnostics: z.array(Diagnostic),
})
export type SensitivityResult = z.infer<typeof SensitivityResult>

/** How far a quantized layer's output is from the float model's, as far as it has been measured; what comes before the layer counts too. */
export const LayerQuality = z.object({
  nodeId: z.number().int().describe('Of the main graph, as in the model file.'),
  nodeName: z.string(),
  opType: z.string(),
  sqnrDb: z.number().describe('200 stands for no difference at all.'),
})
export type LayerQuality = z.infer<typeof LayerQuality>

/** How often values occur. */
export const ValueHistogram = z.object({
  min: z.number(),
  max: z.number(),
  counts: z.array(z.number()).describe('In bins of equal width from min to max; exact zeros are not in them.'),
  zeros: z.number().int(),
  elements: z.number().int().describe('Zeros included.'),
})
export type ValueHistogram = z.infer<typeof ValueHistogram>

export const RANGE_METHODS = ['min-max', 'moving-average', 'percentile', 'mse', 'entropy'] as const

/** The range that a way of calibrating chooses, and what it costs. */
export const RangeChoice = z.object({
  method: z.enum([...RANGE_METHODS, 'override']),
  min: z.number(),
  max: z.number(),
  scale: z.number(),
  zeroPoint: z.number().int(),
  clippedShare: z.number().describe('Of the elements outside the range, 0…1.'),
  sqnrDb: z.number().describe('Of the values rounded and cut off so, from the histogram; 200 stands for no difference.'),
})
export type RangeChoice = z.infer<typeof RangeChoice>

/** The values of one activation over calibration samples, or of one weight before and after quantization. */
export const DistributionResult = z.object({
  path: z.string(),
  value: z.string(),
  kind: z.enum(['activation', 'weight']),
  /** Element type it is quantized to. */
  quantizedType: z.string(),
  histogram: ValueHistogram,
  /** A weight's values after quantization, over the same bins; null for activations. */
  quantized: ValueHistogram.nullable(),
  /** For activations: every method's range. For weights: none, as each channel has its own. */
  ranges: z.array(RangeChoice),
  /** The one of `ranges` that the options take; null for weights. */
  chosen: RangeChoice.shape.method.nullable(),
  /** For weights, of all values; null for activations. */
  weightSqnrDb: z.number().nullable(),
  conditions: z.string(),
})
export type DistributionResult = z.infer<typeof DistributionResult>
