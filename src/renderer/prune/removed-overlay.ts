import type { GraphView } from '#shared/ipc/model-view'
import { formatPercent, quantityText } from '../format/format-number'
import type { GraphOverlay, OverlayMark } from '../stores/overlay-store'

/** Marks layers of a pruned model by how many of their parameters went; layers are found in the source by name. Null where none shrank. */
export function removedOverlay(source: GraphView, pruned: GraphView, { documentId, title }: { documentId: string; title: string }): GraphOverlay | null {
  const before = new Map(source.nodes.flatMap(({ name, opType, parameterCount }): [string, number][] => (name === '' ? [] : [[`${opType} ${name}`, parameterCount]])))
  const nodes = new Map<number, OverlayMark>()
  for (const { id, name, opType, parameterCount } of pruned.nodes) {
    const full = before.get(`${opType} ${name}`)
    if (full === undefined || full === 0 || parameterCount >= full) continue
    const share = 1 - parameterCount / full
    nodes.set(id, { level: share, text: `−${quantityText(formatPercent(share))}` })
  }
  return nodes.size === 0 ? null : { id: 'prune-result', documentId, title, nodes, legend: { scale: ['0 %', '−50 %', '−100 %'] } }
}
