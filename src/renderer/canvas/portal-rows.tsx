import { memo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { useCanvas, useCanvasStore } from './canvas-store'
import { selectionOfBox } from './scene/highlight'
import { shownPortals, type PortalEnd } from './scene/scene'

/** Values that are named here instead of drawn: a click goes to the other end. */
export const PortalRows = memo(function PortalRows({ ends, direction }: { ends: readonly PortalEnd[]; direction: 'entering' | 'leaving' }): ReactNode {
  const { t } = useTranslation('canvas')
  const { shown, more } = shownPortals(ends)
  return (
    <>
      {shown.map((end, place) => (
        <PortalRow key={place} end={end} direction={direction} />
      ))}
      {more > 0 && <div className={styles.moreRow}>{t('moreRows', { count: more })}</div>}
    </>
  )
})

function PortalRow({ end, direction }: { end: PortalEnd; direction: 'entering' | 'leaving' }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const store = useCanvas()
  const name = useCanvasStore((canvas) => canvas.scene?.graph.values[end.value]?.name ?? '')
  const selected = useCanvasStore((canvas) => canvas.highlight.selectedName === name)
  const hint = direction === 'entering' ? t('portalFrom', { name }) : t('portalTo', { name, count: end.others.length })
  const jump = () => {
    const { scene } = store.getState()
    const [source] = end.others
    if (scene === null || source === undefined) return
    if (direction === 'entering') actions.goTo(selectionOfBox(scene, source), [source])
    else actions.goTo({ kind: 'edge', name }, end.others)
  }
  return (
    <button type="button" tabIndex={-1} className={styles.portalRow} data-direction={direction} aria-label={hint} title={hint} aria-pressed={selected} onClick={jump}>
      <span className={styles.portalName}>{name}</span>
      {direction === 'leaving' && <span className={styles.portalCount}>{end.others.length}</span>}
    </button>
  )
}
