/** Measurements by model path, and which figure colours the graph. */
import { create } from 'zustand'
import type { ProfileResult } from '#shared/measurement'
import type { ProfileLimits } from '#shared/profile-limits'

export type BuiltInOverlay = 'none' | 'latency' | 'macs' | 'parameters'
/** Built in, or put up by a panel (`overlay-store.ts`) under its id. */
export type Overlay = BuiltInOverlay | `panel:${string}`

export function isBuiltIn(overlay: Overlay): overlay is BuiltInOverlay {
  return !overlay.startsWith('panel:')
}

interface ProfileState {
  readonly profiles: Readonly<Record<string, ProfileResult>>
  /** Which revision of the document was measured, by model path; null where it was the file. */
  readonly revisions: Readonly<Record<string, number | null>>
  readonly limits: Readonly<Record<string, ProfileLimits>>
  readonly overlay: Overlay
  readonly putProfile: (modelPath: string, profile: ProfileResult, revision?: number | null) => void
  readonly putLimits: (modelPath: string, limits: ProfileLimits) => void
  readonly setOverlay: (overlay: Overlay) => void
}

export const useProfileStore = create<ProfileState>()((set) => ({
  profiles: {},
  revisions: {},
  limits: {},
  overlay: 'none',
  putProfile: (modelPath, profile, revision = null) => set((state) => ({ profiles: { ...state.profiles, [modelPath]: profile }, revisions: { ...state.revisions, [modelPath]: revision } })),
  putLimits: (modelPath, limits) => set((state) => ({ limits: { ...state.limits, [modelPath]: limits } })),
  setOverlay: (overlay) => set({ overlay }),
}))

/** Time of one node in a run, ms (p50), and its share of all kernels, 0…1. */
export interface NodeLatency {
  readonly p50Ms: number
  readonly share: number
  /** How many nodes the kernel was made from; its time is split evenly among them. */
  readonly fusedNodes: number
}

/**
 * Latency by node id. A fused kernel's time cannot be told apart, so each of its nodes takes an equal part: the sum over
 * nodes stays the sum over kernels.
 */
export function nodeLatencies(profile: ProfileResult): Map<number, NodeLatency> {
  const latencies = new Map<number, NodeLatency>()
  for (const kernel of profile.kernels) {
    const fusedNodes = kernel.nodes.length
    for (const node of kernel.nodes) {
      const before = latencies.get(node.id)
      latencies.set(node.id, {
        p50Ms: (before?.p50Ms ?? 0) + kernel.p50Ms / fusedNodes,
        share: (before?.share ?? 0) + kernel.share / fusedNodes,
        fusedNodes: Math.max(before?.fusedNodes ?? 0, fusedNodes),
      })
    }
  }
  return latencies
}
