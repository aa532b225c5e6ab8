import type { Node } from '../records'

/**
 * Which node of `before` each of `after` is: one with an output of the same name; else one of the same name; else, between
 * neighbours that were found, the next one of the same operator. Nodes that are new are missing.
 */
export function matchNodes(before: readonly Node[], after: readonly Node[]): Map<Node, Node> {
  const found = new Map<Node, Node>()
  const taken = new Set<Node>()
  const take = (node: Node, old: Node | undefined) => {
    if (!old || taken.has(old) || found.has(node)) return
    found.set(node, old)
    taken.add(old)
  }
  const byOutput = new Map(before.flatMap((node) => node.outputs.filter((name) => name !== '').map((name): [string, Node] => [name, node])))
  for (const node of after) for (const name of node.outputs) take(node, byOutput.get(name))
  const byName = uniqueNames(before.filter((node) => !taken.has(node)))
  const names = uniqueNames(after.filter((node) => !found.has(node)))
  for (const [name, node] of names) take(node, byName.get(name))
  matchGaps(before, after, { found, taken, take })
  return found
}

interface Matches {
  readonly found: ReadonlyMap<Node, Node>
  readonly taken: ReadonlySet<Node>
  readonly take: (node: Node, old: Node) => void
}

function matchGaps(before: readonly Node[], after: readonly Node[], { found, taken, take }: Matches): void {
  const positions = new Map(before.map((node, at) => [node, at]))
  let from = 0
  for (const node of after) {
    const old = found.get(node)
    if (old) {
      from = (positions.get(old) ?? 0) + 1
      continue
    }
    for (let at = from; at < before.length; at++) {
      const candidate = before[at]
      if (!candidate || taken.has(candidate)) break
      if (candidate.opType !== node.opType || candidate.domain !== node.domain) continue
      take(node, candidate)
      from = at + 1
      break
    }
  }
}

/** Nodes by name, where a name is given and given once. */
function uniqueNames(nodes: readonly Node[]): Map<string, Node> {
  const counts = new Map<string, number>()
  for (const { name } of nodes) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map(nodes.filter(({ name }) => name !== '' && counts.get(name) === 1).map((node) => [node.name, node]))
}
