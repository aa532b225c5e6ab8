/** How two models differ: what `edgefit diff --json` prints and the side-by-side view shows. Ids are those of the open documents. */
import { z } from 'zod'

const NodeRef = z.object({ id: z.number(), name: z.string(), opType: z.string(), domain: z.string() })

export const NodeChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('operator'), a: z.string(), b: z.string() }),
  /** Null where a side does not have it. */
  z.object({ kind: z.literal('attribute'), name: z.string(), a: z.string().nullable(), b: z.string().nullable() }),
  /** Type of an output as far as it is known: `float32[1,8,16,16]`. */
  z.object({ kind: z.literal('type'), output: z.number(), a: z.string(), b: z.string() }),
  /**
   * A constant input. `relativeError` is ‖b − a‖ / ‖a‖, of quantized weights after dequantizing; null where the shapes differ or the
   * values are no numbers, or are codes on one side only.
   */
  z.object({ kind: z.literal('weight'), input: z.number(), a: z.string(), b: z.string(), relativeError: z.number().nullable() }),
  /** The input comes from elsewhere; Q/DQ, Cast and Identity on the way do not count. */
  z.object({ kind: z.literal('input'), input: z.number(), a: z.string(), b: z.string() }),
])
export type NodeChange = z.infer<typeof NodeChange>

export const NodePair = z.object({
  a: NodeRef,
  b: NodeRef,
  /** Empty: the nodes are the same, but perhaps for their names. */
  changes: z.array(NodeChange),
})
export type NodePair = z.infer<typeof NodePair>

export const LoneNode = NodeRef.extend({
  /** A node of this side that it stands around: on an input or an output of a node that both models have. */
  around: z.object({ id: z.number(), side: z.enum(['input', 'output']) }).nullable(),
})
export type LoneNode = z.infer<typeof LoneNode>

const EntryChange = z.object({ name: z.string(), a: z.string().nullable(), b: z.string().nullable() })

export const GraphDiff = z.object({
  name: z.string(),
  a: z.number(),
  b: z.number(),
  pairs: z.array(NodePair),
  /** Only in A. */
  removed: z.array(LoneNode),
  /** Only in B. */
  added: z.array(LoneNode),
  /** Nodes of A and what took their place in B: a fused operator, or the node of the pair that took them in. Ids. */
  replaced: z.array(z.object({ a: z.array(z.number()), b: z.array(z.number()) })),
  /** Inputs and outputs whose type differs or that only one side has. */
  inputs: z.array(EntryChange),
  outputs: z.array(EntryChange),
})
export type GraphDiff = z.infer<typeof GraphDiff>

export const ModelDiff = z.object({
  /** The main graph first, then subgraphs of paired nodes and functions that both models have. */
  graphs: z.array(GraphDiff),
  /** Opsets, producer, metadata and the like. */
  fields: z.array(EntryChange),
  /** Functions that only one model has. */
  functions: z.array(EntryChange),
  summary: z.object({ same: z.number(), changed: z.number(), added: z.number(), removed: z.number() }),
})
export type ModelDiff = z.infer<typeof ModelDiff>
