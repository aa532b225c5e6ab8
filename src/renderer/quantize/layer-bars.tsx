import { UnstyledButton } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDb, quantityText } from '../format/format-number'
import { goToNodes } from '../session/go-to-node'
import { showOverlay } from '../stores/overlay-store'
import { useSelectionStore } from '../stores/selection-store'
import styles from './quantize.module.css'

export interface LayerFigure {
  readonly nodeId: number
  readonly nodeName: string
  readonly opType: string
  readonly sqnrDb: number
}

/** Above this nothing is lost that anybody would see. */
const CLEAN_DB = 60
const SHOWN = 12

/** 0 for a clean layer, 1 for one whose error is as large as its signal. */
export function lossLevel(sqnrDb: number): number {
  return Math.min(1, Math.max(0, (CLEAN_DB - sqnrDb) / CLEAN_DB))
}

/** Colours the graph by what each layer loses. */
export function showLayers({ id, documentId, title, layers }: { readonly id: string; readonly documentId: string; readonly title: string; readonly layers: readonly LayerFigure[] }): void {
  showOverlay({
    id,
    documentId,
    title,
    nodes: new Map(layers.map(({ nodeId, sqnrDb }) => [nodeId, { level: lossLevel(sqnrDb), text: quantityText(formatDb(sqnrDb)) }])),
    legend: { scale: [`≥ ${quantityText(formatDb(CLEAN_DB))}`, quantityText(formatDb(CLEAN_DB / 2)), quantityText(formatDb(0))] },
  })
}

/** Layers by what they lose, the worst first, as bars; each leads to its node. */
export function LayerBars({ layers, label }: { readonly layers: readonly LayerFigure[]; readonly label: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const [all, setAll] = useState(false)
  const hover = useSelectionStore((state) => state.hover)
  const sorted = layers.toSorted((a, b) => a.sqnrDb - b.sqnrDb)
  const shown = all ? sorted : sorted.slice(0, SHOWN)
  return (
    <>
      <ul className={styles.bars} aria-label={label}>
        {shown.map(({ nodeId, nodeName, opType, sqnrDb }) => (
          <li key={nodeId}>
            <UnstyledButton
              className={styles.bar}
              title={`${opType} ${nodeName}`}
              onClick={() => void goToNodes([nodeId])}
              onPointerEnter={() => hover({ kind: 'nodes', nodeIds: [nodeId] })}
              onPointerLeave={() => hover(null)}
            >
              <span className={styles.barFill} style={{ width: `${String(Math.round(lossLevel(sqnrDb) * 100))}%` }} aria-hidden />
              <span className={styles.barName}>{nodeName === '' ? opType : nodeName}</span>
              <span className="figures">{quantityText(formatDb(sqnrDb))}</span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {sorted.length > shown.length && (
        <UnstyledButton className={styles.more} onClick={() => setAll(true)}>
          {t('more', { count: sorted.length - shown.length })}
        </UnstyledButton>
      )}
    </>
  )
}
