/** How the centre is shown, and requests to the canvas that come from outside it. */
import { create } from 'zustand'

export type FlowDirection = 'down' | 'right'
export type CentreMode = 'graph' | 'text'
export type GraphToggle = 'attributes' | 'weights' | 'names'

/** A wish to bring something into view. `serial` makes two equal wishes two. */
export interface Reveal {
  readonly nodeIds: readonly number[]
  readonly serial: number
}

interface ViewState {
  readonly mode: CentreMode
  readonly attributes: boolean
  readonly weights: boolean
  readonly names: boolean
  readonly direction: FlowDirection
  readonly findOpen: boolean
  /** What was searched for last: the find bar begins with it. */
  readonly findQuery: string
  readonly reveal: Reveal | null
  readonly setMode: (mode: CentreMode) => void
  readonly toggle: (name: GraphToggle) => void
  readonly turnDirection: () => void
  readonly setFindOpen: (open: boolean) => void
  readonly setFindQuery: (query: string) => void
  readonly revealNodes: (nodeIds: readonly number[]) => void
}

export const useViewStore = create<ViewState>()((set) => ({
  mode: 'graph',
  attributes: false,
  weights: true,
  names: false,
  direction: 'down',
  findOpen: false,
  findQuery: '',
  reveal: null,
  setMode: (mode) => set({ mode }),
  toggle: (name) => set((state) => ({ [name]: !state[name] })),
  turnDirection: () => set((state) => ({ direction: state.direction === 'down' ? 'right' : 'down' })),
  setFindOpen: (findOpen) => set(findOpen ? { findOpen, mode: 'graph' } : { findOpen }),
  setFindQuery: (findQuery) => set({ findQuery }),
  revealNodes: (nodeIds) => set((state) => ({ mode: 'graph', reveal: { nodeIds, serial: (state.reveal?.serial ?? 0) + 1 } })),
}))
