import { useEffect, useLayoutEffect } from 'react'
import type { ProfileResult } from '#shared/measurement'
import { useCanvas } from './canvas-store'
import { useCanvasSubject, type Beside, type CanvasSubject } from './canvas-subject'
import { diffHeat } from './compare/diff-heat'
import { heatOf, markedHeat, type Heat } from './scene/heat'
import { highlightOf, type Highlight } from './scene/highlight'
import type { Scene } from './scene/scene'
import { useOverlayStore, type GraphOverlay } from '../stores/overlay-store'
import { isBuiltIn, useProfileStore, type Overlay } from '../stores/profile-store'
import { openDocument, useSessionStore } from '../stores/session-store'
import { useSelectionStore } from '../stores/selection-store'

/** Keeps highlight and heat of the canvas store in step with selection, hovering, measurements and overlay. */
export function useEmphasis(scene: Scene): void {
  const canvas = useCanvas()
  const subject = useCanvasSubject()
  const { documentId, beside } = subject
  const active = useSessionStore((state) => state.activeDocumentId)
  useLayoutEffect(() => {
    const update = () => canvas.getState().setHighlight(highlightFor(scene, subject))
    update()
    return useSelectionStore.subscribe(update)
    // Another document in front: what was selected here may now be the other's selection.
  }, [scene, canvas, subject, active])
  const overlay = useProfileStore((state) => state.overlay)
  const path = useSessionStore((state) => openDocument(state, documentId)?.summary.path ?? '')
  const profile = useProfileStore((state) => state.profiles[path] ?? null)
  const panelOverlay = useOverlayStore((state) => state.overlays.find((candidate) => candidate.documentId === documentId && overlay === `panel:${candidate.id}`) ?? null)
  useEffect(() => canvas.getState().setHeat(heatFor(scene, { overlay, profile, panelOverlay, beside })), [scene, canvas, overlay, profile, panelOverlay, beside])
}

/** Of two canvases, the one that is not in front shows what belongs to the selection in the other. */
function highlightFor(scene: Scene, { documentId, beside }: CanvasSubject): Highlight {
  const { selection, hovered } = useSelectionStore.getState()
  if (beside === null || useSessionStore.getState().activeDocumentId === documentId) return highlightOf(scene, selection, hovered)
  return highlightOf(scene, beside.partnersOf(selection), null)
}

interface HeatSource {
  readonly overlay: Overlay
  readonly profile: ProfileResult | null
  readonly panelOverlay: GraphOverlay | null
  readonly beside: Beside | null
}

function heatFor({ graph }: Scene, { overlay, profile, panelOverlay, beside }: HeatSource): Heat | null {
  if (beside !== null && overlay === 'none') return diffHeat(graph, beside.marks)
  if (panelOverlay !== null) return markedHeat(graph, panelOverlay)
  return isBuiltIn(overlay) ? heatOf(graph, overlay, profile) : null
}
