import { useEffect } from 'react'
import { showOverlay, useOverlayStore, type GraphOverlay } from '../stores/overlay-store'

/** Colours the graph as long as the preview is shown. */
export function usePruneOverlay(overlay: GraphOverlay | null): void {
  useEffect(() => {
    if (overlay) showOverlay(overlay)
    else useOverlayStore.getState().remove('prune')
  }, [overlay])
  useEffect(() => () => useOverlayStore.getState().remove('prune'), [])
}
