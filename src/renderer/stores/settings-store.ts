/** Settings as the shell keeps them, and what the panels remember inside `layout`. */
import { create } from 'zustand'
import { z } from 'zod'
import type { Settings } from '#shared/ipc/contract'

const PanelLayout = z.object({
  leftOpen: z.boolean().default(true),
  rightOpen: z.boolean().default(true),
  bottomOpen: z.boolean().default(false),
  /** Pixels by panel id. */
  columns: z.record(z.string(), z.number()).default({}),
  rows: z.record(z.string(), z.number()).default({}),
  /** What variants are held to; the panel of variants knows its form. */
  budgets: z.array(z.unknown()).default([]),
})
export type PanelLayout = z.infer<typeof PanelLayout>

interface SettingsState {
  readonly settings: Settings
  /** False until the shell has answered: panels wait for it, so that they don't jump. */
  readonly loaded: boolean
  readonly setSettings: (settings: Settings) => void
}

export const useSettingsStore = create<SettingsState>()((set) => ({
  settings: { theme: 'system', language: 'system', layout: {}, adb: { path: null, port: null } },
  loaded: false,
  setSettings: (settings) => set({ settings, loaded: true }),
}))

/** The layout of the panels; what is missing or damaged takes its default. */
export function panelLayout(settings: Settings): PanelLayout {
  const parsed = PanelLayout.safeParse(settings.layout)
  return parsed.success ? parsed.data : PanelLayout.parse({})
}
