/** Phones, what is known of them, and figures taken on them. */
import { z } from 'zod'
import { Conditions, LatencyStatistics, OutputError } from './measurement'

/** How the adb server is found: null leaves it to the environment. */
export const AdbSettings = z.object({
  /** The adb program. Null: ANDROID_HOME, ANDROID_SDK_ROOT, then PATH. */
  path: z.string().nullable().default(null),
  /** Port of the adb server. Null: ANDROID_ADB_SERVER_PORT, then 5037. */
  port: z.number().int().min(1).max(65_535).nullable().default(null),
})
export type AdbSettings = z.infer<typeof AdbSettings>

export const DeviceState = z.enum(['ready', 'unauthorized', 'authorizing', 'offline', 'no-permissions', 'recovery', 'sideload', 'bootloader', 'unknown'])
export type DeviceState = z.infer<typeof DeviceState>

export const DeviceEntry = z.object({
  serial: z.string(),
  state: DeviceState,
  /** Model as adb knows it; the serial where it does not. */
  name: z.string(),
  /** What to do where the phone is not ready. */
  hint: z.string().nullable(),
})
export type DeviceEntry = z.infer<typeof DeviceEntry>

export const DeviceList = z.object({
  devices: z.array(DeviceEntry),
  /** Why there is no list: adb is missing, or its server does not answer. */
  problem: z.object({ message: z.string(), hint: z.string().nullable() }).nullable(),
})
export type DeviceList = z.infer<typeof DeviceList>

/** What a phone says of itself. Null is what it does not tell. */
export const DeviceFacts = z.object({
  serial: z.string(),
  maker: z.string().nullable(),
  model: z.string().nullable(),
  soc: z.string().nullable(),
  /** In the phone's order of preference, for example `arm64-v8a`. */
  abis: z.array(z.string()),
  androidVersion: z.string().nullable(),
  sdk: z.number().int().nullable(),
  /** One entry for each core. */
  cores: z.array(z.object({ maxMHz: z.number().nullable() })),
  /** Instruction set extensions as the kernel lists them, for example asimddp, i8mm. */
  cpuFeatures: z.array(z.string()),
  memoryBytes: z.object({ total: z.number(), available: z.number() }).nullable(),
  /** Under /data/local/tmp. */
  storageFreeBytes: z.number().nullable(),
  battery: z.object({ levelPercent: z.number().nullable(), temperatureC: z.number().nullable(), charging: z.boolean().nullable() }).nullable(),
  /** Android's 0 (none) … 6 (shutdown). */
  thermalStatus: z.number().int().nullable(),
  vulkanDriver: z.string().nullable(),
})
export type DeviceFacts = z.infer<typeof DeviceFacts>

export const DoctorCheck = z.object({
  /** Null where the check is not of one phone. */
  serial: z.string().nullable(),
  check: z.enum(['adb', 'server', 'devices', 'permission', 'shell', 'abi', 'hashing', 'runtime', 'exec', 'loader']),
  status: z.enum(['ok', 'warning', 'failed', 'skipped']),
  message: z.string(),
  hint: z.string().nullable(),
})
export type DoctorCheck = z.infer<typeof DoctorCheck>

export const DeployOptions = z.object({
  runs: z.number().int().min(1).max(100_000).default(50),
  warmup: z.number().int().min(0).max(10_000).default(5),
  /** 0 lets onnxruntime choose. */
  threads: z.number().int().min(0).max(256).default(0),
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  dims: z.record(z.string(), z.number().int().positive()).default({}),
})
export type DeployOptions = z.infer<typeof DeployOptions>

/** A model timed on a phone, with its outputs held against the desktop's on the same input. */
export const DeployResult = z.object({
  facts: DeviceFacts,
  conditions: Conditions,
  latency: LatencyStatistics,
  /** Latency of each run in order, ms. */
  samplesMs: z.array(z.number()),
  loadMs: z.number(),
  firstRunMs: z.number(),
  /** Highest resident size of the program that ran the model on the phone, and the same before the model was loaded. */
  peakMemoryBytes: z.number(),
  baselineMemoryBytes: z.number(),
  outputError: z.array(OutputError),
  desktop: z.object({ conditions: Conditions, latency: LatencyStatistics }),
  pushed: z.object({ modelBytes: z.number(), runtimeBytes: z.number().describe('0 where the phone had the runtime already.'), bytesPerSecond: z.number().nullable() }),
  model: z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }),
})
export type DeployResult = z.infer<typeof DeployResult>
