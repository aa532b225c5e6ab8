import { memo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { useCanvasStore } from './canvas-store'
import type { BoxRow } from './scene/canvas-graph'
import { useSelectionStore, type Selection } from '../stores/selection-store'

/** One line of a box: what can be selected or entered is a button. */
export const BoxRowView = memo(function BoxRowView({ row }: { row: BoxRow }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  switch (row.kind) {
    case 'name':
      return <div className={styles.nameRow}>{row.text}</div>
    case 'attribute':
      return (
        <div className={styles.row}>
          <RowTexts label={row.label} text={row.text} />
        </div>
      )
    case 'more':
      return <div className={styles.moreRow}>{t('moreRows', { count: row.count })}</div>
    case 'weight':
      return <SelectingRow name={row.tensor} hint={t('weight', { name: row.tensor })} selection={{ kind: 'tensor', name: row.tensor }} label={row.label} text={row.text} />
    case 'outer':
      return <SelectingRow name={row.value} hint={t('outer', { name: row.value })} selection={{ kind: 'edge', name: row.value }} label={row.label} text={row.text} />
    case 'constant':
      return <SelectingRow name={null} hint={t('constant', { name: row.label })} selection={{ kind: 'node', nodeId: row.nodeId }} label={row.label} text={row.text} />
    case 'subgraph':
      return (
        <button type="button" tabIndex={-1} className={styles.enterRow} aria-label={t('enter', { name: row.label })} onClick={() => actions.enter(row.graphId)}>
          <span className={styles.rowLabel}>{row.label}</span>
          <span aria-hidden className={styles.enterMark} />
        </button>
      )
  }
})

interface SelectingRowProps {
  name: string | null
  hint: string
  selection: Selection
  label: string
  text: string
}

function SelectingRow({ name, hint, selection, label, text }: SelectingRowProps): ReactNode {
  const selected = useCanvasStore((canvas) => name !== null && canvas.highlight.selectedName === name)
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.row}
      aria-label={hint}
      title={hint}
      aria-pressed={selected}
      onClick={() => useSelectionStore.getState().select(selection)}
    >
      <RowTexts label={label} text={text} />
    </button>
  )
}

function RowTexts({ label, text }: { label: string; text: string }): ReactNode {
  return (
    <>
      <span className={styles.rowLabel}>{label}</span>
      <span className={styles.rowText}>{text}</span>
    </>
  )
}
