/**
 * The single list of what the window and the command line may ask, and of what they are told.
 * Types, handlers, the preload bridge and the allow-list test are derived from it: adding a request is one entry here
 * and one handler in the process that serves it.
 */
import { z } from 'zod'
import { DeployPlan, DeviceRun } from '../deploy'
import { AdbSettings, DeviceFacts, DeviceList, DoctorCheck } from '../device'
import { ProfileResult } from '../measurement'
import { PruneCandidates, PruneCurve, PrunePreview } from '../prune'
import { EvaluationResult } from '../evaluation/evaluation-result'
import { EvaluationSetup } from '../evaluation/evaluation-setup'
import { Preprocessing } from '../evaluation/preprocessing'
import { Recipe } from '../recipe'
import { Sample } from '../samples/sample'
import { TryDescription, TryInput, TryPortable, TryRead, TryReading, TryResult, TryRun } from '../samples/try'
import { ModelUsability } from '../usability'
import { DocumentChange, DocumentHistory, DocumentState, DraftInfo } from './document-change'
import { VariantTable } from '../variants/variant-table'
import { EditCommand, GraphRef, NodeRef } from './edit-commands'
import { ErrorPayload, JobEvent, jobKinds, Variant } from './jobs'
import { MemoryPlan } from './memory-plan'
import { ModelDiff } from './model-diff'
import { ChannelRanges, GraphView, ModelSummary, TensorDetails, TensorMap } from './model-view'

const theme = z.enum(['system', 'light', 'dark'])
const language = z.enum(['system', 'en', 'zh'])
/** Sizes and visibility of panels, as the renderer keeps them. */
const layout = z.record(z.string(), z.unknown())

export const Settings = z.object({
  theme: theme.default('system'),
  language: language.default('system'),
  layout: layout.default({}),
  adb: AdbSettings.default({ path: null, port: null }),
})
export type Settings = z.infer<typeof Settings>
/** Without the defaults: what a change leaves out stays as it was. */
const SettingsChange = z.object({ theme, language, layout, adb: AdbSettings }).partial()

export const AppInfo = z.object({
  version: z.string(),
  host: z.enum(['electron', 'browser', 'cli']),
  platform: z.string(),
  node: z.string(),
  onnxruntime: z.string(),
  electron: z.string().nullable(),
  /** Processor and system, as measurements state them. */
  device: z.string(),
  /** Files named on the command line, to open at start; the sample where none was. */
  openAtStart: z.array(z.string()),
})
export type AppInfo = z.infer<typeof AppInfo>

export const OpenDocument = z.object({ documentId: z.string(), name: z.string(), summary: ModelSummary, mainGraphId: z.number(), state: DocumentState.optional(), draft: DraftInfo.nullable().optional().describe('Edits of an earlier run, to be restored or discarded.') })
export type OpenDocument = z.infer<typeof OpenDocument>

export const RecentFile = z.object({ path: z.string(), name: z.string(), openedAt: z.string(), exists: z.boolean() })
export const PassInfo = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  calibration: z.enum(['none', 'optional', 'required']),
  /** JSON schema of the options, with defaults and descriptions. */
  optionsSchema: z.record(z.string(), z.unknown()),
})
export type PassInfo = z.infer<typeof PassInfo>

const nothing = z.object({})
const document = z.object({ documentId: z.string() })
/** Real values in place of the codes that stand for them. */
const dequantize = z.boolean().default(false)
const tensorOf = document.extend({ graphId: z.number(), name: z.string(), dequantize })

/** `on` says which process answers: the shell itself, or the engine process that holds the documents. */
function request<On extends 'shell' | 'engine', P extends z.ZodType, R extends z.ZodType>(on: On, params: P, result: R) {
  return { on, params, result } as const
}

