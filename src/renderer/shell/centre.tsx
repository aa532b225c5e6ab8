import { Button, CloseButton, EmptyState, Loader, SegmentedControl, Select, Tabs, UnstyledButton } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconAlertTriangle, IconChevronRight, IconPalette } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ActionIconButton } from '../actions/action-icon-button'
import { said } from '../i18n/engine-words'
import { DirtyMark } from '../panels/edit/dirty-mark'
import { useModelTitle } from '../session/document-title'
import { useCanvasStore } from '../canvas/canvas-store'
import { closeDocument } from '../session/close-document'
import { useShownPair } from '../session/compare-models'
import { loadGraph } from '../session/load-graph'
import { useOverlayStore } from '../stores/overlay-store'
import { useProfileStore, type BuiltInOverlay, type Overlay } from '../stores/profile-store'
import { activeDocument, activeGraph, activeGraphId, graphKey, useSessionStore } from '../stores/session-store'
import { useViewStore } from '../stores/view-store'
import { WelcomeScreen } from '../welcome/welcome-screen'
import styles from './centre.module.css'
import { FolderNote } from './folder-note'
import { PanelBoundary } from './panel-boundary'

const GraphCanvas = lazy(async () => ({ default: (await import('../canvas/graph-canvas')).GraphCanvas }))
const CompareView = lazy(async () => ({ default: (await import('../canvas/compare/compare-view')).CompareView }))
const ModelText = lazy(() => import('../text-view/model-text'))

/** Tabs of the open models, the way through subgraphs, and the graph or its text. */
export function Centre(): ReactNode {
  const { t } = useTranslation()
  const empty = useSessionStore((state) => state.documents.length === 0)
  const mode = useViewStore((state) => state.mode)
  if (empty) return <WelcomeScreen />
  return (
    <main className={styles.centre} aria-label={t('shell.centre')}>
      <DocumentTabs />
      <ViewBar />
      <div className={styles.view}>
        <PanelBoundary key={mode}>
          <Suspense fallback={<Loading />}>{mode === 'graph' ? <GraphView /> : <ModelText />}</Suspense>
        </PanelBoundary>
      </div>
    </main>
  )
}

function DocumentTabs(): ReactNode {
  const { t } = useTranslation()
  const documents = useSessionStore((state) => state.documents)
  const activeId = useSessionStore((state) => state.activeDocumentId)
  const activate = useSessionStore((state) => state.activate)
  if (documents.length < 2) return null
  return (
    <Tabs value={activeId} onChange={(id) => id !== null && activate(id)} className={styles.tabs ?? ''} variant="outline" radius={0}>
      <Tabs.List className={styles.tabList ?? ''} aria-label={t('shell.models')}>
        {documents.map(({ documentId, summary }) => (
          <DocumentTab key={documentId} documentId={documentId} path={summary.path} all={documents.map((document) => document.summary.path)} active={documentId === activeId} />
        ))}
      </Tabs.List>
    </Tabs>
  )
}

interface DocumentTabProps {
  readonly documentId: string
  readonly path: string
  /** Of all tabs. */
  readonly all: readonly string[]
  readonly active: boolean
}

function DocumentTab({ documentId, path, all, active }: DocumentTabProps): ReactNode {
  const { t } = useTranslation()
  const title = useModelTitle(path)
  const item = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (active) void item.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [active])
  return (
    <div className={styles.tabItem} ref={item}>
      <Tabs.Tab value={documentId} className={styles.tab ?? ''} title={path}>
        {title}
        <FolderNote path={path} all={all} />
        <DirtyMark documentId={documentId} />
      </Tabs.Tab>
      <CloseButton size="xs" aria-label={t('rail.close', { name: title })} onClick={() => void closeDocument(documentId)} />
    </div>
  )
}

function ViewBar(): ReactNode {
  const { t } = useTranslation()
  const mode = useViewStore((state) => state.mode)
  const setMode = useViewStore((state) => state.setMode)
  const attributes = useViewStore((state) => state.attributes)
  const weights = useViewStore((state) => state.weights)
  const names = useViewStore((state) => state.names)
  const comparing = useShownPair() !== null
  return (
    <div className={styles.viewBar} role="toolbar" aria-label={t('shell.viewBar')}>
      <Breadcrumbs />
      {mode === 'graph' && (
        <>
          <OverlayChoice />
          <ActionIconButton id="add-node" />
          <ActionIconButton id="find" />
          <GroupsButton />
          <ActionIconButton id="attributes" pressed={attributes} />
          <ActionIconButton id="weights" pressed={weights} />
          <ActionIconButton id="names" pressed={names} />
          <ActionIconButton id="direction" />
          <ActionIconButton id="compare" pressed={comparing} />
        </>
      )}
      <SegmentedControl
        aria-label={t('view.mode')}
        value={mode}
        onChange={(value) => setMode(value === 'text' ? 'text' : 'graph')}
        data={[
          { value: 'graph', label: t('view.graph') },
          { value: 'text', label: t('view.text') },
        ]}
      />
    </div>
  )
}

