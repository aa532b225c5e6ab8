/** What happened to nodes that only one of two models has. */
import type { LoneNode } from '../../ipc/model-diff'
import type { Alignment } from './alignment'
import type { DiffGraph } from './diff-graph'

type IsLone = (node: number) => boolean

/** The nodes without a mate, with the paired node they stand around. */
export function loneNodes(graph: DiffGraph, isLone: IsLone): LoneNode[] {
  return graph.nodes.flatMap((node, at): LoneNode[] => {
    if (!isLone(at)) return []
    const { id, name, opType, domain } = node
    return [{ id, name, opType, domain, around: aroundOf(graph, at, isLone) }]
  })
}

/** Through other lone nodes: Q and DQ both stand around the node they serve. */
function aroundOf({ nodes, direct, isTransparent }: DiffGraph, at: number, isLone: IsLone): LoneNode['around'] {
  const seen = new Set<number>()
  const find = (step: (node: number) => readonly number[]): number | null => {
    seen.clear()
    const queue = [at]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const node of step(next)) {
        if (!isLone(node)) return node
        if (isTransparent[node] && !seen.has(node)) queue.push(node)
        seen.add(node)
      }
    }
    return null
  }
  const reader = find((node) => (direct.readers[node] ?? []).map((found) => found.node))
  const reached = reader ?? find((node) => (direct.sources[node] ?? []).flatMap((source) => (source.kind === 'node' ? [source.node] : [])))
  const node = reached === null ? undefined : nodes[reached]
  return node ? { id: node.id, side: reader === null ? 'output' : 'input' } : null
}

/**
 * Lone nodes of A that hang together, with what took their place: the lone nodes of B between the same pairs; where there are none,
 * the paired nodes before them if those have other weights or another operator now. Ids.
 */
export function replacedNodes(alignment: Alignment, changedPairs: ReadonlySet<number>): { a: number[]; b: number[] }[] {
  const { a, b, inB } = alignment
  const regionsB = regionsOf(b, (node) => alignment.isOpenB(node))
  return regionsOf(a, (node) => alignment.isOpenA(node)).flatMap((region) => {
    const [before, after] = [mates(region.before, inB), mates(region.after, inB)]
    const between = regionsB.filter((other) => intersects(other.before, before) && intersects(other.after, after))
    const inside = between.flatMap(({ nodes }) => nodes)
    const taken = inside.length > 0 ? inside : [...region.before].filter((node) => changedPairs.has(node)).flatMap((node) => inB(node) ?? [])
    if (taken.length === 0) return []
    return [{ a: region.nodes.map((node) => a.nodes[node]?.id ?? -1), b: taken.map((node) => b.nodes[node]?.id ?? -1) }]
  })
}

interface Region {
  readonly nodes: number[]
  /** Paired nodes that feed it. */
  readonly before: ReadonlySet<number>
  /** Paired nodes that read it. */
  readonly after: ReadonlySet<number>
}

/** Lone essential nodes that hang together. */
function regionsOf({ nodes, essential, isTransparent }: DiffGraph, isLone: IsLone): Region[] {
  const seen = new Set<number>()
  return nodes.flatMap((_, start): Region[] => {
    if (seen.has(start) || !isLone(start) || isTransparent[start]) return []
    const region = { nodes: [] as number[], before: new Set<number>(), after: new Set<number>() }
    const queue = [start]
    seen.add(start)
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      region.nodes.push(at)
      const visit = (node: number, border: Set<number>) => {
        if (!isLone(node)) border.add(node)
        else if (!seen.has(node)) {
          seen.add(node)
          queue.push(node)
        }
      }
      for (const source of essential.sources[at] ?? []) if (source.kind === 'node') visit(source.node, region.before)
      for (const { node } of essential.readers[at] ?? []) visit(node, region.after)
    }
    region.nodes.sort((one, other) => one - other)
    return [region]
  })
}

function mates(nodes: ReadonlySet<number>, inB: Alignment['inB']): Set<number> {
  return new Set([...nodes].flatMap((node) => inB(node) ?? []))
}

function intersects(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return [...a].some((node) => b.has(node))
}
