/** Two open models beside each other, moved together, what differs in colours. */
import { Loader } from '@mantine/core'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Group, Panel, Separator } from 'react-resizable-panels'
import { quantityText, formatMs } from '../../format/format-number'
import { sideOf, useComparison } from '../../session/compare-models'
import { useModelTitle } from '../../session/document-title'
import { loadGraph } from '../../session/load-graph'
import type { ComparedPair } from '../../stores/compare-store'
import { useProfileStore } from '../../stores/profile-store'
import { useSelectionStore, type Selection } from '../../stores/selection-store'
import { graphIdOf, graphOf, openDocument, useSessionStore } from '../../stores/session-store'
import { CanvasStoreProvider, comparedCanvases as stores, focusCanvas, mainCanvas } from '../canvas-store'
import type { Beside } from '../canvas-subject'
import { DocumentCanvas } from '../graph-canvas'
import { CameraLink } from './camera-link'
import { createCameraSync, type CameraSync } from './camera-sync'
import { CompareBar } from './compare-bar'
import type { CompareIndex, Side } from './compare-index'
import styles from './compare-view.module.css'
import { DifferenceLine } from './difference-line'
import { partnerSelection } from './partner-selection'
import { useFollowingGraphs, useFollowingGroups } from './use-following'

/** Where fewer of the paired nodes agree, the models are said to be different ones. */
const RELATED_FROM = 0.15

export function CompareView({ pair }: { readonly pair: ComparedPair }): ReactNode {
  const { t } = useTranslation('canvas')
  const [sync] = useState(createCameraSync)
  const comparison = useComparison(pair)
  const index = comparison?.found?.index ?? null
  const front = useSessionStore((state) => sideOf(pair, state.activeDocumentId))
  useEffect(() => sync.setPartners(index?.partners ?? null), [sync, index])
  useEffect(() => {
    sync.lead(front)
    focusCanvas(stores[front])
    return () => focusCanvas(mainCanvas)
  }, [sync, front])
  useFollowingGraphs(pair, index)
  useFollowingGroups(pair, index, stores)
  return (
    <section className={styles.view} aria-label={t('compare.sideBySide')}>
      <CompareBar pair={pair} comparison={comparison} />
      {index !== null && index.agreement < RELATED_FROM && (
        <div className={styles.notice} role="status">
          {t('compare.unrelated', { percent: Math.round(index.agreement * 100) })}
        </div>
      )}
      <Group orientation="horizontal" className={styles.sides}>
        <Panel id="compare-a" minSize={120}>
          <SideView side="a" pair={pair} index={index} front={front === 'a'} sync={sync} />
        </Panel>
        <Separator className={styles.separator} aria-label={t('compare.resize')} />
        <Panel id="compare-b" minSize={120}>
          <SideView side="b" pair={pair} index={index} front={front === 'b'} sync={sync} />
        </Panel>
      </Group>
      <DifferenceLine pair={pair} comparison={comparison} />
    </section>
  )
}

interface SideViewProps {
  readonly side: Side
  readonly pair: ComparedPair
  readonly index: CompareIndex | null
  readonly front: boolean
  readonly sync: CameraSync
}

function SideView({ side, pair, index, front, sync }: SideViewProps): ReactNode {
  const { t } = useTranslation('canvas')
  const documentId = pair[side]
  const graphId = useSessionStore((state) => graphIdOf(state, documentId))
  const shown = useSessionStore((state) => graphOf(state, documentId) !== null)
  useEffect(() => {
    if (graphId !== null) void loadGraph(documentId, graphId)
  }, [documentId, graphId])
  const beside = useMemo((): Beside | null => {
    if (index === null) return null
    const other = side === 'a' ? 'b' : 'a'
    return { marks: index.marks[side], partnersOf: (selection) => partnerSelection(selection, pair, { from: other, index }) }
  }, [index, side, pair])
  const onReach = (): void => {
    sync.lead(side)
    if (!front) bringToFront(pair, side, index)
  }
  return (
    <div className={styles.side} data-front={front || undefined} onPointerDownCapture={onReach} onWheelCapture={() => sync.lead(side)} onFocusCapture={onReach}>
      <SideTitle side={side} documentId={documentId} />
      <div className={styles.canvas}>
        <CanvasStoreProvider value={stores[side]}>
          {shown ? (
            <DocumentCanvas documentId={documentId} beside={beside}>
              <CameraLink side={side} sync={sync} />
            </DocumentCanvas>
          ) : (
            <div className={styles.empty}>
              <Loader size="sm" aria-label={t('compare.comparing')} />
            </div>
          )}
        </CanvasStoreProvider>
      </div>
    </div>
  )
}

function SideTitle({ side, documentId }: { readonly side: Side; readonly documentId: string }): ReactNode {
  const path = useSessionStore((state) => openDocument(state, documentId)?.summary.path ?? '')
  const title = useModelTitle(path)
  const profile = useProfileStore((state) => state.profiles[path])
  return (
    <div className={styles.title} title={path}>
      <span className={styles.letter}>{side.toUpperCase()}</span>
      <span className="ellipsis">{title}</span>
      {profile !== undefined && <span className={styles.figure}>{quantityText(formatMs(profile.latency.p50Ms))}</span>}
    </div>
  )
}

/** The other model becomes the one that is inspected and edited; what belongs to the selection stays selected. */
function bringToFront(pair: ComparedPair, side: Side, index: CompareIndex | null): void {
  const { selection, select } = useSelectionStore.getState()
  const partners: Selection = index === null ? { kind: 'model' } : partnerSelection(selection, pair, { from: side === 'a' ? 'b' : 'a', index })
  useSessionStore.getState().activate(pair[side])
  select(partners)
}
