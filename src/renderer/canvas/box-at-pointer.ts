import type { Viewport } from './canvas-store'
import type { Scene } from './scene/scene'

interface PointerPlace {
  readonly clientX: number
  readonly clientY: number
  readonly target: EventTarget | null
}

/** The box under the pointer, painted or in the page; null on empty canvas. `bounds` is the canvas element's place in the window. */
export function boxAtPointer(scene: Scene, viewport: Viewport, event: PointerPlace, bounds: DOMRect): number | null {
  const element = event.target instanceof Element ? event.target.closest('[data-box]') : null
  if (element instanceof HTMLElement) return Number(element.dataset['box'])
  const reach = 3 / viewport.zoom
  const x = (event.clientX - bounds.left - viewport.x) / viewport.zoom
  const y = (event.clientY - bounds.top - viewport.y) / viewport.zoom
  // What is inside a frame comes after it.
  return scene.boxIndex.query({ x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach }).at(-1) ?? null
}
