/**
 * Ids of graphs and nodes are not in the file. After a save the open document keeps its own; where its draft is replayed onto the
 * file that was saved, the file's graphs and nodes get those ids again, so that the commands of the draft find them.
 */
import type { ModelDocument } from '#shared/onnx/document'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Graph, Model, Node } from '#shared/onnx/records'
import type { DocumentIds } from '../workspace/drafts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** In the order in which the file lists them. */
export function idsOf(document: ModelDocument): DocumentIds {
  const { graphs, nodes } = walk(document.model)
  const { node, graph } = document.nextIds
  return { graphs: graphs.map(({ id }) => id), nodes: nodes.map(({ id }) => id), nextNode: node, nextGraph: graph }
}

/** Gives a model just decoded, which no document has yet, the ids. Returns false, and changes nothing, where their number differs. */
export function putIds(model: Model, ids: DocumentIds): boolean {
  const { graphs, nodes } = walk(model)
  if (graphs.length !== ids.graphs.length || nodes.length !== ids.nodes.length) return false
  graphs.forEach((graph, at) => ((graph as Mutable<Graph>).id = ids.graphs[at] ?? 0))
  nodes.forEach((node, at) => ((node as Mutable<Node>).id = ids.nodes[at] ?? 0))
  return true
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
