import {
  IconArrowBackUp,
  IconArrowsLeftRight,
  IconArrowsMaximize,
  IconBolt,
  IconChartBar,
  IconChevronDown,
  IconChevronUp,
  IconColumns2,
  IconDeviceFloppy,
  IconDeviceMobile,
  IconFold,
  IconFolderOpen,
  IconFolders,
  IconLanguage,
  IconLayoutBottombar,
  IconLayoutSidebar,
  IconLayoutSidebarRight,
  IconListDetails,
  IconMoon,
  IconPhoto,
  IconPhotoScan,
  IconSearch,
  IconSun,
  IconSunMoon,
  IconTag,
  IconTerminal,
  IconFlame,
  IconCalculator,
  IconDatabase,
  IconDropletOff,
  IconWeight,
  IconX,
  IconFileText,
  IconFocusCentered,
  IconKeyboard,
  IconMaximize,
  IconZoomIn,
  IconZoomOut,
  IconZoomReset,
} from '@tabler/icons-react'
import type { Settings } from '#shared/ipc/contract'
import { foldAllGroups, toggleGrouping, unfoldAllGroups } from '../canvas/group-actions'
import { zoomIn, zoomOut, zoomReset, zoomToGraph, zoomToSelection } from '../canvas/zoom-actions'
import { stepDifference, toggleComparing } from '../session/compare-models'
import { exportImage } from '../session/export-image'
import { closeDocument } from '../session/close-document'
import { openWithDialog } from '../session/open-models'
import { openPanel, openTool, togglePanel } from '../session/panels'
import { saveModel, saveModelAs } from '../session/save-model'
import { updateSettings } from '../session/settings'
import { useDialogsStore } from '../stores/dialogs-store'
import { useProfileStore, type Overlay } from '../stores/profile-store'
import { useSessionStore } from '../stores/session-store'
import { useViewStore } from '../stores/view-store'
import type { Action, ActionContext } from './action'
import { editActions } from './edit-actions'

const always = (): boolean => true
const withModel = ({ modelOpen }: ActionContext): boolean => modelOpen
const withGraph = ({ modelOpen, mode }: ActionContext): boolean => modelOpen && mode === 'graph'

