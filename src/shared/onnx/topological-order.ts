/** Which nodes feed which, subgraphs' captures included, and the order that follows. */
import { AppError } from '../errors'
import type { ModelDocument } from './document'
import { subgraphsOf } from './graph-index'
import type { Graph, Node } from './records'

/** Names that a node reads, those its subgraphs take from around them included. */
export function readNames(node: Node): string[] {
  const names = node.inputs.filter((name) => name !== '')
  for (const inner of subgraphsOf(node)) {
    const own = new Set([...inner.inputs, ...inner.initializers].map(({ name }) => name))
    for (const child of inner.nodes) for (const name of child.outputs) own.add(name)
    const read = [...inner.nodes.flatMap(readNames), ...inner.outputs.map(({ name }) => name)]
    names.push(...read.filter((name) => !own.has(name)))
  }
  return names
}

/** The nodes of a graph, each after those that feed it, otherwise in the order they have. Throws AppError `invalid-model` where there is a cycle. */
export function topologicalOrder(document: ModelDocument, graph: Graph): Node[] {
  const index = document.index(graph)
  const sorted: Node[] = []
  const state = new Map<number, 'open' | 'done'>()
  // An explicit stack: real models are thousands of nodes deep.
  for (const root of graph.nodes) {
    const stack: { node: Node; feeds: Node[] }[] = []
    const enter = (node: Node) => {
      state.set(node.id, 'open')
      const feeds = readNames(node).flatMap((name) => {
        const found = index.definition(name)
        return found?.kind === 'node' ? [found.node] : []
      })
      stack.push({ node, feeds: feeds.toReversed() })
    }
    if (!state.has(root.id)) enter(root)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const feed = top.feeds.pop()
      if (!feed) {
        state.set(top.node.id, 'done')
        sorted.push(top.node)
        stack.pop()
      } else if (state.get(feed.id) === 'open') {
        throw new AppError({ code: 'invalid-model', message: `Graph '${graph.name}' has a cycle through ${feed.opType} '${feed.name}'.` })
      } else if (!state.has(feed.id)) enter(feed)
    }
  }
  return sorted
}
