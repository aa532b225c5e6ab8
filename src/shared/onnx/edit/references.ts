/** What commands name, found in the document. All throw AppError `not-found`. */
import { AppError } from '../../errors'
import type { GraphRef, NodeRef } from '../../ipc/edit-commands'
import type { ModelDocument } from '../document'
import type { Graph, Node } from '../records'

export function findGraph(document: ModelDocument, ref: GraphRef | undefined): Graph {
  if (ref === undefined) return document.model.graph
  const wanted = (graph: Graph) => (typeof ref === 'number' ? graph.id === ref : graph.name === ref)
  const definition = document.model.functions.find(({ name, domain }) => name === ref || `${domain}:${name}` === ref)
  const found = definition?.body ?? document.graphs().find(wanted)
  if (!found) throw new AppError({ code: 'not-found', message: typeof ref === 'number' ? 'The model has no such graph any more.' : `The model has no graph '${ref}'.` })
  return found
}

export function findNode(document: ModelDocument, graph: Graph, ref: NodeRef): Node {
  const index = document.index(graph)
  if (typeof ref === 'number') {
    const node = index.nodes.get(ref)
    if (node) return node
    throw new AppError({ code: 'not-found', message: `Graph '${graph.name}' has no such node any more.` })
  }
  const named = ref === '' ? undefined : graph.nodes.find(({ name }) => name === ref)
  if (named) return named
  const made = index.definition(ref)
  if (made?.kind === 'node') return made.node
  throw new AppError({ code: 'not-found', message: `Graph '${graph.name}' has no node '${ref}', and none that makes a value of that name.` })
}

/** Each once, in the graph's order. */
export function findNodes(document: ModelDocument, graph: Graph, refs: readonly NodeRef[]): Node[] {
  const wanted = new Set(refs.map((ref) => findNode(document, graph, ref).id))
  return graph.nodes.filter(({ id }) => wanted.has(id))
}

/** Whether `name` can be read in `graph`: a value of its own or of a graph around it. */
export function isVisible(document: ModelDocument, graph: Graph, name: string): boolean {
  if (document.definition(graph, name)) return true
  for (let at: Graph | undefined = graph; at; at = document.index(at).parent?.graph) {
    if (at.sparseInitializers.some(({ values }) => values.name === name)) return true
  }
  return false
}

export function requireVisible(document: ModelDocument, graph: Graph, name: string): void {
  if (isVisible(document, graph, name)) return
  throw new AppError({ code: 'not-found', message: `There is no value '${name}' in graph '${graph.name}'.`, hint: 'A value is a graph input, an initializer or the output of a node.' })
}
