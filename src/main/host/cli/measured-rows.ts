import { resolve } from 'node:path'
import type { MetricName } from '#shared/evaluation/metric'
import type { VariantRow } from '#shared/variants/variant-table'
import { dataSource } from './options'
import type { Session } from './session'

export interface Measuring {
  /** Time on this computer what has no latency from here. */
  readonly latency: boolean
  /** Evaluate what has no figure on this data. */
  readonly accuracy: { readonly data: string; readonly metric: MetricName } | null
  /** Rows of the models alone, or of their variants too. */
  readonly variants: boolean
}

/** The models with all that is known of them; what is missing is measured first. Throws AppError. */
export async function measuredRows(session: Session, models: readonly string[], { latency, accuracy, variants }: Measuring): Promise<VariantRow[]> {
  const modelPaths = models.map((model) => resolve(model))
  const read = async () => {
    const { rows } = await session.request('variants.table', { modelPaths })
    return variants ? rows : rows.filter(({ modelPath }) => modelPaths.includes(modelPath))
  }
  const rows = await read()
  for (const row of rows) {
    if (latency && row.latencies.every(({ isPhone }) => isPhone)) await session.runJob<'profile'>({ kind: 'profile', params: { modelPath: row.modelPath, options: {}, data: dataSource(undefined, 1) } })
    if (accuracy) await session.runJob<'evaluate'>({ kind: 'evaluate', params: { modelPath: row.modelPath, dataPath: resolve(accuracy.data), metric: accuracy.metric } })
  }
  return read()
}
