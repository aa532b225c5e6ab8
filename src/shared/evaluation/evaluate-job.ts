/** The jobs of evaluation: what starts them. */
import { z } from 'zod'
import { MetricName } from './metric'
import { Preprocessing } from './preprocessing'

export const EvaluateParams = z.object({
  modelPath: z.string(),
  /** The model whose outputs are the truth; only for metrics without labels. */
  referencePath: z.string().nullable().default(null),
  dataPath: z.string(),
  labelsPath: z.string().nullable().default(null),
  metric: MetricName,
  /** Null: the one the model carries, else a guess. */
  card: Preprocessing.nullable().default(null),
  limit: z.number().int().min(1).nullable().default(null),
  threads: z.number().int().min(0).max(256).default(0),
  exactIntegers: z.boolean().default(true).describe('Integer kernels that do not saturate, as phones have them.'),
  /** Take a result of the same evaluation from the store, and go on where it was interrupted. */
  reuse: z.boolean().default(true),
  /** Where results are kept; the shell fills it in. */
  storeFolder: z.string().nullable().default(null),
})
export type EvaluateParams = z.infer<typeof EvaluateParams>

export const LayerErrorParams = z.object({
  modelPath: z.string().describe('The variant.'),
  sourcePath: z.string(),
  dataPath: z.string(),
  card: Preprocessing.nullable().default(null),
  samples: z.number().int().min(1).max(10_000).default(8),
})
export type LayerErrorParams = z.infer<typeof LayerErrorParams>
