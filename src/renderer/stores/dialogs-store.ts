/** Which dialog is open, and which tabs of the right and the bottom panel are shown. */
import { create } from 'zustand'
import type { OptimizeReport } from '#shared/ipc/jobs'

export type BottomTab = 'jobs' | 'profile' | 'operators' | 'compare' | 'variants' | 'devices' | 'evaluate' | 'diagnostics' | 'history' | 'log'

/** The inspector, and the tools that stand beside the graph. */
export type RightTab = 'inspector' | 'quantize' | 'prune' | 'simplify' | 'try'

interface DialogsState {
  readonly optimizeOpen: boolean
  readonly profileOpen: boolean
  readonly shortcutsOpen: boolean
  readonly report: OptimizeReport | null
  readonly bottomTab: BottomTab
  readonly rightTab: RightTab
  readonly setOptimizeOpen: (open: boolean) => void
  readonly setProfileOpen: (open: boolean) => void
  readonly setShortcutsOpen: (open: boolean) => void
  readonly showReport: (report: OptimizeReport | null) => void
  readonly setBottomTab: (tab: BottomTab) => void
  readonly setRightTab: (tab: RightTab) => void
}

export const useDialogsStore = create<DialogsState>()((set) => ({
  optimizeOpen: false,
  profileOpen: false,
  shortcutsOpen: false,
  report: null,
  bottomTab: 'jobs',
  rightTab: 'inspector',
  setOptimizeOpen: (optimizeOpen) => set({ optimizeOpen }),
  setProfileOpen: (profileOpen) => set({ profileOpen }),
  setShortcutsOpen: (shortcutsOpen) => set({ shortcutsOpen }),
  showReport: (report) => set({ report }),
  setBottomTab: (bottomTab) => set({ bottomTab }),
  setRightTab: (rightTab) => set({ rightTab }),
}))
