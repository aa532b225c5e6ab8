/** Colourings of the graph that panels put up: sensitivity by node, channels that move together, what a provider supports. */
import { create } from 'zustand'
import { useProfileStore } from './profile-store'

/** A node's place on the colour scale, 0…1, or the group it belongs to; `text` stands on its box. */
export type OverlayMark = { readonly level: number; readonly text: string } | { readonly group: number; readonly text: string }

export interface GraphOverlay {
  readonly id: string
  /** The overlay colours the graphs of this document only. */
  readonly documentId: string
  /** Shown in the choice of colours and over the legend, in the language of the window. */
  readonly title: string
  /** By node id. */
  readonly nodes: ReadonlyMap<number, OverlayMark>
  /** The figures at the start, the middle and the end of the scale, or the names of the groups, each at its group's number. */
  readonly legend: { readonly scale: readonly [string, string, string] } | { readonly groups: readonly string[] }
}

interface OverlayState {
  readonly overlays: readonly GraphOverlay[]
  /** Replaces the overlay of the same id. */
  readonly put: (overlay: GraphOverlay) => void
  readonly remove: (id: string) => void
}

export const useOverlayStore = create<OverlayState>()((set) => ({
  overlays: [],
  put: (overlay) => set(({ overlays }) => ({ overlays: [...overlays.filter(({ id }) => id !== overlay.id), overlay] })),
  remove: (id) => {
    const { overlay, setOverlay } = useProfileStore.getState()
    if (overlay === `panel:${id}`) setOverlay('none')
    set(({ overlays }) => ({ overlays: overlays.filter((candidate) => candidate.id !== id) }))
  },
}))

/** Puts an overlay up and colours the graph by it. */
export function showOverlay(overlay: GraphOverlay): void {
  useOverlayStore.getState().put(overlay)
  useProfileStore.getState().setOverlay(`panel:${overlay.id}`)
}
