/** What the window is told after a document changed: only what differs from what it was told before. */
import { z } from 'zod'
import { Diagnostic } from '../diagnostic'
import { GraphView, ModelSummary, NamedTypeView, NodeView, TensorView, TypeView } from './model-view'

export const DocumentState = z.object({
  /** Edits that are in effect: 0 is the model as opened, and undo counts down. */
  revision: z.number().int(),
  /** Edits there are, those that were undone included. */
  revisions: z.number().int(),
  /** Differs from the file. */
  dirty: z.boolean(),
})
export type DocumentState = z.infer<typeof DocumentState>

/**
 * How one graph that was asked for with `model.graph` differs from the view last given. Lists that are absent are as they
 * were. To bring a view up to date: drop `removedNodes`, put in `nodes` by id, then sort by `nodeOrder`.
 */
export const GraphChange = z.object({
  graphId: z.number(),
  name: z.string().optional(),
  /** Nodes that are new or look different. */
  nodes: z.array(NodeView),
  removedNodes: z.array(z.number()),
  /** Ids of all nodes in order, where it changed. */
  nodeOrder: z.array(z.number()).optional(),
  inputs: z.array(NamedTypeView).optional(),
  outputs: z.array(NamedTypeView).optional(),
  /** All of them, where any changed. */
  initializers: z.array(TensorView).optional(),
  inputNames: GraphView.shape.inputNames,
  /** Values whose type is new or changed. */
  values: z.record(z.string(), TypeView),
  removedValues: z.array(z.string()),
})
export type GraphChange = z.infer<typeof GraphChange>

export const DocumentChange = DocumentState.extend({
  graphs: z.array(GraphChange),
  /** Subgraphs and functions that are gone. */
  removedGraphs: z.array(z.number()),
  /** With the diagnostics of the model as it is now. */
  summary: ModelSummary,
  /** What the edit itself has to tell: a lossy conversion, readers left open. */
  notes: z.array(Diagnostic),
  /** Nodes the edit added to graphs, for selecting them. */
  addedNodes: z.array(z.object({ graphId: z.number(), nodeId: z.number() })),
})
export type DocumentChange = z.infer<typeof DocumentChange>

export const HistoryEntry = z.object({
  /** The revision after this edit. */
  revision: z.number().int(),
  label: z.string(),
  /** ISO 8601. */
  at: z.string(),
})
export const DocumentHistory = DocumentState.extend({
  /** The revision that is in the file, or null where undoing and editing lost it. */
  savedRevision: z.number().int().nullable(),
  entries: z.array(HistoryEntry),
})
export type DocumentHistory = z.infer<typeof DocumentHistory>

/** Edits of an earlier run that were not saved. */
export const DraftInfo = z.object({ edits: z.number().int(), savedAt: z.string(), lastLabel: z.string() })
export type DraftInfo = z.infer<typeof DraftInfo>
