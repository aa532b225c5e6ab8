/**
 * Ids of graphs and nodes are not in the file. After a save the open document keeps its own; where its draft is replayed onto the
 * file that was saved, the file's graphs and nodes get those ids again, so that the commands of the draft find them. A snapshot of an
 * edited document has them in a file beside it, so that what a job says of a node is said of the node in the window.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { ModelDocument } from '#shared/onnx/document'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Graph, Model, Node } from '#shared/onnx/records'
import { DocumentIds } from '../workspace/drafts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** In the order in which the file lists them. */
export function idsOf(document: ModelDocument): DocumentIds {
  const { graphs, nodes } = walk(document.model)
  const { node, graph } = document.nextIds
  return { graphs: graphs.map(({ id }) => id), nodes: nodes.map(({ id }) => id), nextNode: node, nextGraph: graph }
}

/** Gives a model just decoded, which no document has yet, the ids. Returns false, and changes nothing, where their number differs or one comes twice. */
export function putIds(model: Model, ids: DocumentIds): boolean {
  const { graphs, nodes } = walk(model)
  if (graphs.length !== ids.graphs.length || nodes.length !== ids.nodes.length) return false
  if (new Set(ids.graphs).size !== graphs.length || new Set(ids.nodes).size !== nodes.length) return false
  graphs.forEach((graph, at) => ((graph as Mutable<Graph>).id = ids.graphs[at] ?? 0))
  nodes.forEach((node, at) => ((node as Mutable<Node>).id = ids.nodes[at] ?? 0))
  return true
}

/** Where the ids of the snapshot at `modelPath` are. */
export function idsPath(modelPath: string): string {
  return `${modelPath}.edgefit-ids`
}

export function writeIds(document: ModelDocument, modelPath: string): void {
  writeFileSync(idsPath(modelPath), JSON.stringify(idsOf(document)))
}

/** Gives the model of a snapshot the ids that its document has; other models keep those they have, whatever lies beside them. */
export function putIdsBeside(model: Model, modelPath: string): void {
  const path = idsPath(modelPath)
  const ids = existsSync(path) ? parseIds(readFileSync(path, 'utf8')) : null
  if (ids) putIds(model, ids)
}

function parseIds(text: string): DocumentIds | null {
  try {
    return DocumentIds.safeParse(JSON.parse(text)).data ?? null
  } catch {
    // Not ours: only snapshots, which are written whole, have such a file.
    return null
  }
}

function walk(model: Model): { graphs: Graph[]; nodes: Node[] } {
  const graphs: Graph[] = []
  const nodes: Node[] = []
  const visit = (graph: Graph) => {
    graphs.push(graph)
    for (const node of graph.nodes) {
      nodes.push(node)
      for (const inner of subgraphsOf(node)) visit(inner)
    }
  }
  visit(model.graph)
  for (const { body } of model.functions) visit(body)
  return { graphs, nodes }
}
