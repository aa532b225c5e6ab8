/** Running a model on a phone: how, what came of it, and what is kept. */
import { z } from 'zod'
import { DeviceFacts } from './device'
import { MetricName } from './evaluation/metric'
import { Conditions, KernelProfile, LatencyBeside, LatencyStatistics, OutputError } from './measurement'

/** Ways of running a model on a phone. */
export const DeployAdapter = z.enum(['native', 'browser', 'custom'])
export type DeployAdapter = z.infer<typeof DeployAdapter>

export const DeployProvider = z.enum(['cpu', 'wasm', 'webgpu'])
export type DeployProvider = z.infer<typeof DeployProvider>

/** In the place of a serial: whatever opens the address that is shown, over the network. */
export const NETWORK_SERIAL = 'network'

export const DeployOptions = z.object({
  /** Null: the rules choose from what the phone is. */
  adapter: DeployAdapter.nullable().default(null),
  provider: DeployProvider.nullable().default(null),
  runs: z.number().int().min(1).max(100_000).default(50),
  warmup: z.number().int().min(0).max(10_000).default(5),
  /** 0 lets onnxruntime choose; null leaves it to the rules. */
  threads: z.number().int().min(0).max(256).nullable().default(null),
  /** Numbers of the phone's cores to run on; all where empty. */
  cores: z.array(z.number().int().min(0).max(255)).default([]),
  /** 0 is usual, 19 gives way to everything else. Android lets the shell user only give way. */
  niceness: z.number().int().min(0).max(19).default(0),
  /** Also takes what each kernel costs, in a second session with onnxruntime's profiler. */
  kernels: z.boolean().default(false),
  /** Goes on for so long after the runs, with temperature, clocks and current beside latency; 0 does not. */
  sustainedSeconds: z.number().int().min(0).max(7200).default(0),
  /** Data with labels to be run through on the phone too, after the timing. */
  accuracy: z
    .object({ dataPath: z.string(), labelsPath: z.string().nullable().default(null), metric: MetricName.default('top-1'), limit: z.number().int().min(1).nullable().default(null) })
    .nullable()
    .default(null),
  /** Manifest of the program that the adapter `custom` runs. */
  manifestPath: z.string().nullable().default(null),
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  dims: z.record(z.string(), z.number().int().positive()).default({}),
})
export type DeployOptions = z.infer<typeof DeployOptions>

/** Words in each language of the window: they come from a data file, not from the window. */
const Words = z.object({ en: z.string(), zh: z.string() })

/** What the rules say of a phone, and why. */
export const DeployPlan = z.object({
  adapter: DeployAdapter,
  provider: DeployProvider,
  threads: z.number().int(),
  /** A built-in recipe, with options of its passes that suit the phone. */
  recipe: z.object({ name: z.string(), options: z.record(z.string(), z.record(z.string(), z.unknown())) }).nullable(),
  avoid: z.array(z.string()),
  /** In the order in which the rules were asked. */
  reasons: z.array(z.object({ rule: z.string(), decides: z.array(z.string()), why: Words })),
})
export type DeployPlan = z.infer<typeof DeployPlan>

/** A second or so of a sustained run. Null is what the phone does not tell. */
export const SustainedSample = z.object({
  /** End of the window, after the first run. */
  atMs: z.number(),
  runs: z.number().int(),
  p50Ms: z.number(),
  batteryC: z.number().nullable(),
  /** The hottest of the thermal zones that can be read. */
  hottestC: z.number().nullable(),
  /** Mean of the cores. */
  clockMHz: z.number().nullable(),
  thermalStatus: z.number().int().nullable(),
  /** Out of the battery; negative while it is charged. */
  currentMa: z.number().nullable(),
  voltage: z.number().nullable(),
})
export type SustainedSample = z.infer<typeof SustainedSample>

export const SustainedResult = z.object({
  seconds: z.number(),
  samples: z.array(SustainedSample),
  /** Median of the last tenth of the windows over that of the first. */
  slowdown: z.number(),
  /** Why the phone is held to have slowed itself down: Android's thermal status, or latency and clocks. Null where not. */
  throttled: z.enum(['thermal-status', 'latency-and-clocks', 'latency']).nullable(),
  /** Mean power out of the battery times the mean time of an inference; null where the phone is charging or tells no current. */
  energyPerInferenceMj: z.number().nullable(),
})
export type SustainedResult = z.infer<typeof SustainedResult>

/** One metric over the same samples, there and here. */
export const AccuracyOnPhone = z.object({
  metric: MetricName,
  samples: z.number().int(),
  phone: z.number().nullable(),
  here: z.number().nullable(),
  /** 95 %, of the phone's. */
  interval: z.object({ low: z.number(), high: z.number() }).nullable(),
  data: z.string(),
})
export type AccuracyOnPhone = z.infer<typeof AccuracyOnPhone>

/** A model timed on a phone, with its outputs held against the desktop's on the same input. */
export const DeployResult = z.object({
  facts: DeviceFacts,
  adapter: DeployAdapter,
  plan: DeployPlan,
  conditions: Conditions,
  latency: LatencyStatistics,
  /** Latency of each run in order, ms. */
  samplesMs: z.array(z.number()),
  loadMs: z.number().nullable(),
  firstRunMs: z.number().nullable(),
  /** Highest resident size of the program that ran the model on the phone, and the same before the model was loaded. */
  peakMemoryBytes: z.number().nullable(),
  baselineMemoryBytes: z.number().nullable(),
  /** Empty where the program gives no outputs. */
  outputError: z.array(OutputError),
  kernels: z.array(KernelProfile).default([]),
  sustained: SustainedResult.nullable().default(null),
  accuracy: AccuracyOnPhone.nullable().default(null),
  desktop: z.object({ conditions: Conditions, latency: LatencyStatistics }),
  pushed: z.object({ modelBytes: z.number(), runtimeBytes: z.number().describe('0 where the phone had the runtime already.'), bytesPerSecond: z.number().nullable() }),
  model: z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }),
})
export type DeployResult = z.infer<typeof DeployResult>

/** A result timed on a phone beside its source, in turns. */
export const PhoneLatency = LatencyBeside.extend({
  serial: z.string(),
  /** Maker and model. */
  phone: z.string(),
  adapter: DeployAdapter,
  /** How often the program was started for each model; one says little of a phone that heats up. */
  turns: z.number().int(),
  /** The result's outputs there against the result's here: whether the phone computes what this computer does. */
  outputError: z.array(OutputError),
  /** Kernels of the result that ran there, by operator; null where the runtime does not tell. */
  opCounts: z.record(z.string(), z.number().int()).nullable().default(null),
})
export type PhoneLatency = z.infer<typeof PhoneLatency>

/** A result as it is kept, latest first. */
export const DeviceRun = z.object({ id: z.string(), result: DeployResult })
export type DeviceRun = z.infer<typeof DeviceRun>
