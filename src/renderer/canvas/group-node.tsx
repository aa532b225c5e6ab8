/** A group as an xyflow node: one box while folded, a frame around its boxes while unfolded. */
import type { Node, NodeProps } from '@xyflow/react'
import { memo, type CSSProperties, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { boxElementId } from './box-nodes'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { boxState, useCanvasStore } from './canvas-store'
import { useCanvasSubject } from './canvas-subject'
import { PortalRows } from './portal-rows'
import type { GroupBox } from './scene/canvas-graph'
import { paintOf } from './scene/heat'
import type { BoxPortals } from './scene/scene'
import { useSelectionStore } from '../stores/selection-store'

export type GroupFlowNode = Node<{ index: number; box: GroupBox; portals: BoxPortals | null }, 'group'>

export const GroupNode = memo(function GroupNode({ data }: NodeProps<GroupFlowNode>): ReactNode {
  const { index, box, portals } = data
  const { documentId } = useCanvasSubject()
  const state = useCanvasStore((canvas) => boxState(canvas, index))
  return (
    <div className={box.expanded ? styles.groupFrame : styles.box} data-box={index} data-state={state} data-kind={box.group.kind}>
      <GroupHeader id={boxElementId(documentId, index)} index={index} box={box} selected={state.includes('selected')} />
      {portals !== null && <PortalRows ends={portals.entering} direction="entering" />}
      {box.expanded ? <div className={styles.groupRoom} /> : <GroupSummary box={box} />}
      {portals !== null && <PortalRows ends={portals.leaving} direction="leaving" />}
    </div>
  )
})

function GroupHeader({ id, index, box: { group, expanded }, selected }: { id: string; index: number; box: GroupBox; selected: boolean }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const style = useGroupStyle(index)
  const { title, alike } = group
  const toggle = () => actions.toggleGroup(group.id)
  return (
    <div className={styles.groupHeader} style={style}>
      <button type="button" tabIndex={-1} className={styles.groupToggle} aria-expanded={expanded} aria-label={t(expanded ? 'group.fold' : 'group.unfold', { title })} onClick={toggle}>
        <span aria-hidden className={styles.groupMark} />
      </button>
      <div
        id={id}
        role="button"
        tabIndex={-1}
        aria-label={t(expanded ? 'group.unfolded' : 'group.folded', { title })}
        aria-pressed={selected}
        className={styles.groupTitle}
        title={group.id}
        // The group's own list of nodes is what tells that the group is selected.
        onClick={() => useSelectionStore.getState().select({ kind: 'nodes', nodeIds: group.nodeIds })}
        onDoubleClick={toggle}
      >
        {title}
      </div>
      {alike.length > 1 && (
        <span className={styles.groupBadge} title={t('group.alike', { count: alike.length })}>
          × {alike.length}
        </span>
      )}
    </div>
  )
}

function useGroupStyle(index: number): CSSProperties | undefined {
  const heat = useCanvasStore((canvas) => canvas.heat?.values.get(index) ?? null)
  const theme = useCanvasStore((canvas) => canvas.theme)
  if (heat === null) return undefined
  const { background, text } = paintOf(heat, theme)
  return { background, color: text }
}

function GroupSummary({ box: { group } }: { box: GroupBox }): ReactNode {
  const { t } = useTranslation('canvas')
  return <div className={styles.moreRow}>{t('group.nodes', { count: group.nodeIds.length })}</div>
}
