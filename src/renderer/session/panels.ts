import { useDialogsStore, type BottomTab, type RightTab } from '../stores/dialogs-store'
import { panelLayout, useSettingsStore } from '../stores/settings-store'
import { updateLayout } from './settings'

/** Shows a tab of the bottom panel, unfolding the panel where it is folded. */
export function openPanel(tab: BottomTab): void {
  useDialogsStore.getState().setBottomTab(tab)
  if (!panelLayout(useSettingsStore.getState().settings).bottomOpen) updateLayout({ bottomOpen: true })
}

/** Shows a tab of the right panel, unfolding the panel where it is folded. */
export function openTool(tab: RightTab): void {
  useDialogsStore.getState().setRightTab(tab)
  if (!panelLayout(useSettingsStore.getState().settings).rightOpen) updateLayout({ rightOpen: true })
}

export function togglePanel(side: 'leftOpen' | 'rightOpen' | 'bottomOpen'): void {
  updateLayout({ [side]: !panelLayout(useSettingsStore.getState().settings)[side] })
}
