import type { PruneCandidates } from '#shared/prune'
import { formatCount, formatPercent, quantityText } from '../format/format-number'
import type { GraphOverlay, OverlayMark } from '../stores/overlay-store'
import { layerLabel } from './prune-choice'
import { groupOf, type Method } from './prune-recipe'

export type Candidate = PruneCandidates['candidates'][number]

/** Legends are no longer than this; the list beside the graph has all. */
const MOST_NAMES = 8

/**
 * Marks what a method may touch. Blocks are a group each, since each goes or stays as a whole. Layers are all of one; `share` of zeros, 0…1,
 * stands on their boxes where it is known, else their multiply–accumulates. Null where there are none.
 */
export function candidateOverlay({ candidates }: PruneCandidates, { documentId, title, name, method, share }: { documentId: string; title: string; name: string; method: Method; share: number | null }): GraphOverlay | null {
  if (candidates.length === 0) return null
  const nodes = new Map<number, OverlayMark>()
  for (const [index, candidate] of candidates.entries()) {
    const group = method === 'blocks' ? index : 0
    for (const nodeId of candidate.nodes) if (!nodes.has(nodeId)) nodes.set(nodeId, { group, text: markText(candidate, method, share) })
  }
  return { id: 'prune', documentId, title, nodes, legend: { groups: method === 'blocks' ? candidates.slice(0, MOST_NAMES).map(candidateName) : [name] } }
}

function markText({ macs, parameters }: Candidate, method: Method, share: number | null): string {
  if (share !== null) return `${quantityText(formatPercent(share))} = 0`
  return groupOf(method) === 'zeros' ? quantityText(formatCount(parameters)) : macs === null ? '' : quantityText(formatCount(macs))
}

/** By its first layer. */
export function candidateName({ layers: [first] }: Candidate): string {
  return first ? layerLabel(first) : ''
}

/** What all candidates hold together; MACs are null where those of one are not known. */
export function candidateTotals({ candidates }: PruneCandidates): { readonly parameters: number; readonly macs: number | null } {
  return {
    parameters: candidates.reduce((sum, { parameters }) => sum + parameters, 0),
    macs: candidates.reduce<number | null>((sum, { macs }) => (sum === null || macs === null ? null : sum + macs), 0),
  }
}

/** Share of zeros among the weights of the layers that are made sparse, 0…1. */
export function zeroShare({ pattern, sparsity }: Readonly<Record<string, unknown>>): number {
  return pattern === '2:4' ? 0.5 : pattern === '1:4' ? 0.75 : typeof sparsity === 'number' ? sparsity : 0.5
}

/** Whether each layer gets that same share, so that it can be told of each. */
export function isSameForAll({ pattern = 'none', scope }: Readonly<Record<string, unknown>>): boolean {
  return pattern !== 'none' || scope === 'layer' || scope === 'channel'
}
