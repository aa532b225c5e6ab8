/** Models that are only looked at: what was made to be shown, and goes away again. */
import { create } from 'zustand'

interface ReadOnlyState {
  readonly paths: readonly string[]
  readonly add: (path: string) => void
}

export const useReadOnlyStore = create<ReadOnlyState>()((set) => ({
  paths: [],
  add: (path) => set(({ paths }) => (paths.includes(path) ? {} : { paths: [...paths, path] })),
}))
