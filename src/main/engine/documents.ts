/** The open models of an engine process, and the answers to requests about them. */
import { randomUUID } from 'node:crypto'
import { basename, resolve } from 'node:path'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import { type OpenDocument, type ParsedParams, type RequestResult, requests } from '#shared/ipc/contract'
import type { Graph, Model } from '#shared/onnx/records'
import { diffModels } from '#shared/onnx/diff/diff-models'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { singleBatch } from '#shared/onnx/infer/macs'
import { planMemory } from '#shared/onnx/memory/plan-memory'
import { findNodes } from '#shared/onnx/edit/references'
import { printGraph, printModel, printNodes } from '#shared/onnx/text/print'
import { channelRanges, mapTensor } from '#shared/onnx/view/tensor-map'
import { checkUsability, readProviderTables } from '../device/check-usability'
import { findAppRoot } from '../host/app-root'
import { builtInRecipes } from '../passes/built-in-recipes'
import { pruneCandidates } from '../passes/prune/candidates'
import { previewPruning } from '../passes/prune/preview'
import { recipeSchema } from '../passes/recipe-schema'
import { passInfo } from '../passes/registry'
import { recipeProblem } from '../passes/resolve-recipe'
import { openModelFile, saveModelFile } from '../runtime/model-file'
import { createModelHashes } from '../runtime/model-hashes'
import { countEdits, type Draft, type Drafts } from '../workspace/drafts'
import { editSchema } from './edit-schema'
import { copyNodes, extractPart } from './extract-part'
import type { LoadCheck } from './load-check'
import { modelFigures } from './model-figures'
import { saveModelFromText } from './model-from-text'
import { OpenModel } from './open-model'
import { exportTensor, readableTensor, showTensor } from './read-tensor'
import { removeSnapshots, snapshotOf } from './snapshot'
import type { EngineRequestName } from './protocol'

type Handlers = { readonly [N in EngineRequestName]: (params: ParsedParams<N>) => RequestResult<N> | Promise<RequestResult<N>> }

export interface Documents {
  /** Parses `params` by the contract, then answers. Throws AppError. */
  request(name: EngineRequestName, params: unknown): Promise<unknown>
  /** Opens `path` under an id that is known already, with the unsaved edits the document had. */
  reopen(documentId: string, path: string): Promise<OpenDocument>
  /** Writes the model at `from`, with its external data, to `to`. */
  copy(from: string, to: string, metadata: Readonly<Record<string, string>>): Promise<{ sizeBytes: number }>
  /** SHA-256 of a model, open or not, as `hashModelFile` gives it. */
  hash(path: string): Promise<string>
}

export interface DocumentsOptions {
  /** Null where unsaved edits are not kept. */
  readonly drafts: Drafts | null
  /** Null where saving is checked by the rules alone. */
  readonly loadCheck: LoadCheck | null
}

