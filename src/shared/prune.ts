/** What pruning would do to a model, and what each layer loses by it, as the window and the command line see it. */
import { z } from 'zod'
import { Diagnostic } from './diagnostic'

/** What the model's outputs lose as one group of layers is cut, alone. */
export const PruneCurve = z.object({
  /** The layers that make these channels; the first stands for the group. */
  layers: z.array(z.object({ nodeId: z.number().int(), nodeName: z.string() })).min(1),
  channels: z.number().int(),
  /** From all channels down. `error` is ‖difference‖² / ‖reference‖² over the outputs. */
  points: z.array(z.object({ channels: z.number().int(), error: z.number() })),
})
export type PruneCurve = z.infer<typeof PruneCurve>

export const PruneCurves = z.object({
  path: z.string(),
  curves: z.array(PruneCurve),
  conditions: z.string(),
  diagnostics: z.array(Diagnostic),
})
export type PruneCurves = z.infer<typeof PruneCurves>

const beforeAfter = z.object({ before: z.number(), after: z.number() })

/** Channels that go together: cutting one cuts it in every layer of the group. */
export const PruneGroup = z.object({
  channels: z.number().int(),
  left: z.number().int(),
  /** Channels that go at once: a head, a group of a grouped convolution. */
  unit: z.number().int(),
  /** Why none can go; null where they can. */
  locked: z.object({ code: z.string(), reason: z.string() }).nullable(),
  layers: z.array(z.object({ nodeId: z.number().int(), nodeName: z.string(), opType: z.string() })),
  /** Nodes of the main graph that have these channels in what they give. */
  nodes: z.array(z.number().int()),
})
export type PruneGroup = z.infer<typeof PruneGroup>

export const PrunePreview = z.object({
  groups: z.array(PruneGroup),
  /** Null where the model's shapes are open. */
  macs: beforeAfter.nullable(),
  parameters: beforeAfter,
  /** Of the weights. */
  sizeBytes: beforeAfter,
  /** MACs of layers that shrink. */
  nodes: z.array(beforeAfter.extend({ nodeId: z.number().int() })),
  /** Whether the counts are those the pass will choose: where it measures layer by layer or takes time, they are an even cut until curves are known. */
  exact: z.boolean(),
})
export type PrunePreview = z.infer<typeof PrunePreview>

const prunedLayer = z.object({ nodeId: z.number().int(), nodeName: z.string(), opType: z.string() })

/** What a pass may thin out, known without running anything: which of it goes is found out when it runs. */
export const PruneCandidates = z.object({
  candidates: z.array(
    z.object({
      layers: z.array(prunedLayer).min(1),
      /** Nodes of the main graph that would change or go, the layers among them. */
      nodes: z.array(z.number().int()),
      /** Of the layers. */
      parameters: z.number(),
      /** Of the layers; null where shapes are open. */
      macs: z.number().nullable(),
    }),
  ),
  kept: z.array(prunedLayer.extend({ reason: z.string() })),
  /** Of the whole model. */
  parameters: z.number(),
  macs: z.number().nullable(),
})
export type PruneCandidates = z.infer<typeof PruneCandidates>
