import type { ProfileResult } from '#shared/measurement'
import { formatMs, formatRatio, quantityText } from '../../format/format-number'
import { nodeLatencies } from '../../stores/profile-store'

/** Time of nodes together in one run, ms (p50); null where none of them was measured. */
export type LatencyOf = (nodeIds: readonly number[]) => number | null

export function latencyOf(profile: ProfileResult | undefined): LatencyOf {
  if (profile === undefined) return () => null
  const latencies = nodeLatencies(profile)
  return (nodeIds) => {
    const measured = nodeIds.flatMap((id) => latencies.get(id)?.p50Ms ?? [])
    return measured.length === 0 ? null : measured.reduce((sum, p50Ms) => sum + p50Ms, 0)
  }
}

/** `1.20 ms → 0.40 ms (0.333×)`; a dash where a side was not measured, the ratio only where both were; empty where neither. */
export function latencyText(a: number | null, b: number | null): string {
  if (a === null && b === null) return ''
  const text = (ms: number | null) => (ms === null ? '–' : quantityText(formatMs(ms)))
  const ratio = a === null || b === null || a === 0 ? '' : ` (${quantityText(formatRatio(b / a))})`
  return `${text(a)} → ${text(b)}${ratio}`
}
