import { useDialogsStore, type BottomTab } from '../stores/dialogs-store'
import { panelLayout, useSettingsStore } from '../stores/settings-store'
import { updateLayout } from './settings'

/** Shows a tab of the bottom panel, unfolding the panel where it is folded. */
export function openPanel(tab: BottomTab): void {
  useDialogsStore.getState().setBottomTab(tab)
  if (!panelLayout(useSettingsStore.getState().settings).bottomOpen) updateLayout({ bottomOpen: true })
}

export function togglePanel(side: 'leftOpen' | 'rightOpen' | 'bottomOpen'): void {
  updateLayout({ [side]: !panelLayout(useSettingsStore.getState().settings)[side] })
}
