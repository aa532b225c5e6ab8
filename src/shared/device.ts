/** Phones and what is known of them. */
import { z } from 'zod'

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

/** What to call a phone: its serial where it tells nothing of itself. */
export function phoneName({ maker, model, serial }: Pick<DeviceFacts, 'maker' | 'model' | 'serial'>): string {
  return [maker, model].filter((part) => part !== null).join(' ') || serial
}

export const DoctorCheck = z.object({
  /** Null where the check is not of one phone. */
  serial: z.string().nullable(),
  check: z.enum(['computer', 'adb', 'server', 'devices', 'transports', 'permission', 'shell', 'programs', 'abi', 'storage', 'condition', 'hashing', 'runtime', 'exec', 'loader', 'tunnel', 'browser']),
  status: z.enum(['ok', 'warning', 'failed', 'skipped']),
  message: z.string(),
  hint: z.string().nullable(),
})
export type DoctorCheck = z.infer<typeof DoctorCheck>
