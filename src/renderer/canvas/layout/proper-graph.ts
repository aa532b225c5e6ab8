/** The graph with every edge cut into steps of one rank: bends stand in the ranks that an edge crosses. */
import { groupBy, type Grouped } from './layout-graph'
import type { EdgeList } from './ranks'

export interface ProperGraph {
  /** Vertices below this number are nodes, the others bends. */
  nodeCount: number
  vertexCount: number
  rankCount: number
  rank: Int32Array
  /** Steps between neighbouring ranks, from `stepSource` to `stepTarget`. */
  stepSource: Uint32Array
  stepTarget: Uint32Array
  /** Steps by their upper and lower vertex. */
  below: Grouped
  above: Grouped
  /** First bend of each edge; its bends are numbered on from there, one for each rank between its ends. */
  firstBend: Uint32Array
}

/** `drawn` lists the edges to take in; all must point to a higher rank. */
export function makeProper(nodeCount: number, edges: EdgeList, ranks: Int32Array, drawn: Uint32Array): ProperGraph {
  const firstBend = new Uint32Array(edges.source.length)
  let vertexCount = nodeCount
  let stepCount = 0
  for (const edge of drawn) {
    const span = ranks[edges.target[edge]!]! - ranks[edges.source[edge]!]!
    if (span < 1) throw new Error('internal: an edge of the layout points upwards')
    firstBend[edge] = vertexCount
    vertexCount += span - 1
    stepCount += span
  }
  const rank = new Int32Array(vertexCount)
  rank.set(ranks)
  const stepSource = new Uint32Array(stepCount)
  const stepTarget = new Uint32Array(stepCount)
  let step = 0
  for (const edge of drawn) {
    const source = edges.source[edge]!
    const bends = ranks[edges.target[edge]!]! - ranks[source]! - 1
    let from = source
    for (let i = 0; i < bends; i++) {
      const bend = firstBend[edge]! + i
      rank[bend] = ranks[source]! + 1 + i
      stepSource[step] = from
      stepTarget[step++] = bend
      from = bend
    }
    stepSource[step] = from
    stepTarget[step++] = edges.target[edge]!
  }
  let rankCount = 0
  for (const value of rank) rankCount = Math.max(rankCount, value + 1)
  const below = groupBy(stepSource, vertexCount)
  const above = groupBy(stepTarget, vertexCount)
  return { nodeCount, vertexCount, rankCount, rank, stepSource, stepTarget, below, above, firstBend }
}