export const requests = {
  'app.info': request('shell', nothing, AppInfo),
  'settings.get': request('shell', nothing, Settings),
  'settings.update': request('shell', SettingsChange, Settings),
  'recent.list': request('shell', nothing, z.array(RecentFile)),
  'samples.list': request('shell', nothing, z.array(Sample)),
  /** Native dialogs, where the host has them; null when the person cancels or the host has none. */
  'dialog.open': request('shell', z.object({ purpose: z.enum(['model', 'data', 'data-folder']) }), z.array(z.string()).nullable()),
  'dialog.save': request('shell', z.object({ suggestedName: z.string() }), z.string().nullable()),

  'model.open': request('engine', z.object({ path: z.string() }), OpenDocument),
  /** What a model file says of itself; nothing stays open. */
  'model.figures': request('engine', z.object({ path: z.string() }), z.object({ sha256: z.string(), sizeBytes: z.number(), parameters: z.number(), macs: z.number().nullable() })),
  /** Unsaved edits are kept, and offered when the model is opened again, unless they are to be discarded. */
  'model.close': request('engine', document.extend({ draft: z.enum(['keep', 'discard']).default('keep') }), nothing),
  'model.graph': request('engine', document.extend({ graphId: z.number() }), GraphView),
  'model.tensor': request('engine', document.extend({ graphId: z.number(), name: z.string(), offset: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(4096).default(256), dequantize }), TensorDetails),
  'model.tensorMap': request('engine', tensorOf.extend({ axis: z.number().int().min(0), at: z.array(z.number().int().min(0)) }), TensorMap),
  'model.channelRanges': request('engine', tensorOf.extend({ axis: z.number().int().min(0) }), ChannelRanges),
  /** Writes a tensor as a NumPy array; where `path` is null, to a file of the studio's own, to be downloaded. */
  'model.exportTensor': request('engine', tensorOf.extend({ path: z.string().nullable() }), z.object({ path: z.string(), sizeBytes: z.number() })),
  /** Which nodes each provider of a phone runs, and into how many parts the graph falls. */
  'model.usability': request('engine', document, ModelUsability),
  /** ONNX's text form of a graph, the main one with the model around it, or of some of its nodes. */
  'model.text': request('engine', document.extend({ graphId: z.number(), nodes: z.array(NodeRef).min(1).optional() }), z.object({ text: z.string() })),
  /** What the values between the nodes take in memory, over the order in which the nodes run. `dims` are sizes for symbolic dimensions. */
  'model.memory': request('engine', document.extend({ dims: z.record(z.string(), z.number().int().positive()).default({}) }), MemoryPlan),
  /** How two open documents differ. */
  'model.diff': request('engine', z.object({ a: z.string(), b: z.string() }), ModelDiff),
  /** Writes the model that a text describes to `path`; values the text leaves out are those of the model at `basePath`. */
  'model.fromText': request('engine', z.object({ text: z.string(), basePath: z.string().nullable(), path: z.string() }), z.object({ path: z.string(), sizeBytes: z.number() })),
  /**
   * Writes the document to `path`, atomically, and from then on edits that file. An edited document is checked first (rules, and a load
   * in onnxruntime): `invalid-model` has the findings in `details.diagnostics`, the edits are kept, and `force` saves all the same.
   */
  'model.save': request('engine', document.extend({ path: z.string(), force: z.boolean().default(false) }), DocumentState.extend({ path: z.string(), sizeBytes: z.number() })),

  /** Carries the commands out as one edit, all or none. */
  'document.edit': request('engine', document.extend({ label: z.string().optional(), commands: z.array(EditCommand).min(1) }), DocumentChange),
  /** Makes a graph what its edited text says. Throws `invalid-data` with `TextErrorDetails` in `details`. */
  'document.applyText': request('engine', document.extend({ graphId: z.number(), nodes: z.array(NodeRef).min(1).optional(), text: z.string() }), DocumentChange),
  'document.undo': request('engine', document, DocumentChange),
  'document.redo': request('engine', document, DocumentChange),
  'document.goTo': request('engine', document.extend({ revision: z.number().int().min(0) }), DocumentChange),
  'document.history': request('engine', document, DocumentHistory),
  /** Puts nodes and what they need into a file for `paste` and `replaceNodes`, in this model or another. */
  'document.copy': request('engine', document.extend({ graph: GraphRef.optional(), nodes: z.array(NodeRef).min(1) }), z.object({ path: z.string(), nodeCount: z.number() })),
  /** Saves part of the model as a model: the nodes, or what lies between values. */
  'document.extract': request(
    'engine',
    document.extend({ graph: GraphRef.optional(), nodes: z.array(NodeRef).optional(), inputs: z.array(z.string()).default([]), outputs: z.array(z.string()).default([]), path: z.string() }),
    z.object({ path: z.string(), sizeBytes: z.number(), nodeCount: z.number() }),
  ),
  /**
   * A file with the document as it is now: its own, and no revision, where nothing is unsaved. With `check` it is refused as `model.save`
   * refuses. Without `write` the document's own file is given where no snapshot of its state was asked for before.
   */
  'document.snapshot': request('engine', document.extend({ check: z.boolean().default(false), write: z.boolean().default(true) }), z.object({ path: z.string(), revision: z.number().int().nullable() })),
  /** Makes the edits of the draft that `model.open` told of again. Views of the document are to be asked for anew. */
  'document.restoreDraft': request('engine', document, OpenDocument),
  'document.discardDraft': request('engine', document, nothing),
  'edit.schema': request('engine', nothing, z.record(z.string(), z.unknown())),

  /** What `prune-channels` with these options would do to the document as it is. Curves are those of a `prune-curves` job. */
  'prune.preview': request('engine', document.extend({ options: z.record(z.string(), z.unknown()), curves: z.array(PruneCurve).nullable().default(null) }), PrunePreview),
  /** What a pass that makes layers sparse, factors them or leaves out blocks may touch. Throws `invalid-recipe` for options it does not have. */
  'prune.candidates': request('engine', document.extend({ pass: z.string(), options: z.record(z.string(), z.unknown()) }), PruneCandidates),

  'passes.list': request('engine', nothing, z.array(PassInfo)),
  'recipes.list': request('engine', nothing, z.array(Recipe)),
  /** Why the recipe cannot be run as it is; null where it can. */
  'recipes.check': request('engine', z.object({ recipe: Recipe }), ErrorPayload.nullable()),
  'recipes.schema': request('engine', nothing, z.record(z.string(), z.unknown())),

  'variants.list': request('shell', z.object({ modelPath: z.string() }), z.array(Variant)),
  /** The models and their variants with everything that was measured on them, here and on phones. */
  'variants.table': request('shell', z.object({ modelPaths: z.array(z.string()).min(1) }), VariantTable),
  'variants.remove': request('shell', z.object({ modelPath: z.string(), variantId: z.string() }), nothing),
  /** Copies a variant's model (and its external data) to `path`, atomically. */
  'variants.export': request('shell', z.object({ modelPath: z.string(), variantId: z.string(), path: z.string() }), z.object({ path: z.string(), sizeBytes: z.number() })),
  /** The last measurement of the model at `modelPath` (a source or a variant), or null. */
  'profiles.latest': request('shell', z.object({ modelPath: z.string() }), ProfileResult.nullable()),

  /** What data is, and how it would be prepared for the model. */
  'evaluation.describe': request('engine', z.object({ modelPath: z.string(), dataPath: z.string() }), EvaluationSetup),
  /** Small pictures of samples, as data URLs by name; without those that are no pictures. */
  'evaluation.thumbnails': request('engine', z.object({ dataPath: z.string(), names: z.array(z.string()).max(64) }), z.record(z.string(), z.string())),
  /** What has been evaluated of the model at `modelPath`, newest first. */
  'evaluation.list': request('shell', z.object({ modelPath: z.string() }), z.array(EvaluationResult)),
  /** The preprocessing that was last chosen for a model. */
  'evaluation.card': request('shell', z.object({ modelPath: z.string() }), Preprocessing.nullable()),
  'evaluation.keepCard': request('shell', z.object({ modelPath: z.string(), card: Preprocessing }), nothing),

  /** Phones now, whatever their state; each change from then on is a `devices` event. Starts the adb server where there is none. */
  'devices.list': request('shell', nothing, DeviceList),
  'devices.facts': request('shell', z.object({ serial: z.string() }), DeviceFacts),
  /** What stands between this computer and a number measured on a phone: one phone, or all where null. */
  'devices.doctor': request('shell', z.object({ serial: z.string().nullable() }), z.array(DoctorCheck)),
  /** What the rules choose for a phone, and why. */
  'devices.plan': request('shell', z.object({ serial: z.string() }), DeployPlan),
  /** A phone over the network, by its address; it must be paired. */
  'devices.connect': request('shell', z.object({ address: z.string() }), z.object({ serial: z.string() })),
  'devices.pair': request('shell', z.object({ address: z.string(), code: z.string().regex(/^\d{6}$/) }), nothing),
  /** What a QR code for pairing says; `devices.awaitQrPairing` then waits, two minutes at most, for a phone that has read it. */
  'devices.qrPairing': request('shell', nothing, z.object({ text: z.string(), service: z.string(), password: z.string() })),
  'devices.awaitQrPairing': request('shell', z.object({ service: z.string(), password: z.string() }), z.object({ address: z.string() })),
  /** What was measured on phones, latest first. */
  'devices.runs': request('shell', nothing, z.array(DeviceRun)),
  'devices.forgetRun': request('shell', z.object({ id: z.string() }), nothing),

  /** What a model can be tried on. Its models stay loaded, in a process of the window's own, until `try.close`. */
  'try.describe': request('shell', z.object({ modelPath: z.string() }), TryDescription),
  /** Runs models side by side on one input. Throws `invalid-data`, saying what is expected, where the input is of another kind. */
  'try.run': request('shell', TryRun, TryResult),
  /** The model at `path` and the input of the task as tensors, for the runtime in the window. Throws `not-supported` where they are too large. */
  'try.portable': request('shell', z.object({ modelPath: z.string(), path: z.string(), input: TryInput }), TryPortable),
  'try.read': request('shell', TryRead, TryReading),
  'try.close': request('shell', nothing, nothing),

  'job.start': request(
    'shell',
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('optimize'), params: jobKinds.optimize.params }),
      z.object({ kind: z.literal('profile'), params: jobKinds.profile.params }),
      z.object({ kind: z.literal('deploy'), params: jobKinds.deploy.params }),
      z.object({ kind: z.literal('compare'), params: jobKinds.compare.params }),
      z.object({ kind: z.literal('limits'), params: jobKinds.limits.params }),
      z.object({ kind: z.literal('sensitivity'), params: jobKinds.sensitivity.params }),
      z.object({ kind: z.literal('preview'), params: jobKinds.preview.params }),
      z.object({ kind: z.literal('ort-graph'), params: jobKinds['ort-graph'].params }),
      z.object({ kind: z.literal('distribution'), params: jobKinds.distribution.params }),
      z.object({ kind: z.literal('prune-curves'), params: jobKinds['prune-curves'].params }),
      z.object({ kind: z.literal('evaluate'), params: jobKinds.evaluate.params }),
      z.object({ kind: z.literal('layer-error'), params: jobKinds['layer-error'].params }),
    ]),
    z.object({ jobId: z.string() }),
  ),
  /** Resolves once the work has stopped. */
  'job.cancel': request('shell', z.object({ jobId: z.string() }), nothing),
} as const

