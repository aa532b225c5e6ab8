import { useEffect, useLayoutEffect } from 'react'
import type { ProfileResult } from '#shared/measurement'
import { useCanvasStore } from './canvas-store'
import { heatOf, markedHeat, type Heat } from './scene/heat'
import { highlightOf } from './scene/highlight'
import type { Scene } from './scene/scene'
import { useOverlayStore, type GraphOverlay } from '../stores/overlay-store'
import { isBuiltIn, useProfileStore, type Overlay } from '../stores/profile-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useSelectionStore } from '../stores/selection-store'

/** Keeps highlight and heat of the canvas store in step with selection, hovering, measurements and overlay. */
export function useEmphasis(scene: Scene): void {
  useLayoutEffect(() => {
    const update = () => {
      const { selection, hovered } = useSelectionStore.getState()
      useCanvasStore.getState().setHighlight(highlightOf(scene, selection, hovered))
    }
    update()
    return useSelectionStore.subscribe(update)
  }, [scene])
  const overlay = useProfileStore((state) => state.overlay)
  const path = useSessionStore((state) => activeDocument(state)?.summary.path ?? '')
  const profile = useProfileStore((state) => state.profiles[path] ?? null)
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const panelOverlay = useOverlayStore((state) => state.overlays.find((candidate) => candidate.documentId === documentId && overlay === `panel:${candidate.id}`) ?? null)
  useEffect(() => useCanvasStore.getState().setHeat(heatFor(scene, { overlay, profile, panelOverlay })), [scene, overlay, profile, panelOverlay])
}

interface HeatSource {
  readonly overlay: Overlay
  readonly profile: ProfileResult | null
  readonly panelOverlay: GraphOverlay | null
}

function heatFor({ graph }: Scene, { overlay, profile, panelOverlay }: HeatSource): Heat | null {
  if (panelOverlay !== null) return markedHeat(graph, panelOverlay)
  return isBuiltIn(overlay) ? heatOf(graph, overlay, profile) : null
}
