/** State that only a canvas shares among its parts. Nodes subscribe to the little that concerns them. */
import { createContext, useContext } from 'react'
import { useStore, type StoreApi } from 'zustand'
import { createStore } from 'zustand/vanilla'
import type { CanvasActions } from './canvas-actions'
import type { Heat } from './scene/heat'
import { noHighlight, type Highlight } from './scene/highlight'
import type { Scene } from './scene/scene'

export type Theme = 'light' | 'dark'

export interface Viewport {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

export interface CanvasState {
  /** What is on the screen; null before the first layout. */
  readonly scene: Scene | null
  readonly highlight: Highlight
  /** Boxes found by the find bar. */
  readonly found: ReadonlySet<number>
  readonly heat: Heat | null
  readonly theme: Theme
  /** The part of the scene in the window, as the last movement left it; the export takes it. */
  readonly viewport: Viewport & { readonly width: number; readonly height: number }
  /** Moves the view; null while there is nothing to look at. */
  readonly camera: CanvasActions | null
  setScene(scene: Scene | null): void
  setHighlight(highlight: Highlight): void
  setFound(found: ReadonlySet<number>): void
  setHeat(heat: Heat | null): void
  setTheme(theme: Theme): void
  setViewport(viewport: CanvasState['viewport']): void
  setCamera(camera: CanvasActions | null): void
}

export type CanvasStore = StoreApi<CanvasState>

export function createCanvasStore(): CanvasStore {
  return createStore<CanvasState>()((set) => ({
    scene: null,
    highlight: noHighlight,
    found: new Set(),
    heat: null,
    theme: 'light',
    viewport: { x: 0, y: 0, zoom: 1, width: 0, height: 0 },
    camera: null,
    setScene: (scene) => set({ scene }),
    setHighlight: (highlight) => set({ highlight }),
    setFound: (found) => set({ found }),
    setHeat: (heat) => set({ heat }),
    setTheme: (theme) => set({ theme }),
    setViewport: (viewport) => set({ viewport }),
    setCamera: (camera) => set({ camera }),
  }))
}

/** The canvas in the centre; where two models are compared, the right one. */
export const mainCanvas = createCanvasStore()

/** Where two models are compared; the right canvas is the main one, so that menus and keys work as ever. */
export const comparedCanvases = { a: createCanvasStore(), b: mainCanvas }

let focused = mainCanvas

/** Of several canvases, the one that commands are meant for. */
export function focusedCanvas(): CanvasStore {
  return focused
}

export function focusCanvas(canvas: CanvasStore): void {
  focused = canvas
}

const Context = createContext(mainCanvas)
export const CanvasStoreProvider = Context.Provider

/** The store of the canvas that a part belongs to; outside of any, that of the main one. */
export function useCanvas(): CanvasStore {
  return useContext(Context)
}

export function useCanvasStore<T>(select: (state: CanvasState) => T): T {
  return useStore(useCanvas(), select)
}

/** How one box is emphasised, as the words of its `data-state`. */
export function boxState({ highlight, found }: Pick<CanvasState, 'highlight' | 'found'>, box: number): string {
  const words: string[] = []
  if (highlight.selected.has(box)) words.push('selected')
  if (highlight.neighbours.has(box)) words.push('neighbour')
  if (highlight.hovered.has(box)) words.push('hovered')
  if (highlight.alike.has(box)) words.push('alike')
  if (found.has(box)) words.push('found')
  return words.join(' ')
}