export type RequestName = keyof typeof requests
/** What a caller passes: fields with defaults may be left out. */
export type RequestParams<N extends RequestName> = z.input<(typeof requests)[N]['params']>
/** What a handler receives, parsed. */
export type ParsedParams<N extends RequestName> = z.output<(typeof requests)[N]['params']>
export type RequestResult<N extends RequestName> = z.output<(typeof requests)[N]['result']>

export const events = {
  job: JobEvent,
  /** The engine process ended by itself and was started again; open documents were opened again. */
  engine: z.object({ state: z.enum(['ready', 'restarting', 'restarted', 'failed']), message: z.string(), lostDocuments: z.array(z.string()).default([]) }),
  variants: z.object({ modelPath: z.string() }),
  /** Phones came, went or changed their state, since `devices.list` was asked. */
  devices: DeviceList,
  /** `devices.runs` has changed. */
  deviceRuns: nothing,
  /** Files handed over from outside the window: a second start, the system's recent files. */
  openFiles: z.object({ paths: z.array(z.string()) }),
} as const
export type EventName = keyof typeof events
export type EventPayload<N extends EventName> = z.output<(typeof events)[N]>

/** Every answer crosses a boundary in this envelope. */
export const Answer = z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), value: z.unknown() }), z.object({ ok: z.literal(false), error: ErrorPayload })])
export type Answer = z.infer<typeof Answer>

/** What the renderer talks to: over the preload in a real window, over HTTP in the browser host. */
export interface Bridge {
  readonly host: 'electron' | 'browser'
  request<N extends RequestName>(name: N, params: RequestParams<N>): Promise<RequestResult<N>>
  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void
  /** Makes dropped or picked files readable to the engine and returns their paths; the browser host uploads them into one folder. */
  importFiles(files: readonly File[]): Promise<string[]>
  /** Hands a file to the person where the host has no save dialog (a download); null where `dialog.save` serves. */
  download: ((path: string, suggestedName: string) => Promise<void>) | null
}

/** Names of requests and events, for the bridges' allow-lists. */
export const requestNames = Object.keys(requests) as RequestName[]
export const eventNames = Object.keys(events) as EventName[]
