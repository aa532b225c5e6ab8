import type { Node } from '../records'

/** Nodes that feed one another in a circle, each feeding the next and the last the first; null where there is none. */
export function findCycle(nodes: readonly Node[], reads: (node: Node) => readonly string[]): Node[] | null {
  const producers = new Map<string, Node>()
  for (const node of nodes) for (const name of node.outputs) if (name !== '') producers.set(name, node)
  const done = new Set<Node>()
  const open = new Set<Node>()
  // An explicit stack: real models are thousands of nodes deep.
  for (const root of nodes) {
    if (done.has(root)) continue
    const stack = [{ node: root, feeds: feedsOf(root, reads, producers) }]
    open.add(root)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const feed = top.feeds.pop()
      if (!feed) {
        open.delete(top.node)
        done.add(top.node)
        stack.pop()
      } else if (open.has(feed)) {
        // The stack goes from reader to feed; the circle is told in the direction data flows.
        return stack.map(({ node }) => node).slice(stack.findIndex(({ node }) => node === feed)).toReversed()
      } else if (!done.has(feed)) {
        open.add(feed)
        stack.push({ node: feed, feeds: feedsOf(feed, reads, producers) })
      }
    }
  }
  return null
}

function feedsOf(node: Node, reads: (node: Node) => readonly string[], producers: ReadonlyMap<string, Node>): Node[] {
  return reads(node).flatMap((name) => producers.get(name) ?? [])
}
