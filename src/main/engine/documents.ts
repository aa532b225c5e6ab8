/** The open models of an engine process, and the answers to requests about them. */
import { randomUUID } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { AppError } from '#shared/errors'
import { type OpenDocument, type ParsedParams, type RequestResult, requests } from '#shared/ipc/contract'
import { checkModel } from '#shared/onnx/check/check-model'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph } from '#shared/onnx/records'
import { printGraph, printModel } from '#shared/onnx/text/print'
import { describeTensor, findTensor } from '#shared/onnx/view/describe-tensor'
import { summarizeModel } from '#shared/onnx/view/summarize-model'
import { viewGraph } from '#shared/onnx/view/view-graph'
import { builtInRecipes } from '../passes/built-in-recipes'
import { recipeSchema } from '../passes/recipe-schema'
import { passInfo } from '../passes/registry'
import { type ModelFile, openModelFile, saveModelFile } from '../runtime/model-file'
import { saveModelFromText } from './model-from-text'
import type { EngineRequestName } from './protocol'

interface OpenModel {
  readonly file: ModelFile
  readonly document: ModelDocument
  readonly types: TypeTable
}

type Handlers = { readonly [N in EngineRequestName]: (params: ParsedParams<N>) => RequestResult<N> | Promise<RequestResult<N>> }

export interface Documents {
  /** Parses `params` by the contract, then answers. Throws AppError. */
  request(name: EngineRequestName, params: unknown): Promise<unknown>
  /** Opens `path` under an id that is known already. */
  reopen(documentId: string, path: string): OpenDocument
  /** Writes the model at `from`, with its external data, to `to`. */
  copy(from: string, to: string): Promise<{ sizeBytes: number }>
}

export function createDocuments(): Documents {
  const open = new Map<string, OpenModel>()

  function openAs(documentId: string, path: string): OpenDocument {
    const file = openModelFile(resolve(path))
    try {
      const document = new ModelDocument(file.model)
      const types = inferTypes(document)
      open.set(documentId, { file, document, types })
      const diagnostics = [...file.diagnostics, ...checkModel(document, types), ...types.diagnostics]
      const summary = summarizeModel({ document, path: file.path, sizeBytes: file.sizeBytes, diagnostics, types })
      return { documentId, name: basename(file.path), summary, mainGraphId: document.model.graph.id }
    } catch (error) {
      open.delete(documentId)
      file.close()
      throw error
    }
  }

  function find(documentId: string): OpenModel {
    const found = open.get(documentId)
    if (!found) throw new AppError({ code: 'not-found', message: 'This model is no longer open.', hint: 'Open it again.' })
    return found
  }

  function findGraph({ document }: OpenModel, graphId: number): Graph {
    const graph = document.graphs().find(({ id }) => id === graphId)
    if (!graph) throw new AppError({ code: 'not-found', message: 'The model has no such graph.' })
    return graph
  }

  const handlers: Handlers = {
    'model.open': ({ path }) => openAs(randomUUID(), path),
    'model.close': ({ documentId }) => {
      open.get(documentId)?.file.close()
      open.delete(documentId)
      return {}
    },
    'model.graph': ({ documentId, graphId }) => {
      const model = find(documentId)
      return viewGraph({ document: model.document, graph: findGraph(model, graphId), types: model.types })
    },
    'model.save': async ({ documentId, path }) => {
      const saved = await saveModelFile(find(documentId).document.model, resolve(path))
      return { path: saved.path, sizeBytes: saved.sizeBytes }
    },
    'model.tensor': ({ documentId, graphId, name, offset, limit }) => {
      const model = find(documentId)
      const tensor = findTensor(model.document, findGraph(model, graphId), name)
      if (!tensor) throw new AppError({ code: 'not-found', message: `The model has no tensor '${name}'.` })
      return describeTensor(tensor, { offset, limit, name })
    },
    'model.text': ({ documentId, graphId }) => {
      const model = find(documentId)
      const { document } = model
      const graph = findGraph(model, graphId)
      return { text: graph === document.model.graph ? printModel(document.model) : printGraph(document.model, graph) }
    },
    'model.fromText': async ({ text, basePath, path }) => {
      const saved = await saveModelFromText({ text, basePath, path })
      return { path: saved.path, sizeBytes: saved.sizeBytes }
    },
    'passes.list': () => passInfo(),
    'recipes.list': () => [...builtInRecipes],
    'recipes.schema': () => recipeSchema(),
  }

  return {
    async request(name, params) {
      // Parsed by the contract entry of the same name as the handler's.
      const handler = handlers[name] as (params: unknown) => unknown
      return handler(requests[name].params.parse(params))
    },
    reopen: openAs,
    async copy(from, to) {
      const file = openModelFile(from)
      try {
        const { sizeBytes } = await saveModelFile(file.model, resolve(to))
        return { sizeBytes }
      } finally {
        file.close()
      }
    },
  }
}
