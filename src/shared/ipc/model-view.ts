/** What the renderer sees of a model: structure and short values, never weights. */
import { z } from 'zod'
import { Diagnostic } from '../diagnostic'

export const DimView = z.union([z.number(), z.string(), z.null()])

/** A value's type in words: `float32[batch,10]` is `{ type: 'float32', shape: ['batch', 10] }`; `shape: null` is an unknown rank. */
export const TypeView = z.object({ type: z.string(), shape: z.array(DimView).nullable() })
export type TypeView = z.infer<typeof TypeView>

export const NamedTypeView = TypeView.extend({ name: z.string(), docString: z.string().optional() })
export type NamedTypeView = z.infer<typeof NamedTypeView>

export const TensorView = z.object({
  name: z.string(),
  dtype: z.string(),
  dims: z.array(z.number()),
  sizeBytes: z.number(),
  /** The values of a scalar or a short vector, for graphs: `0.5`, `[0, 1]`. */
  values: z.string().optional(),
  /** Where the values are stored. */
  storage: z.enum(['inside', 'external', 'missing']),
  location: z.string().optional(),
})
export type TensorView = z.infer<typeof TensorView>

export const AttributeView = z.object({
  name: z.string(),
  type: z.string(),
  /** For people; long lists are cut and say so. */
  text: z.string(),
  /** Set for attributes that hold graphs. */
  graphIds: z.array(z.number()).optional(),
  tensor: TensorView.optional(),
  /** True where the value equals the schema's default. */
  isDefault: z.boolean().optional(),
})
export type AttributeView = z.infer<typeof AttributeView>

export const NodeView = z.object({
  id: z.number(),
  name: z.string(),
  opType: z.string(),
  domain: z.string(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  /** Values that the node's subgraphs read from this graph or from one around it, beside its inputs. */
  captures: z.array(z.string()).optional(),
  attributes: z.array(AttributeView),
  docString: z.string().optional(),
  /** Elements of the initializers the node reads. */
  parameterCount: z.number(),
  parameterBytes: z.number(),
  /** Multiply–accumulates of one run, an open batch taken as 1; null where a rule or a shape is missing. */
  macs: z.number().nullable(),
})
export type NodeView = z.infer<typeof NodeView>

export const GraphView = z.object({
  graphId: z.number(),
  name: z.string(),
  kind: z.enum(['main', 'subgraph', 'function']),
  /** The way back out: graphs around this one, outermost first. */
  path: z.array(z.object({ graphId: z.number(), label: z.string() })),
  inputs: z.array(NamedTypeView),
  outputs: z.array(NamedTypeView),
  nodes: z.array(NodeView),
  initializers: z.array(TensorView),
  /** Names of the inputs of the operators used here, by `domain:opType` (`:Conv` → X, W, B), for those with a known schema. */
  inputNames: z.record(z.string(), z.array(z.string())).optional(),
  /** Type and shape of every value that could be inferred, by name. */
  values: z.record(z.string(), TypeView),
})
export type GraphView = z.infer<typeof GraphView>

/** What `edgefit inspect --json` prints, and the model page of the inspector. */
export const ModelSummary = z.object({
  path: z.string(),
  format: z.string().describe("'ONNX v8' and the like"),
  irVersion: z.number(),
  opsets: z.array(z.object({ domain: z.string(), version: z.number() })),
  producer: z.string(),
  domain: z.string(),
  modelVersion: z.string(),
  docString: z.string(),
  metadata: z.record(z.string(), z.string()),
  inputs: z.array(NamedTypeView.omit({ type: true }).extend({ dtype: z.string() })),
  outputs: z.array(NamedTypeView.omit({ type: true }).extend({ dtype: z.string() })),
  nodeCount: z.number().describe('Nodes of the main graph, its subgraphs and functions.'),
  parameterCount: z.number(),
  /** Of one run, an open batch taken as 1. */
  macs: z.number().nullable(),
  /** The model file and its external data. */
  sizeBytes: z.number(),
  opCounts: z.record(z.string(), z.number()),
  functions: z.array(z.object({ graphId: z.number(), domain: z.string(), name: z.string() })),
  diagnostics: z.array(Diagnostic),
})
export type ModelSummary = z.infer<typeof ModelSummary>

/** Values and statistics of one tensor; `values` is a page of it as text, in row-major order. */
export const TensorDetails = z.object({
  tensor: TensorView,
  offset: z.number(),
  values: z.array(z.string()),
  statistics: z
    .object({ min: z.number(), max: z.number(), mean: z.number(), standardDeviation: z.number(), zeros: z.number(), nonFinite: z.number(), elements: z.number() })
    .nullable(),
  /** Counts of equal-width bins from min to max; empty for text or single-valued tensors. */
  histogram: z.array(z.number()),
  /** How the values are codes for others, as the node that reads them says; null where they are not. */
  quantization: z
    .object({
      node: z.object({ id: z.number(), opType: z.string() }),
      scale: z.string(),
      zeroPoint: z.string().nullable(),
      /** Null for one scale for all. */
      axis: z.number().nullable(),
      /** 0 where a scale holds for a whole index along the axis. */
      blockSize: z.number(),
    })
    .nullable()
    .optional(),
})
export type TensorDetails = z.infer<typeof TensorDetails>

/** A two-dimensional slice of a tensor as a grid; null for values that are not finite. */
export const TensorMap = z.object({
  rows: z.number(),
  columns: z.number(),
  /** Cells: each stands for one value or, where there are more, for that of greatest magnitude among its own. */
  shownRows: z.number(),
  shownColumns: z.number(),
  /** Rows between were left out. */
  sampled: z.boolean(),
  /** Greatest magnitude in the grid. */
  largest: z.number(),
  values: z.array(z.number().nullable()),
})
export type TensorMap = z.infer<typeof TensorMap>

/** Null where a channel has no finite value. */
export const ChannelRanges = z.object({
  channels: z.number(),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
  /** Of each channel's values, 0…1. */
  zeroShare: z.array(z.number()),
})
export type ChannelRanges = z.infer<typeof ChannelRanges>
