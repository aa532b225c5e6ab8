/** Models and their variants side by side: what each weighs, how good it is, and how fast where. */
import { z } from 'zod'
import { type MetricName as Metric, MetricName, metricTraits } from '../evaluation/metric'

/** A latency on one device; the latest there is. */
export const DeviceLatency = z.object({
  /** For people, and what tells devices apart. */
  device: z.string(),
  isPhone: z.boolean(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  /** (p90 − p10) / p50 */
  spread: z.number(),
  peakMemoryBytes: z.number().nullable(),
  /** Runtime, provider, threads, runs, inputs, time. */
  conditions: z.string(),
  /** ISO 8601. */
  measuredAt: z.string(),
})
export type DeviceLatency = z.infer<typeof DeviceLatency>

export const RowAccuracy = z.object({
  metric: MetricName,
  value: z.number(),
  /** 95 %. */
  interval: z.object({ low: z.number(), high: z.number() }).nullable(),
  samples: z.number().int(),
  data: z.string(),
  /** Of the data: figures on other data are not to be compared. */
  fingerprint: z.string(),
  exactIntegers: z.boolean(),
  measuredAt: z.string(),
})
export type RowAccuracy = z.infer<typeof RowAccuracy>

export const VariantRow = z.object({
  name: z.string(),
  role: z.enum(['source', 'variant']),
  modelPath: z.string(),
  /** Of the document, where the row is of unsaved edits, or was made from such; the path is that of the file without them. */
  revision: z.number().int().nullable(),
  sha256: z.string(),
  /** Of the model it was made from; its own for a source. */
  sourceSha256: z.string(),
  sizeBytes: z.number(),
  parameters: z.number(),
  /** Null where a shape is open. */
  macs: z.number().nullable(),
  /** Worst output against the source: null where not measured, `db` null where equal. */
  sqnr: z.object({ db: z.number().nullable(), conditions: z.string() }).nullable(),
  latencies: z.array(DeviceLatency),
  accuracies: z.array(RowAccuracy),
})
export type VariantRow = z.infer<typeof VariantRow>

export const VariantTable = z.object({ rows: z.array(VariantRow) })
export type VariantTable = z.infer<typeof VariantTable>

/** Every device that something was measured on: this computer first, then the others by name. */
export function devicesOf(rows: readonly VariantRow[]): string[] {
  const found = new Map<string, boolean>()
  for (const { latencies } of rows) for (const { device, isPhone } of latencies) found.set(device, isPhone)
  return [...found].toSorted(([a, phoneA], [b, phoneB]) => Number(phoneA) - Number(phoneB) || a.localeCompare(b)).map(([device]) => device)
}

export function latencyOn(row: VariantRow, device: string): DeviceLatency | null {
  return row.latencies.find((latency) => latency.device === device) ?? null
}

/** A metric on one set of data. */
export interface AccuracyKind {
  readonly key: string
  readonly metric: Metric
  readonly data: string
  /** How many rows have it. */
  readonly rows: number
}

/** What was evaluated, that which most rows have first. */
export function accuracyKinds(rows: readonly VariantRow[]): AccuracyKind[] {
  const found = new Map<string, AccuracyKind>()
  for (const { accuracies } of rows) {
    for (const key of new Set(accuracies.map(accuracyKey))) {
      const first = accuracies.find((accuracy) => accuracyKey(accuracy) === key)
      if (first) found.set(key, { key, metric: first.metric, data: first.data, rows: (found.get(key)?.rows ?? 0) + 1 })
    }
  }
  return [...found.values()].toSorted((a, b) => b.rows - a.rows || a.key.localeCompare(b.key))
}

/** The latest of its kind. */
export function accuracyOf(row: VariantRow, key: string): RowAccuracy | null {
  return row.accuracies.filter((accuracy) => accuracyKey(accuracy) === key).toSorted((a, b) => b.measuredAt.localeCompare(a.measuredAt))[0] ?? null
}

export function isHigherBetter(metric: Metric): boolean {
  return metricTraits[metric].better === 'higher'
}

function accuracyKey({ metric, fingerprint, samples }: RowAccuracy): string {
  return `${metric}/${fingerprint.slice(0, 16)}/${samples}`
}
