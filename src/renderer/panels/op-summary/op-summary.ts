/** What a graph is made of: its operator types with what each adds up to. */
import type { NodeView } from '#shared/ipc/model-view'

export interface OpTotals {
  /** `domain:opType`. */
  readonly type: string
  readonly opType: string
  readonly domain: string
  readonly nodeIds: readonly number[]
  readonly parameterCount: number
  readonly parameterBytes: number
  /** Null where that of any node is unknown. */
  readonly macs: number | null
}

/** One entry a type, the most frequent first. A weight that several nodes read counts for each of them. */
export function summarizeOps(nodes: readonly NodeView[]): OpTotals[] {
  const totals = new Map<string, Omit<OpTotals, 'nodeIds'> & { nodeIds: number[] }>()
  for (const { id, opType, domain, parameterCount, parameterBytes, macs } of nodes) {
    const type = `${domain}:${opType}`
    const before = totals.get(type) ?? { type, opType, domain, nodeIds: [], parameterCount: 0, parameterBytes: 0, macs: 0 }
    before.nodeIds.push(id)
    totals.set(type, {
      ...before,
      parameterCount: before.parameterCount + parameterCount,
      parameterBytes: before.parameterBytes + parameterBytes,
      macs: before.macs === null || macs === null ? null : before.macs + macs,
    })
  }
  return [...totals.values()].sort((a, b) => b.nodeIds.length - a.nodeIds.length || a.type.localeCompare(b.type))
}
