/** What happened in this window, newest last; the shell's own log is a file. */
import { create } from 'zustand'

export type LogLevel = 'info' | 'warning' | 'error'

export interface LogEntry {
  readonly serial: number
  /** Epoch ms. */
  readonly at: number
  readonly level: LogLevel
  readonly message: string
}

interface LogState {
  readonly entries: readonly LogEntry[]
  readonly log: (level: LogLevel, message: string) => void
  readonly clear: () => void
}

const KEPT_ENTRIES = 1000

export const useLogStore = create<LogState>()((set) => ({
  entries: [],
  log: (level, message) =>
    set((state) => {
      const serial = (state.entries.at(-1)?.serial ?? 0) + 1
      return { entries: [...state.entries, { serial, at: Date.now(), level, message }].slice(-KEPT_ENTRIES) }
    }),
  clear: () => set({ entries: [] }),
}))