/** Everything a person can do, in the order the palette shows it. */
export const actions = [
  { id: 'open', group: 'file', title: 'actions.open', icon: IconFolderOpen, keys: ['mod+O'], enabled: always, run: openWithDialog },
  { id: 'save', group: 'file', title: 'actions.save', icon: IconDeviceFloppy, keys: ['mod+S'], enabled: withModel, run: saveModel },
  { id: 'save-as', group: 'file', title: 'actions.saveAs', icon: IconDeviceFloppy, keys: ['mod+shift+S'], enabled: withModel, run: saveModelAs },
  { id: 'close', group: 'file', title: 'actions.close', icon: IconX, keys: ['alt+W'], enabled: withModel, run: closeActive },
  ...editActions,
  { id: 'optimize', group: 'model', title: 'actions.optimize', icon: IconBolt, keys: ['mod+E'], enabled: withModel, run: () => useDialogsStore.getState().setOptimizeOpen(true) },
  { id: 'profile', group: 'model', title: 'actions.profile', icon: IconChartBar, keys: ['mod+shift+P'], enabled: withModel, run: () => useDialogsStore.getState().setProfileOpen(true) },
  { id: 'find', group: 'view', title: 'actions.find', icon: IconSearch, keys: ['F', 'mod+F'], enabled: withModel, run: () => useViewStore.getState().setFindOpen(true) },
  { id: 'attributes', group: 'view', title: 'actions.attributes', icon: IconListDetails, keys: ['D'], enabled: withGraph, run: () => useViewStore.getState().toggle('attributes') },
  { id: 'weights', group: 'view', title: 'actions.weights', icon: IconWeight, keys: ['I'], enabled: withGraph, run: () => useViewStore.getState().toggle('weights') },
  { id: 'names', group: 'view', title: 'actions.names', icon: IconTag, keys: ['U'], enabled: withGraph, run: () => useViewStore.getState().toggle('names') },
  { id: 'direction', group: 'view', title: 'actions.direction', icon: IconArrowsLeftRight, keys: ['K'], enabled: withGraph, run: () => useViewStore.getState().turnDirection() },
  { id: 'groups', group: 'view', title: 'actions.groups', icon: IconFolders, keys: ['G'], enabled: withGraph, run: toggleGrouping },
  { id: 'unfold-groups', group: 'view', title: 'actions.unfoldGroups', icon: IconArrowsMaximize, keys: ['shift+G'], enabled: withGraph, run: unfoldAllGroups },
  { id: 'fold-groups', group: 'view', title: 'actions.foldGroups', icon: IconFold, keys: ['alt+G'], enabled: withGraph, run: foldAllGroups },
  {
    id: 'leave-subgraph',
    group: 'view',
    title: 'actions.leaveSubgraph',
    icon: IconArrowBackUp,
    keys: ['backspace'],
    enabled: ({ depth }) => depth > 0,
    run: () => useSessionStore.getState().leaveSubgraph(),
  },
  { id: 'zoom-in', group: 'view', title: 'actions.zoomIn', icon: IconZoomIn, keys: ['[plus]', '=', 'shift+[plus]'], enabled: withGraph, run: zoomIn },
  { id: 'zoom-out', group: 'view', title: 'actions.zoomOut', icon: IconZoomOut, keys: ['-'], enabled: withGraph, run: zoomOut },
  { id: 'zoom-reset', group: 'view', title: 'actions.zoomReset', icon: IconZoomReset, keys: ['1'], enabled: withGraph, run: zoomReset },
  { id: 'zoom-graph', group: 'view', title: 'actions.zoomGraph', icon: IconMaximize, keys: ['0'], enabled: withGraph, run: zoomToGraph },
  { id: 'zoom-selection', group: 'view', title: 'actions.zoomSelection', icon: IconFocusCentered, keys: ['Z'], enabled: (context) => withGraph(context) && context.selection !== 'model', run: zoomToSelection },
  { id: 'compare', group: 'view', title: 'actions.compare', icon: IconColumns2, keys: ['shift+C'], enabled: ({ comparable, comparing }) => comparable || comparing, run: toggleComparing },
  { id: 'next-difference', group: 'view', title: 'actions.nextDifference', icon: IconChevronDown, keys: ['F7'], enabled: ({ comparing }) => comparing, run: () => stepDifference(1) },
  { id: 'previous-difference', group: 'view', title: 'actions.previousDifference', icon: IconChevronUp, keys: ['shift+F7'], enabled: ({ comparing }) => comparing, run: () => stepDifference(-1) },
  { id: 'export-image', group: 'view', title: 'actions.exportImage', icon: IconPhoto, keys: ['shift+E'], enabled: withGraph, run: () => exportImage({ format: 'svg', scope: 'graph' }) },
  { id: 'export-png', group: 'view', title: 'actions.exportPng', icon: IconPhoto, keys: [], enabled: withGraph, run: () => exportImage({ format: 'png', scope: 'graph' }) },
  { id: 'export-view-image', group: 'view', title: 'actions.exportViewImage', icon: IconPhotoScan, keys: [], enabled: withGraph, run: () => exportImage({ format: 'svg', scope: 'view' }) },
  { id: 'export-view-png', group: 'view', title: 'actions.exportViewPng', icon: IconPhotoScan, keys: [], enabled: withGraph, run: () => exportImage({ format: 'png', scope: 'view' }) },
  { id: 'text', group: 'view', title: 'actions.toggleText', icon: IconFileText, keys: ['T'], enabled: withModel, run: toggleText },
  { id: 'overlay-none', group: 'view', title: 'actions.overlayNone', icon: IconDropletOff, keys: [], enabled: withModel, run: () => setOverlay('none') },
  { id: 'overlay-latency', group: 'view', title: 'actions.overlayLatency', icon: IconFlame, keys: [], enabled: withModel, run: () => setOverlay('latency') },
  { id: 'overlay-macs', group: 'view', title: 'actions.overlayMacs', icon: IconCalculator, keys: [], enabled: withModel, run: () => setOverlay('macs') },
  { id: 'overlay-parameters', group: 'view', title: 'actions.overlayParameters', icon: IconDatabase, keys: [], enabled: withModel, run: () => setOverlay('parameters') },
  { id: 'left-panel', group: 'window', title: 'actions.leftPanel', icon: IconLayoutSidebar, keys: ['mod+B'], enabled: always, run: () => togglePanel('leftOpen') },
  { id: 'right-panel', group: 'window', title: 'actions.rightPanel', icon: IconLayoutSidebarRight, keys: ['mod+alt+B'], enabled: always, run: () => togglePanel('rightOpen') },
  { id: 'bottom-panel', group: 'window', title: 'actions.bottomPanel', icon: IconLayoutBottombar, keys: ['mod+J'], enabled: always, run: () => togglePanel('bottomOpen') },
  { id: 'quantize', group: 'window', title: 'tools.quantize', icon: IconLayoutSidebarRight, keys: [], enabled: withModel, run: () => openTool('quantize') },
  { id: 'prune', group: 'window', title: 'tools.prune', icon: IconLayoutSidebarRight, keys: [], enabled: withModel, run: () => openTool('prune') },
  { id: 'simplify', group: 'window', title: 'tools.simplify', icon: IconLayoutSidebarRight, keys: [], enabled: withModel, run: () => openTool('simplify') },
  { id: 'try', group: 'window', title: 'tools.try', icon: IconLayoutSidebarRight, keys: [], enabled: withModel, run: () => openTool('try') },
  { id: 'evaluate', group: 'window', title: 'panels.evaluate', icon: IconLayoutBottombar, keys: [], enabled: withModel, run: () => openPanel('evaluate') },
  { id: 'variants', group: 'window', title: 'panels.variants', icon: IconLayoutBottombar, keys: [], enabled: withModel, run: () => openPanel('variants') },
  { id: 'operators', group: 'window', title: 'panels.operators', icon: IconLayoutBottombar, keys: [], enabled: withModel, run: () => openPanel('operators') },
  { id: 'jobs', group: 'window', title: 'panels.jobs', icon: IconLayoutBottombar, keys: [], enabled: always, run: () => openPanel('jobs') },
  { id: 'diagnostics', group: 'window', title: 'panels.diagnostics', icon: IconLayoutBottombar, keys: [], enabled: withModel, run: () => openPanel('diagnostics') },
  { id: 'devices', group: 'window', title: 'actions.devices', icon: IconDeviceMobile, keys: [], enabled: always, run: () => openPanel('devices') },
  { id: 'log', group: 'window', title: 'actions.log', icon: IconTerminal, keys: [], enabled: always, run: () => openPanel('log') },
  { id: 'shortcuts', group: 'window', title: 'actions.shortcuts', icon: IconKeyboard, keys: ['shift+?'], enabled: always, run: () => useDialogsStore.getState().setShortcutsOpen(true) },
  { id: 'theme-system', group: 'settings', title: 'actions.themeSystem', icon: IconSunMoon, keys: [], enabled: always, run: () => setTheme('system') },
  { id: 'theme-light', group: 'settings', title: 'actions.themeLight', icon: IconSun, keys: [], enabled: always, run: () => setTheme('light') },
  { id: 'theme-dark', group: 'settings', title: 'actions.themeDark', icon: IconMoon, keys: [], enabled: always, run: () => setTheme('dark') },
  { id: 'language-system', group: 'settings', title: 'actions.languageSystem', icon: IconLanguage, keys: [], enabled: always, run: () => setLanguage('system') },
  { id: 'language-en', group: 'settings', title: 'actions.languageEn', icon: IconLanguage, keys: [], enabled: always, run: () => setLanguage('en') },
  { id: 'language-zh', group: 'settings', title: 'actions.languageZh', icon: IconLanguage, keys: [], enabled: always, run: () => setLanguage('zh') },
] as const satisfies readonly Action[]

export type ActionId = (typeof actions)[number]['id']

export function actionById(id: ActionId): Action {
  const action = actions.find((candidate) => candidate.id === id)
  if (action === undefined) throw new Error(`internal: no action ${id}`)
  return action
}

function setOverlay(overlay: Overlay): void {
  useProfileStore.getState().setOverlay(overlay)
  useViewStore.getState().setMode('graph')
}

function setTheme(theme: Settings['theme']): void {
  updateSettings({ theme })
}

function setLanguage(language: Settings['language']): void {
  updateSettings({ language })
}

function toggleText(): void {
  const { mode, setMode } = useViewStore.getState()
  setMode(mode === 'graph' ? 'text' : 'graph')
}

async function closeActive(): Promise<void> {
  const { activeDocumentId } = useSessionStore.getState()
  if (activeDocumentId !== null) await closeDocument(activeDocumentId)
}
