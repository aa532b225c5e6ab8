import { createContext, useContext } from 'react'
import type { DiffMark } from './compare/compare-index'
import type { Selection } from '../stores/selection-store'

/** What a canvas that stands beside another one takes from the comparison. */
export interface Beside {
  /** By node id. */
  readonly marks: ReadonlyMap<number, DiffMark>
  /** What here belongs to a selection made on the other side. */
  readonly partnersOf: (selection: Selection) => Selection
}

/** Which document a canvas shows. */
export interface CanvasSubject {
  readonly documentId: string
  /** Null where it stands alone. */
  readonly beside: Beside | null
}

const Context = createContext<CanvasSubject | null>(null)
export const CanvasSubjectProvider = Context.Provider

export function useCanvasSubject(): CanvasSubject {
  const subject = useContext(Context)
  if (subject === null) throw new Error('internal: used outside the canvas')
  return subject
}
