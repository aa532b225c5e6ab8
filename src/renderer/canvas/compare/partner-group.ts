import type { GroupTree } from '../scene/group-tree'

/** Less in common than this (nodes of both over nodes of either), and two groups are not the same. */
const ENOUGH = 0.5

/** The group of another graph that holds what belongs to this one's nodes; null where none does. */
export function partnerGroup(groupId: string, from: GroupTree, to: GroupTree, partners: ReadonlyMap<number, readonly number[]>): string | null {
  const group = from.groups.find(({ id }) => id === groupId)
  if (group === undefined) return null
  const wanted = new Set(group.nodeIds.flatMap((id) => partners.get(id) ?? []))
  let best: string | null = null
  let most = ENOUGH
  for (const { id, nodeIds } of to.groups) {
    const shared = nodeIds.filter((nodeId) => wanted.has(nodeId)).length
    const part = shared / (wanted.size + nodeIds.length - shared)
    // Of several around the same nodes, the outermost comes first.
    if (part > most) [best, most] = [id, part]
  }
  return best
}
