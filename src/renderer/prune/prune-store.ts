/** The recipe under edit and the data of the Prune panel, by source model. */
import { create } from 'zustand'
import type { DataChoice } from '../optimize/data-choice'
import type { RecipeDraft } from '../optimize/recipe-draft'

interface PruneState {
  readonly drafts: Readonly<Record<string, RecipeDraft>>
  readonly data: Readonly<Record<string, DataChoice>>
  readonly setDraft: (modelPath: string, draft: RecipeDraft) => void
  readonly setData: (modelPath: string, data: DataChoice) => void
}

export const usePruneStore = create<PruneState>()((set) => ({
  drafts: {},
  data: {},
  setDraft: (modelPath, draft) => set(({ drafts }) => ({ drafts: { ...drafts, [modelPath]: draft } })),
  setData: (modelPath, data) => set((state) => ({ data: { ...state.data, [modelPath]: data } })),
}))
