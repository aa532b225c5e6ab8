import type { Settings } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { panelLayout, useSettingsStore, type PanelLayout } from '../stores/settings-store'
import { reportError } from './report-error'

/** Takes effect at once; the shell keeps it. */
export function updateSettings(change: Partial<Settings>): void {
  const { settings, setSettings } = useSettingsStore.getState()
  setSettings({ ...settings, ...change })
  getBridge()
    .request('settings.update', change)
    .catch((error: unknown) => reportError(error))
}

export function updateLayout(change: Partial<PanelLayout>): void {
  updateSettings({ layout: { ...panelLayout(useSettingsStore.getState().settings), ...change } })
}
