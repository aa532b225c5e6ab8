/** Which dialog is open, and which tab of the bottom panel is shown. */
import { create } from 'zustand'
import type { OptimizeReport } from '#shared/ipc/jobs'

export type BottomTab = 'jobs' | 'profile' | 'operators' | 'compare' | 'diagnostics' | 'history' | 'log'

interface DialogsState {
  readonly optimizeOpen: boolean
  readonly profileOpen: boolean
  readonly report: OptimizeReport | null
  readonly bottomTab: BottomTab
  readonly setOptimizeOpen: (open: boolean) => void
  readonly setProfileOpen: (open: boolean) => void
  readonly showReport: (report: OptimizeReport | null) => void
  readonly setBottomTab: (tab: BottomTab) => void
}

export const useDialogsStore = create<DialogsState>()((set) => ({
  optimizeOpen: false,
  profileOpen: false,
  report: null,
  bottomTab: 'jobs',
  setOptimizeOpen: (optimizeOpen) => set({ optimizeOpen }),
  setProfileOpen: (profileOpen) => set({ profileOpen }),
  showReport: (report) => set({ report }),
  setBottomTab: (bottomTab) => set({ bottomTab }),
}))