export function createDocuments({ drafts, loadCheck }: DocumentsOptions = { drafts: null, loadCheck: null }): Documents {
  const open = new Map<string, OpenModel>()
  /** Drafts of earlier runs that were told of, by document. */
  const offered = new Map<string, Draft>()
  const hashes = createModelHashes()

  function describe(model: OpenModel, extra: readonly Diagnostic[] = []): OpenDocument {
    const summary = model.summary()
    const draft = offered.get(model.documentId)
    return {
      documentId: model.documentId,
      name: basename(model.path),
      summary: { ...summary, diagnostics: [...extra, ...summary.diagnostics] },
      mainGraphId: model.document.model.graph.id,
      state: model.state,
      draft: draft ? draftInfo(draft) : null,
    }
  }

  function openAs(documentId: string, path: string): OpenDocument {
    const model = OpenModel.open({ documentId, path, drafts, loadCheck })
    open.set(documentId, model)
    const draft = drafts?.find(path, (id) => open.has(id)) ?? null
    if (draft) offered.set(documentId, draft)
    return describe(model)
  }

  async function reopen(documentId: string, path: string): Promise<OpenDocument> {
    const draft = drafts?.of(documentId)
    if (!drafts || !draft) return openAs(documentId, path)
    try {
      const model = await OpenModel.restore({ documentId, path, drafts, loadCheck }, draft)
      open.set(documentId, model)
      return describe(model)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      openAs(documentId, path)
      const { message, hint } = error
      return describe(find(documentId), [{ severity: 'warning', code: 'draft-kept-aside', message, ...(hint !== undefined && { hint }) }])
    }
  }

  async function restoreDraft(documentId: string): Promise<OpenDocument> {
    const model = find(documentId)
    const draft = offered.get(documentId)
    if (!drafts || !draft) throw new AppError({ code: 'not-found', message: 'This model has no unsaved edits from earlier.' })
    if (model.state.revisions > 0) throw new AppError({ code: 'bad-usage', message: 'The model was edited since it was opened.', hint: 'Undo these edits, or save them and open the model again.' })
    offered.delete(documentId)
    const restored = await OpenModel.restore({ documentId, path: model.path, drafts, loadCheck }, draft)
    open.set(documentId, restored)
    model.release()
    return describe(restored)
  }

  function find(documentId: string): OpenModel {
    const found = open.get(documentId)
    if (!found) throw new AppError({ code: 'not-found', message: 'This model is no longer open.', hint: 'Open it again.' })
    return found
  }

  function graphOf({ document }: OpenModel, graphId: number): Graph {
    const graph = document.graphs().find(({ id }) => id === graphId)
    if (!graph) throw new AppError({ code: 'not-found', message: 'The model has no such graph.' })
    return graph
  }

  const handlers: Handlers = {
    'model.open': ({ path }) => openAs(randomUUID(), path),
    'model.close': ({ documentId, draft }) => {
      open.get(documentId)?.close(draft)
      removeSnapshots(documentId, drafts)
      open.delete(documentId)
      offered.delete(documentId)
      return {}
    },
    'model.graph': ({ documentId, graphId }) => {
      const model = find(documentId)
      return model.showGraph(graphOf(model, graphId))
    },
    'model.save': async ({ documentId, path, force }) => {
      const { externalFiles: _, ...saved } = await find(documentId).save(path, { force })
      return saved
    },
    'document.edit': ({ documentId, label, commands }) => find(documentId).edit(label, commands),
    'document.applyText': ({ documentId, graphId, ...what }) => find(documentId).edit('Edit text', [{ kind: 'applyText', graph: graphId, ...what }]),
    'document.undo': ({ documentId }) => find(documentId).goTo((revision) => revision - 1),
    'document.redo': ({ documentId }) => find(documentId).goTo((revision) => revision + 1),
    'document.goTo': ({ documentId, revision }) => find(documentId).goTo(() => revision),
    'document.history': ({ documentId }) => find(documentId).describeHistory(),
    'document.copy': ({ documentId, graph, nodes }) => copyNodes(find(documentId), { graph, nodes }, drafts),
    'document.extract': ({ documentId, ...what }) => extractPart(find(documentId), what),
    'document.snapshot': async ({ documentId, check, write }) => {
      const model = find(documentId)
      if (check) await model.checkSound()
      return snapshotOf(model, drafts, { write })
    },
    'document.restoreDraft': ({ documentId }) => restoreDraft(documentId),
    'document.discardDraft': ({ documentId }) => {
      find(documentId)
      const draft = offered.get(documentId)
      offered.delete(documentId)
      if (draft) drafts?.remove(draft.documentId)
      return {}
    },
    'edit.schema': () => editSchema(),
    'model.tensor': ({ documentId, graphId, ...what }) => {
      const model = find(documentId)
      return showTensor(model.document, graphOf(model, graphId), what)
    },
    'model.tensorMap': ({ documentId, graphId, ...what }) => {
      const model = find(documentId)
      const { tensor, transform } = readableTensor(model.document, graphOf(model, graphId), what)
      return mapTensor(tensor, { ...what, transform })
    },
    'model.channelRanges': ({ documentId, graphId, ...what }) => {
      const model = find(documentId)
      const { tensor, transform } = readableTensor(model.document, graphOf(model, graphId), what)
      return channelRanges(tensor, { ...what, transform })
    },
    'model.exportTensor': ({ documentId, graphId, ...what }) => {
      const model = find(documentId)
      const { tensor, transform } = readableTensor(model.document, graphOf(model, graphId), what)
      return exportTensor(tensor, { ...what, transform, drafts })
    },
    'model.usability': ({ documentId }) => {
      const { document } = find(documentId)
      // An open batch is no obstacle: who deploys a model fixes it.
      return checkUsability({ document, types: inferTypes(document, { dims: singleBatch(document) }) }, readProviderTables(findAppRoot(import.meta.dirname)))
    },
    'model.text': ({ documentId, graphId, nodes }) => {
      const model = find(documentId)
      const { document } = model
      const graph = graphOf(model, graphId)
      if (nodes !== undefined) return { text: printNodes({ graph, nodes: findNodes(document, graph, nodes), typeOf: (name) => model.types.typeOf(graph, name) }) }
      return { text: graph === document.model.graph ? printModel(document.model) : printGraph(document.model, graph) }
    },
    'model.memory': ({ documentId, dims }) => planMemory(find(documentId).document, { dims }),
    'model.diff': ({ a, b }) => diffModels(find(a), find(b)),
    'model.fromText': async ({ text, basePath, path }) => {
      const saved = await saveModelFromText({ text, basePath, path })
      return { path: saved.path, sizeBytes: saved.sizeBytes }
    },
    'prune.preview': ({ documentId, options, curves }) => previewPruning(find(documentId).document, options, curves),
    'prune.candidates': ({ documentId, pass, options }) => pruneCandidates(find(documentId).document, pass, options),
    'evaluation.describe': async ({ modelPath, dataPath }) => (await import('../runtime/evaluation/describe-data')).describeEvaluation(modelPath, dataPath),
    'evaluation.thumbnails': async ({ dataPath, names }) => (await import('../runtime/evaluation/describe-data')).sampleThumbnails(dataPath, names),
    'model.figures': ({ path }) => modelFigures(resolve(path), hashes),
    'passes.list': () => passInfo(),
    'recipes.list': () => [...builtInRecipes],
    'recipes.check': ({ recipe }) => recipeProblem(recipe),
    'recipes.schema': () => recipeSchema(),
  }

  return {
    async request(name, params) {
      // Parsed by the contract entry of the same name as the handler's.
      const handler = handlers[name] as (params: unknown) => unknown
      return handler(requests[name].params.parse(params))
    },
    reopen,
    async copy(from, to, metadata) {
      const file = openModelFile(from)
      try {
        const { sizeBytes } = await saveModelFile(withMetadata(file.model, metadata), resolve(to))
        return { sizeBytes }
      } finally {
        file.close()
      }
    },
    hash: (path) => hashes.hashOf(resolve(path)),
  }
}

function withMetadata(model: Model, entries: Readonly<Record<string, string>>): Model {
  const others = model.metadata.filter(({ key }) => !Object.hasOwn(entries, key))
  return { ...model, metadata: [...others, ...Object.entries(entries).map(([key, value]) => ({ key, value }))] }
}

function draftInfo(draft: Draft): NonNullable<OpenDocument['draft']> {
  const lastLabel = draft.steps.findLast((step) => step.kind === 'edit')?.label ?? ''
  return { edits: countEdits(draft), savedAt: draft.savedAt, lastLabel }
}
