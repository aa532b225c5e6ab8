import { z } from 'zod'

/** How far one node of a variant is from the node of its source that it stands for; everything before it counts too. */
export const LayerError = z.object({
  /** Of the main graphs, as in the model files. */
  sourceNode: z.object({ id: z.number(), name: z.string(), opType: z.string() }),
  variantNode: z.object({ id: z.number(), name: z.string(), opType: z.string() }),
  /** Names of the values that were compared. */
  sourceValue: z.string(),
  variantValue: z.string(),
  /** 200 stands for no difference at all. */
  sqnrDb: z.number(),
  cosine: z.number(),
  maxAbs: z.number(),
})
export type LayerError = z.infer<typeof LayerError>

export const LayerErrorResult = z.object({
  source: z.string(),
  variant: z.string(),
  /** In the order of the source's graph. */
  layers: z.array(LayerError),
  /** Index in `layers` of the first below `badDb`; null where none is. */
  firstBad: z.number().int().nullable(),
  badDb: z.number(),
  samples: z.number().int(),
  data: z.string(),
  /** Nodes of the source that have no like in the variant, or give no floats. */
  notCompared: z.number().int(),
})
export type LayerErrorResult = z.infer<typeof LayerErrorResult>
