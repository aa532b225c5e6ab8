/** Which edges are better named at both ends than drawn: those that would tangle the picture. */
import { assignRanks, type EdgeList } from './ranks'

/** An edge over more ranks than this leaves the screen anyway; how far depends on how many readers its value has. */
function longestSpan(fanOut: number): number {
  if (fanOut > 8) return 2
  return fanOut > 3 ? 12 : 40
}

/** Ranks between the ends of drawn edges, per node, that the picture can bear. */
const CROSSED_RANKS_PER_NODE = 3
const CROSSED_RANKS_ALWAYS = 2000

export interface Portals {
  /** 1 where the edge is a portal. */
  portal: Uint8Array
  ranks: Int32Array
}

/**
 * Chooses portals and the ranks of what remains: edges that would close a cycle, widely shared values beyond their next
 * readers, long edges, and, where there are many middling ones, the longest of those.
 */
export function choosePortals(
  nodeCount: number,
  edges: EdgeList & { value: Uint32Array },
  order: Uint32Array,
  { backward, pins }: { backward: Uint8Array; pins?: Uint8Array | undefined },
): Portals {
  const edgeCount = edges.source.length
  const portal = backward.slice()
  const fanOut = new Map<number, number>()
  for (const value of edges.value) fanOut.set(value, (fanOut.get(value) ?? 0) + 1)
  const span = (ranks: Int32Array, edge: number) => ranks[edges.target[edge]!]! - ranks[edges.source[edge]!]!
  const cutLong = (ranks: Int32Array): boolean => {
    let found = false
    for (let edge = 0; edge < edgeCount; edge++) {
      if (portal[edge] === 1 || span(ranks, edge) <= longestSpan(fanOut.get(edges.value[edge]!) ?? 1)) continue
      portal[edge] = 1
      found = true
    }
    return found
  }
  let ranks = assignRanks(nodeCount, edges, order, { skip: portal, pins })
  if (cutLong(ranks)) ranks = assignRanks(nodeCount, edges, order, { skip: portal, pins })
  // Tightening may have drawn some edges out again.
  cutLong(ranks)
  cutToBudget(portal, Math.max(CROSSED_RANKS_ALWAYS, nodeCount * CROSSED_RANKS_PER_NODE), (edge) => span(ranks, edge))
  return { portal, ranks }
}

function cutToBudget(portal: Uint8Array, budget: number, span: (edge: number) => number): void {
  const drawn = [...portal.keys()].filter((edge) => portal[edge] === 0 && span(edge) > 1).sort((a, b) => span(a) - span(b) || a - b)
  let crossed = 0
  for (const edge of drawn) {
    crossed += span(edge) - 1
    if (crossed > budget) portal[edge] = 1
  }
}
