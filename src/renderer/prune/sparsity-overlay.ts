import type { LayerChange } from '#shared/ipc/jobs'
import type { GraphView } from '#shared/ipc/model-view'
import { formatPercent, quantityText } from '../format/format-number'
import type { GraphOverlay, OverlayMark } from '../stores/overlay-store'

/** Marks layers by the share of their weights that a pass made zero; they are found by operator and name. Null where no layer is. */
export function sparsityOverlay(graph: GraphView, changes: readonly LayerChange[], { documentId, title }: { documentId: string; title: string }): GraphOverlay | null {
  const shares = new Map(changes.flatMap(({ nodeName, opType, figures: { sparsity } }): [string, number][] => (nodeName === '' || sparsity === undefined ? [] : [[`${opType} ${nodeName}`, sparsity]])))
  const nodes = new Map<number, OverlayMark>()
  for (const { id, name, opType } of graph.nodes) {
    const share = shares.get(`${opType} ${name}`)
    if (share !== undefined) nodes.set(id, { level: share, text: `${quantityText(formatPercent(share))} = 0` })
  }
  return nodes.size === 0 ? null : { id: 'sparsity', documentId, title, nodes, legend: { scale: ['0 %', '50 %', '100 %'] } }
}
