/** Parts of an open model written to files of their own. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError } from '#shared/errors'
import type { ParsedParams, RequestResult } from '#shared/ipc/contract'
import type { GraphRef, NodeRef } from '#shared/ipc/edit-commands'
import { extractModel, nodesBetween } from '#shared/onnx/edit/extract-model'
import { findGraph, findNodes } from '#shared/onnx/edit/references'
import { saveModelFile } from '../runtime/model-file'
import type { Drafts } from '../workspace/drafts'
import type { OpenModel } from './open-model'

/** Where copies go that are not part of one document's draft. */
export function scratchFolder(drafts: Drafts | null, name: string): string {
  if (!drafts) return mkdtempSync(join(tmpdir(), 'edgefit-copy-'))
  const folder = drafts.folderOf(name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

export async function copyNodes(model: OpenModel, { graph: ref, nodes: refs }: { graph: GraphRef | undefined; nodes: readonly NodeRef[] }, drafts: Drafts | null): Promise<RequestResult<'document.copy'>> {
  return model.whenIdle(async () => {
    const { document } = model
    const graph = findGraph(document, ref)
    const nodes = findNodes(document, graph, refs)
    const path = join(scratchFolder(drafts, 'copied'), `${randomUUID()}.onnx`)
    await saveModelFile(extractModel({ document, graph, nodes, types: model.types }), path)
    return { path, nodeCount: nodes.length }
  })
}

export async function extractPart(model: OpenModel, { graph: ref, nodes: refs, inputs, outputs, path }: Omit<ParsedParams<'document.extract'>, 'documentId'>): Promise<RequestResult<'document.extract'>> {
  return model.whenIdle(async () => {
    const { document, types } = model
    const graph = findGraph(document, ref)
    if (refs) {
      const nodes = findNodes(document, graph, refs)
      const saved = await saveModelFile(extractModel({ document, graph, nodes, types }), resolve(path))
      return { path: saved.path, sizeBytes: saved.sizeBytes, nodeCount: nodes.length }
    }
    if (inputs.length + outputs.length === 0) throw new AppError({ code: 'bad-usage', message: 'Say what to extract: nodes, or the values it lies between.' })
    const fed = graph.inputs.map(({ name }) => name).filter((name) => !document.index(graph).initializers.has(name))
    const ends = { inputs: inputs.length > 0 ? inputs : fed, outputs: outputs.length > 0 ? outputs : graph.outputs.map(({ name }) => name) }
    const nodes = nodesBetween(document, graph, ends)
    const saved = await saveModelFile(extractModel({ document, graph, nodes, types, ...ends }), resolve(path))
    return { path: saved.path, sizeBytes: saved.sizeBytes, nodeCount: nodes.length }
  })
}
