import { useMediaQuery } from '@mantine/hooks'
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Group, Panel, Separator, type Layout } from 'react-resizable-panels'
import { useActionKeys, useDialogOpen } from '../actions/use-actions'
import { updateLayout } from '../session/settings'
import { DraftBanner } from '../panels/edit/draft-banner'
import { useDialogsStore } from '../stores/dialogs-store'
import { useEditStore } from '../stores/edit-store'
import { panelLayout, useSettingsStore } from '../stores/settings-store'
import { BottomPanel, BottomStrip } from './bottom-panel'
import { Centre } from './centre'
import { DropOverlay } from './drop-overlay'
import { EngineBanner } from './engine-banner'
import { LeftRail } from './left-rail'
import { PaletteHost } from './palette-host'
import { PanelBoundary } from './panel-boundary'
import { RightPanel } from './right-panel'
import styles from './shell.module.css'
import { TopBar } from './top-bar'

const OptimizeDialog = lazy(() => import('../optimize/optimize-dialog'))
const ProfileDialog = lazy(() => import('../profile/profile-dialog'))
const ShortcutsDialog = lazy(() => import('./shortcuts-dialog'))
const ReportDialog = lazy(() => import('../optimize/report-dialog'))
const AddNodeDialog = lazy(() => import('../panels/edit/add-node-dialog'))
const EditFormDialog = lazy(() => import('../panels/edit/edit-form-dialog'))
const RefusedSaveDialog = lazy(() => import('../panels/edit/refused-save-dialog'))

/** The whole window: bars, panels, and the dialogs above them. */
export function Shell(): ReactNode {
  useActionKeys()
  return (
    <div className={styles.window}>
      <TopBar />
      <EngineBanner />
      <DraftBanner />
      <Panels />
      <Dialogs />
      <PaletteHost />
      <DropOverlay />
    </div>
  )
}

/** Where the toolbar of the graph is whole, in pixels. Panels beside it give way as the window gets narrower. */
const LEAST_CENTRE = 500
/** In a window of half a screen, or magnified twice, the toolbar is scrolled instead. */
const LEAST_CENTRE_MAGNIFIED = 320

function Panels(): ReactNode {
  const { t } = useTranslation()
  const layout = useSettingsStore((state) => panelLayoutOnce(state.settings))
  const { leftOpen, rightOpen, bottomOpen } = layout
  const columns = useRef<HTMLDivElement>(null)
  const rows = useRef<HTMLDivElement>(null)
  const remember = (which: 'columns' | 'rows') => (sizes: Layout, { isUserInteraction }: { isUserInteraction: boolean }) => {
    if (!isUserInteraction) return
    const whole = which === 'columns' ? columns.current?.clientWidth : rows.current?.clientHeight
    // In pixels: a share of one window would be too much or too little of another.
    const pixels = Object.entries(sizes).map(([id, percent]) => [id, Math.round((percent / 100) * (whole ?? 0))])
    updateLayout({ [which]: { ...layout[which], ...Object.fromEntries(pixels) as Record<string, number> } })
  }
  const narrow = window.innerWidth < 1200
  const magnified = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false })
  return (
    <Group orientation="vertical" className={styles.rows} elementRef={rows} onLayoutChanged={remember('rows')}>
      <Panel id="work" minSize={180}>
        <Group orientation="horizontal" elementRef={columns} onLayoutChanged={remember('columns')}>
          {leftOpen && (
            <Panel id="left" defaultSize={layout.columns['left'] ?? (narrow ? 232 : 264)} minSize={180} maxSize="40%" groupResizeBehavior="preserve-pixel-size">
              <LeftRail />
            </Panel>
          )}
          {leftOpen && <Separator className={styles.columnSeparator} aria-label={t('shell.resizeLeft')} />}
          <Panel id="centre" minSize={magnified ? LEAST_CENTRE_MAGNIFIED : LEAST_CENTRE}>
            <Centre />
          </Panel>
          {rightOpen && <Separator className={styles.columnSeparator} aria-label={t('shell.resizeRight')} />}
          {rightOpen && (
            <Panel id="right" defaultSize={layout.columns['right'] ?? (narrow ? 280 : 336)} minSize={220} maxSize="50%" groupResizeBehavior="preserve-pixel-size">
              <RightPanel />
            </Panel>
          )}
        </Group>
      </Panel>
      {bottomOpen && <Separator className={styles.rowSeparator} aria-label={t('shell.resizeBottom')} />}
      {bottomOpen ? (
        <Panel id="bottom" defaultSize={layout.rows['bottom'] ?? 240} minSize={120} maxSize="75%" groupResizeBehavior="preserve-pixel-size">
          <BottomPanel />
        </Panel>
      ) : (
        <BottomStrip />
      )}
    </Group>
  )
}

/** Dialogs are loaded when they are first opened, and stay: closing them is animated. */
function Dialogs(): ReactNode {
  const optimize = useOpenedOnce(useDialogsStore((state) => state.optimizeOpen))
  const profile = useOpenedOnce(useDialogsStore((state) => state.profileOpen))
  const shortcuts = useOpenedOnce(useDialogsStore((state) => state.shortcutsOpen))
  const report = useOpenedOnce(useDialogsStore((state) => state.report !== null))
  const adding = useOpenedOnce(useEditStore((state) => state.adding !== null))
  const form = useOpenedOnce(useEditStore((state) => state.form !== null))
  const refusedSave = useOpenedOnce(useEditStore((state) => state.refusedSave !== null))
  useFocusBack()
  return (
    <PanelBoundary>
      <Suspense>
        {optimize && <OptimizeDialog />}
        {profile && <ProfileDialog />}
        {shortcuts && <ShortcutsDialog />}
        {report && <ReportDialog />}
        {adding && <AddNodeDialog />}
        {form && <EditFormDialog />}
        {refusedSave && <RefusedSaveDialog />}
      </Suspense>
    </PanelBoundary>
  )
}

/** Gives the focus back to what had it before a dialog opened. Dialogs that are drawn open, as each is the first time, do not know what had it. */
function useFocusBack(): void {
  const open = useDialogOpen()
  useEffect(() => {
    if (!open) return undefined
    const before = document.activeElement
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [open])
}

function useOpenedOnce(open: boolean): boolean {
  const [opened, setOpened] = useState(open)
  if (open && !opened) setOpened(true)
  return opened || open
}

type StoredSettings = Parameters<typeof panelLayout>[0]
let lastParsed: { readonly settings: StoredSettings; readonly layout: ReturnType<typeof panelLayout> } | null = null

/** A selector must give the same object for the same settings. */
function panelLayoutOnce(settings: StoredSettings): ReturnType<typeof panelLayout> {
  if (lastParsed?.settings !== settings) lastParsed = { settings, layout: panelLayout(settings) }
  return lastParsed.layout
}
