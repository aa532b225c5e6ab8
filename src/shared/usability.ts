/** Which nodes of a model each execution provider of a phone takes, by the tables in resources/device/providers.json. */
import { z } from 'zod'

/** Why a provider does not take a node. `wanted` and `found` are an operator, a data type, a rank, an input or an attribute's value. */
export const UsabilityReason = z.object({
  code: z.enum(['operator', 'data-type', 'symbols', 'rank', 'constant', 'outputs', 'attribute']),
  found: z.string(),
  wanted: z.string(),
})
export type UsabilityReason = z.infer<typeof UsabilityReason>

export const ProviderUsability = z.object({
  provider: z.string(),
  title: z.string(),
  /** Where the table comes from, and what it does not know. */
  source: z.string(),
  supportedNodes: z.number().int(),
  /** Of all MACs, 0…1; null where the model has none that are counted. */
  supportedMacs: z.number().nullable(),
  /** Runs of supported nodes that the provider would take as one; between them the CPU works. */
  partitions: z.number().int(),
  /** Of the main graph: which part a supported node is in, from 0. */
  supported: z.array(z.object({ nodeId: z.number().int(), partition: z.number().int() })),
  unsupported: z.array(z.object({ nodeId: z.number().int(), name: z.string(), opType: z.string(), reason: UsabilityReason })),
})
export type ProviderUsability = z.infer<typeof ProviderUsability>

export const ModelUsability = z.object({ nodes: z.number().int(), providers: z.array(ProviderUsability) })
export type ModelUsability = z.infer<typeof ModelUsability>
