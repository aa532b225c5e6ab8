/** The two kinds of boxes as xyflow nodes. */
import type { Node, NodeProps } from '@xyflow/react'
import { memo, type CSSProperties, type MouseEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { boxState, useCanvasStore } from './canvas-store'
import { useCanvasSubject } from './canvas-subject'
import type { OpBox, TerminalBox } from './scene/canvas-graph'
import { paintOf, type HeatMark } from './scene/heat'
import type { BoxPortals } from './scene/scene'
import { BoxRowView } from './box-row'
import { OutputPorts } from './output-ports'
import { PortalRows } from './portal-rows'
import { useSelectionStore } from '../stores/selection-store'

export type OpFlowNode = Node<{ index: number; box: OpBox; portals: BoxPortals | null }, 'op'>
export type TerminalFlowNode = Node<{ index: number; box: TerminalBox; portals: BoxPortals | null }, 'terminal'>

export const OpNode = memo(function OpNode({ data }: NodeProps<OpFlowNode>): ReactNode {
  const { index, box, portals } = data
  const { documentId } = useCanvasSubject()
  const state = useCanvasStore((canvas) => boxState(canvas, index))
  const { node } = box
  const label = node.name === '' ? node.opType : `${node.opType} ${node.name}`
  return (
    <div className={styles.box} data-box={index} data-state={state}>
      <OpHeader id={boxElementId(documentId, index)} index={index} box={box} label={label} selected={state.includes('selected')} />
      {portals !== null && <PortalRows ends={portals.entering} direction="entering" />}
      {box.rows.map((row, place) => (
        <BoxRowView key={place} row={row} />
      ))}
      {portals !== null && <PortalRows ends={portals.leaving} direction="leaving" />}
      <OutputPorts values={node.outputs} />
    </div>
  )
})

interface OpHeaderProps {
  id: string
  index: number
  box: OpBox
  label: string
  selected: boolean
}

function OpHeader({ id, index, box, label, selected }: OpHeaderProps): ReactNode {
  const actions = useCanvasActions()
  const heat = useCanvasStore((canvas) => (canvas.heat === null ? null : (canvas.heat.values.get(index) ?? 'unmeasured')))
  const theme = useCanvasStore((canvas) => canvas.theme)
  const select = (event: MouseEvent) => {
    const state = useSelectionStore.getState()
    const { selection } = state
    if (!event.shiftKey) return state.select({ kind: 'node', nodeId: box.node.id })
    // With Shift, the node joins the selection or leaves it.
    const before = selection.kind === 'node' ? [selection.nodeId] : selection.kind === 'nodes' ? selection.nodeIds : []
    state.selectNodes(before.includes(box.node.id) ? before.filter((id) => id !== box.node.id) : [...before, box.node.id])
  }
  const enter = () => {
    const subgraph = box.rows.find((row) => row.kind === 'subgraph')
    if (subgraph !== undefined) actions.enter(subgraph.graphId)
  }
  return (
    <>
      <div
        id={id}
        role="button"
        tabIndex={-1}
        aria-label={label}
        aria-pressed={selected}
        className={styles.header}
        style={headerStyle(box, heat, theme)}
        onClick={select}
        onDoubleClick={enter}
      >
        {box.node.opType}
      </div>
      {heat !== null && heat !== 'unmeasured' && heat.text !== '' && <span className={styles.figure}>{heat.text}</span>}
    </>
  )
}

function headerStyle(box: OpBox, heat: HeatMark | 'unmeasured' | null, theme: 'light' | 'dark'): CSSProperties {
  if (heat === null) return { background: `var(--category-${box.category})` }
  if (heat === 'unmeasured') return { background: 'var(--canvas-unmeasured)', color: 'var(--canvas-unmeasuredText)' }
  const { background, text } = paintOf(heat, theme)
  return { background, color: text }
}

export const TerminalNode = memo(function TerminalNode({ data }: NodeProps<TerminalFlowNode>): ReactNode {
  const { t } = useTranslation('canvas')
  const { index, box, portals } = data
  const { documentId } = useCanvasSubject()
  const state = useCanvasStore((canvas) => boxState(canvas, index))
  const { name } = box.value
  return (
    <div className={styles.terminal} data-box={index} data-state={state}>
      <div
        id={boxElementId(documentId, index)}
        role="button"
        tabIndex={-1}
        aria-label={t(box.kind, { name })}
        aria-pressed={state.includes('selected')}
        className={styles.terminalName}
        onClick={() => useSelectionStore.getState().select({ kind: box.kind, name })}
      >
        {name}
      </div>
      {portals !== null && <PortalRows ends={portals.entering} direction="entering" />}
      {portals !== null && <PortalRows ends={portals.leaving} direction="leaving" />}
      {box.kind === 'input' && <OutputPorts values={[name]} />}
    </div>
  )
})

/** Of the part of a box that has its name, for who cannot see it. Several canvases may be in the page. */
export function boxElementId(documentId: string, index: number): string {
  return `graph-box-${documentId}-${index}`
}
