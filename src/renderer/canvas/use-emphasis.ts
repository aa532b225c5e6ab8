import { useEffect, useLayoutEffect } from 'react'
import { useCanvasStore } from './canvas-store'
import { heatOf } from './scene/heat'
import { highlightOf } from './scene/highlight'
import type { Scene } from './scene/scene'
import { useProfileStore } from '../stores/profile-store'
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
  useEffect(() => useCanvasStore.getState().setHeat(heatOf(scene.graph, overlay, profile)), [scene, overlay, profile])
}
