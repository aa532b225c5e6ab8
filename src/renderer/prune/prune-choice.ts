import type { ProfileResult } from '#shared/measurement'
import type { PruneGroup, PrunePreview } from '#shared/prune'
import type { GraphOverlay, OverlayMark } from '../stores/overlay-store'

export const TARGETS = ['macs', 'channels', 'parameters', 'size', 'latency'] as const
export const DISTRIBUTIONS = ['even', 'importance', 'sensitivity', 'latency'] as const
export const IMPORTANCES = ['reconstruction', 'activation', 'l1', 'l2', 'batch-normalization'] as const
export const RECOVERIES = ['refit', 'distill', 'merge', 'none'] as const

/** What the panel is set to: options of prune-channels. */
export interface PruneChoice {
  readonly target: (typeof TARGETS)[number]
  readonly amount: number
  readonly distribution: (typeof DISTRIBUTIONS)[number]
  readonly importance: (typeof IMPORTANCES)[number]
  readonly roundTo: number
  readonly recovery: (typeof RECOVERIES)[number]
  readonly excludeNodes: readonly string[]
}

export const INITIAL_CHOICE: PruneChoice = { target: 'macs', amount: 0.3, distribution: 'even', importance: 'reconstruction', roundTo: 8, recovery: 'refit', excludeNodes: [] }

/** What options of prune-channels say; what they leave out, or say wrongly, is as it is by default. */
export function choiceOf(options: Readonly<Record<string, unknown>>): PruneChoice {
  const { target, amount, distribution, importance, roundTo, recovery, excludeNodes } = options
  return {
    target: TARGETS.find((known) => known === target) ?? INITIAL_CHOICE.target,
    amount: typeof amount === 'number' ? amount : INITIAL_CHOICE.amount,
    distribution: DISTRIBUTIONS.find((known) => known === distribution) ?? INITIAL_CHOICE.distribution,
    importance: IMPORTANCES.find((known) => known === importance) ?? INITIAL_CHOICE.importance,
    roundTo: typeof roundTo === 'number' ? roundTo : INITIAL_CHOICE.roundTo,
    recovery: RECOVERIES.find((known) => known === recovery) ?? INITIAL_CHOICE.recovery,
    excludeNodes: Array.isArray(excludeNodes) ? excludeNodes.map(String) : INITIAL_CHOICE.excludeNodes,
  }
}

/** Channels go in groups of `roundTo`: a little less than asked is as it should be. */
const CLEARLY_LESS = 0.8

/** Groups that lose channels, in the order of the graph. */
export function shrinkingGroups({ groups }: PrunePreview): readonly PruneGroup[] {
  return groups.filter(({ channels, left }) => left < channels)
}

/** How much of what is to be saved goes in fact, 0 to 1, where that is clearly less than asked; null where it is not, or cannot be told beforehand. */
export function shortfall({ macs, parameters, sizeBytes }: Pick<PrunePreview, 'macs' | 'parameters' | 'sizeBytes'>, { target, amount }: Pick<PruneChoice, 'target' | 'amount'>): number | null {
  const pair = target === 'macs' ? macs : target === 'parameters' ? parameters : target === 'size' ? sizeBytes : null
  if (pair === null || pair.before === 0) return null
  const share = 1 - pair.after / pair.before
  return share < amount * CLEARLY_LESS ? share : null
}

/**
 * Time of one run after the cut, ms: each kernel takes the share of its time that its layers keep of their multiply–accumulates. Kernels
 * without any keep theirs, so this is on the high side.
 */
export function estimateLatency({ nodes }: PrunePreview, { latency, kernels }: ProfileResult): number {
  const shares = new Map(nodes.map(({ nodeId, before, after }) => [nodeId, after / before]))
  const total = kernels.reduce((sum, { p50Ms }) => sum + p50Ms, 0)
  const left = kernels.reduce((sum, { p50Ms, nodes: own }) => {
    const share = own.map(({ id }) => shares.get(id)).find((known) => known !== undefined)
    return sum + p50Ms * (share ?? 1)
  }, 0)
  return total === 0 ? latency.p50Ms : (latency.p50Ms * left) / total
}

/** Legends are no longer than this; the list beside the graph has all. */
const MOST_NAMES = 8

/** Marks nodes by the group their channels belong to. A node with channels of several groups takes the first. */
export function groupOverlay(preview: PrunePreview, { documentId, title, nameOf }: { documentId: string; title: string; nameOf: (group: PruneGroup) => string }): GraphOverlay | null {
  const groups = shrinkingGroups(preview)
  if (groups.length === 0) return null
  const nodes = new Map<number, OverlayMark>()
  for (const [index, group] of groups.entries()) {
    for (const nodeId of group.nodes) if (!nodes.has(nodeId)) nodes.set(nodeId, { group: index, text: `${group.channels} → ${group.left}` })
  }
  return { id: 'prune', documentId, title, nodes, legend: { groups: groups.slice(0, MOST_NAMES).map(nameOf) } }
}

/** Short: the part of a name after its last scope says which layer it is, the scope where. */
export function layerLabel({ nodeName, opType, nodeId }: { readonly nodeName: string; readonly opType?: string; readonly nodeId: number }): string {
  return nodeName === '' ? `${opType ?? ''} ${nodeId}`.trim() : nodeName.replace(/^\//, '')
}
