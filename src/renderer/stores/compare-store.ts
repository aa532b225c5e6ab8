/** Which two open models stand side by side, and how they differ. */
import { create } from 'zustand'
import type { ErrorData } from '#shared/errors'
import type { ModelDiff } from '#shared/ipc/model-diff'
import type { CompareIndex } from '../canvas/compare/compare-index'

/** Document ids: A stands on the left, and differences are told as what became of it in B. */
export interface ComparedPair {
  readonly a: string
  readonly b: string
}

export interface Comparison {
  readonly pair: ComparedPair
  /** Null where it could not be made. */
  readonly found: { readonly diff: ModelDiff; readonly index: CompareIndex } | null
  readonly error: ErrorData | null
}

interface CompareState {
  readonly pair: ComparedPair | null
  /** The last comparison made; for a while after an edit it is that of the models before. */
  readonly comparison: Comparison | null
  readonly compare: (pair: ComparedPair | null) => void
  readonly putComparison: (comparison: Comparison) => void
}

export const useCompareStore = create<CompareState>()((set) => ({
  pair: null,
  comparison: null,
  compare: (pair) => set({ pair }),
  putComparison: (comparison) => set({ comparison }),
}))

export function isPair(one: ComparedPair | null, other: ComparedPair | null): boolean {
  return one?.a === other?.a && one?.b === other?.b
}