function GroupsButton(): ReactNode {
  const grouped = useCanvasStore((state) => (state.scene?.levelled.tree.groups.length ?? 0) > 0)
  return <ActionIconButton id="groups" pressed={grouped} />
}

const OVERLAYS: readonly BuiltInOverlay[] = ['none', 'latency', 'macs', 'parameters']

function OverlayChoice(): ReactNode {
  const { t } = useTranslation()
  const overlay = useProfileStore((state) => state.overlay)
  const setOverlay = useProfileStore((state) => state.setOverlay)
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const comparing = useShownPair() !== null
  const overlays = useOverlayStore((state) => state.overlays)
  const choices: { value: Overlay; label: string }[] = [
    ...OVERLAYS.map((value) => ({ value, label: t(comparing && value === 'none' ? 'panels.compare' : `view.overlays.${value}`) })),
    ...overlays.filter((put) => put.documentId === documentId).map(({ id, title }) => ({ value: `panel:${id}` as const, label: title })),
  ]
  return (
    <Select
      aria-label={t('view.overlay')}
      className={styles.overlay ?? ''}
      leftSection={<IconPalette size={14} aria-hidden />}
      allowDeselect={false}
      value={choices.some(({ value }) => value === overlay) ? overlay : 'none'}
      onChange={(chosen) => setOverlay(choices.find(({ value }) => value === chosen)?.value ?? 'none')}
      data={choices}
      comboboxProps={{ width: 200 }}
    />
  )
}

/** From the model down to the graph shown; each step leads back to it. */
function Breadcrumbs(): ReactNode {
  const { t } = useTranslation()
  const document = useSessionStore(activeDocument)
  const path = useSessionStore((state) => (state.activeDocumentId === null ? undefined : state.graphPaths[state.activeDocumentId]))
  const views = useSessionStore((state) => state.graphViews)
  const showGraphPath = useSessionStore((state) => state.showGraphPath)
  const title = useModelTitle(document?.summary.path ?? '')
  useDocumentTitle(title === '' ? t('app.name') : `${title} — ${t('app.name')}`)
  if (document === null || path === undefined) return null
  const shown = views[graphKey(document.documentId, path.at(-1) ?? document.mainGraphId)]
  const label = (graphId: number, depth: number): string => {
    if (depth === 0) return title
    const onTheWay = shown?.path.find((step) => step.graphId === graphId)?.label
    return onTheWay ?? (views[graphKey(document.documentId, graphId)]?.name || t('view.subgraph'))
  }
  return (
    <nav className={styles.crumbs} aria-label={t('view.breadcrumbs')}>
      {path.map((graphId, depth) => {
        const last = depth === path.length - 1
        return (
          <span key={`${depth}-${graphId}`} className={styles.crumb}>
            {depth > 0 && <IconChevronRight size={12} color="var(--text-dim)" aria-hidden />}
            <UnstyledButton className="ellipsis" disabled={last} aria-current={last ? 'page' : undefined} onClick={() => showGraphPath(document.documentId, path.slice(0, depth + 1))}>
              {label(graphId, depth)}
            </UnstyledButton>
          </span>
        )
      })}
    </nav>
  )
}

/** The canvas, or why there is none. */
function GraphView(): ReactNode {
  const { t } = useTranslation()
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const graphId = useSessionStore(activeGraphId)
  const ready = useSessionStore((state) => activeGraph(state) !== null)
  const error = useSessionStore((state) => (documentId === null || graphId === null ? undefined : state.graphErrors[graphKey(documentId, graphId)]))
  const pair = useShownPair()
  const forget = useSessionStore((state) => state.forgetGraphError)
  if (error !== undefined && documentId !== null && graphId !== null) {
    const retry = (): void => {
      forget(documentId, graphId)
      void loadGraph(documentId, graphId)
    }
    return (
      <EmptyState className={styles.message ?? ''} icon={<IconAlertTriangle aria-hidden />} title={t('errors.cannotShowGraph')} description={[error.message, error.hint ?? ''].map(said).join(' ')}>
        <Button onClick={retry}>{t('common.retry')}</Button>
      </EmptyState>
    )
  }
  if (pair !== null) return <CompareView pair={pair} />
  return ready ? <GraphCanvas /> : <Loading />
}

function Loading(): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={styles.message} role="status" aria-label={t('view.loading')}>
      <Loader size="sm" />
    </div>
  )
}
