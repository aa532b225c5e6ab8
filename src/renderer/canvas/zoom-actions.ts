/** Zooming the graph that commands are meant for. */
import { focusedCanvas } from './canvas-store'
import { boxesToShow } from './scene/highlight'
import { useSelectionStore } from '../stores/selection-store'

const STEP = 1.25

export function zoomIn(): void {
  focusedCanvas().getState().camera?.zoomBy(STEP)
}

export function zoomOut(): void {
  focusedCanvas().getState().camera?.zoomBy(1 / STEP)
}

/** Zoom to 100 %. */
export function zoomReset(): void {
  const { camera, viewport } = focusedCanvas().getState()
  camera?.zoomBy(1 / viewport.zoom)
}

export function zoomToGraph(): void {
  focusedCanvas().getState().camera?.zoomTo([])
}

export function zoomToSelection(): void {
  const { camera, scene } = focusedCanvas().getState()
  if (scene !== null) camera?.zoomTo(boxesToShow(scene, useSelectionStore.getState().selection))
}
