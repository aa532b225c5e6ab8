/** Models with everything that was measured on them, gathered from where it is kept. */
import type { DeployResult } from '#shared/deploy'
import { phoneName } from '#shared/device'
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import type { RequestResult } from '#shared/ipc/contract'
import type { OptimizeReport, Variant } from '#shared/ipc/jobs'
import type { Conditions, ProfileResult } from '#shared/measurement'
import type { DeviceLatency, RowAccuracy, VariantRow } from '#shared/variants/variant-table'
import { basename } from 'node:path'
import type { Snapshot } from './snapshots'

export interface RowSources {
  readonly variants: (modelPath: string) => Promise<Variant[]>
  readonly profile: (modelPath: string) => Promise<ProfileResult | null>
  readonly evaluations: (modelPath: string) => Promise<EvaluationResult[]>
  readonly deviceRuns: readonly DeployResult[]
  readonly figures: (modelPath: string) => Promise<RequestResult<'model.figures'>>
}

/** The model at `modelPath`, as its snapshot where it has one, and its variants, the model first. Throws AppError where the model cannot be read. */
export async function variantRows(modelPath: string, snapshot: Snapshot | null, sources: RowSources): Promise<VariantRow[]> {
  const variants = await sources.variants(modelPath)
  const source = await rowOf({ modelPath, name: basename(modelPath), variant: null, snapshot }, sources)
  const rows = await Promise.all(variants.map((variant) => rowOf({ modelPath: variant.modelPath, name: variant.name, variant, snapshot: null }, sources)))
  return [source, ...rows]
}

interface Subject {
  readonly modelPath: string
  readonly name: string
  readonly variant: Variant | null
  readonly snapshot: Snapshot | null
}

async function rowOf({ modelPath, name, variant, snapshot }: Subject, sources: RowSources): Promise<VariantRow> {
  const path = snapshot?.path ?? modelPath
  const figures = await sources.figures(path)
  const profile = variant ? variant.profile : await sources.profile(path)
  const onPhones = sources.deviceRuns.filter(({ model }) => model.sha256 === figures.sha256)
  return {
    name,
    role: variant ? 'variant' : 'source',
    modelPath,
    revision: snapshot?.revision ?? variant?.report.source.revision ?? null,
    ...figures,
    sourceSha256: variant?.report.source.sha256 ?? figures.sha256,
    sqnr: variant ? sqnrOf(variant.report) : null,
    latencies: [...(profile ? [fromProfile(profile)] : []), ...latestByDevice(onPhones.map(fromPhone))],
    accuracies: (await sources.evaluations(path)).flatMap(accuracyFrom),
  }
}

function sqnrOf({ outputError, outputErrorConditions }: OptimizeReport): VariantRow['sqnr'] {
  if (outputError.length === 0) return null
  const measured = outputError.flatMap(({ sqnrDb }) => (sqnrDb === null ? [] : [sqnrDb]))
  return { db: measured.length === 0 ? null : Math.min(...measured), conditions: outputErrorConditions }
}

function fromProfile({ conditions, latency, peakMemoryBytes }: ProfileResult): DeviceLatency {
  return { device: conditions.device, isPhone: false, p50Ms: latency.p50Ms, p95Ms: latency.p95Ms, spread: latency.spread, peakMemoryBytes, conditions: conditionsText(conditions), measuredAt: conditions.measuredAt }
}

function fromPhone({ facts, adapter, conditions, latency, peakMemoryBytes }: DeployResult): DeviceLatency {
  return { device: `${phoneName(facts)}, ${adapter}, ${conditions.provider}`, isPhone: true, p50Ms: latency.p50Ms, p95Ms: latency.p95Ms, spread: latency.spread, peakMemoryBytes, conditions: conditionsText(conditions), measuredAt: conditions.measuredAt }
}

function conditionsText({ runtime, provider, threads, runs, warmup, inputs, measuredAt }: Conditions): string {
  return `${runtime}, ${provider}, ${threads === 0 ? 'threads as onnxruntime chooses' : `${threads} threads`}, ${runs} runs after ${warmup}, inputs: ${inputs}, ${measuredAt.slice(0, 10)}`
}

function latestByDevice(latencies: readonly DeviceLatency[]): DeviceLatency[] {
  const latest = new Map<string, DeviceLatency>()
  for (const latency of latencies) {
    const known = latest.get(latency.device)
    if (!known || known.measuredAt < latency.measuredAt) latest.set(latency.device, latency)
  }
  return [...latest.values()]
}

function accuracyFrom({ metric, value, interval, samples, data, conditions }: EvaluationResult): RowAccuracy[] {
  if (value === null) return []
  return [{ metric, value, interval, samples, data: data.description, fingerprint: data.fingerprint, exactIntegers: conditions.exactIntegers, measuredAt: conditions.measuredAt }]
}
