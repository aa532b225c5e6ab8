/** What the shell told about itself, its files, and the health of its engine. */
import { create } from 'zustand'
import type { AppInfo, EventPayload, PassInfo, RequestResult } from '#shared/ipc/contract'
import type { Recipe } from '#shared/recipe'

export type RecentFile = RequestResult<'recent.list'>[number]
export type Sample = RequestResult<'samples.list'>[number]

/** What the optimize form is generated from; fetched when it is first opened. */
export interface Catalogue {
  readonly passes: readonly PassInfo[]
  readonly recipes: readonly Recipe[]
  readonly schema: Readonly<Record<string, unknown>>
}

interface AppState {
  readonly info: AppInfo | null
  readonly recent: readonly RecentFile[]
  readonly samples: readonly Sample[]
  readonly catalogue: Catalogue | null
  /** The latest news of the engine that is worth a banner; null while all is well. */
  readonly engine: EventPayload<'engine'> | null
  readonly setInfo: (info: AppInfo) => void
  readonly setRecent: (recent: readonly RecentFile[]) => void
  readonly setSamples: (samples: readonly Sample[]) => void
  readonly setCatalogue: (catalogue: Catalogue) => void
  readonly setEngine: (engine: EventPayload<'engine'> | null) => void
}

export const useAppStore = create<AppState>()((set) => ({
  info: null,
  recent: [],
  samples: [],
  catalogue: null,
  engine: null,
  setInfo: (info) => set({ info }),
  setRecent: (recent) => set({ recent }),
  setSamples: (samples) => set({ samples }),
  setCatalogue: (catalogue) => set({ catalogue }),
  setEngine: (engine) => set({ engine: engine?.state === 'ready' ? null : engine }),
}))
