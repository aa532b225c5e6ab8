import { createContext, useContext } from 'react'
import type { OpenMenu } from './context-menu'
import type { Selection } from '../stores/selection-store'

/** What parts of the canvas ask of it. */
export interface CanvasActions {
  /** Brings boxes into view; does not move where one box is well in sight already. */
  reveal(boxes: readonly number[]): void
  /** Selects and brings into view. */
  goTo(selection: Selection, boxes: readonly number[]): void
  /** Fills the window with boxes; with the whole graph for none. */
  zoomTo(boxes: readonly number[]): void
  zoomBy(factor: number): void
  openMenu(menu: OpenMenu): void
  /** Folds an unfolded group and the other way round; it stays where it is under the pointer. */
  toggleGroup(groupId: string): void
  /** Shows a graph inside this one. */
  enter(graphId: number): void
  /** Moves the view so that a point of the scene stands in the middle. */
  centreAt(x: number, y: number): void
}

const Context = createContext<CanvasActions | null>(null)
export const CanvasActionsProvider = Context.Provider

export function useCanvasActions(): CanvasActions {
  const actions = useContext(Context)
  if (actions === null) throw new Error('internal: used outside the canvas')
  return actions
}
