/** Edits made with the pointer: a box drawn around nodes selects them, a value drawn onto a node is read by it. */
import { Menu } from '@mantine/core'
import { useEffect, useState, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView, NodeView } from '#shared/ipc/model-view'
import { boxAtPointer } from './box-at-pointer'
import canvas from './canvas.module.css'
import { useCanvas, type Viewport } from './canvas-store'
import styles from './edit-gestures.module.css'
import type { Scene } from './scene/scene'
import { editDocument } from '../session/edit-document'
import { nodeLabel } from '../session/graph-lookup'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeGraph, useSessionStore } from '../stores/session-store'

interface Point {
  readonly x: number
  readonly y: number
}

/** What the pointer is about, in pixels of the canvas element. `value` is null while nodes are being framed. */
interface Gesture {
  readonly value: string | null
  readonly from: Point
  readonly to: Point
}

interface SlotChoice extends Point {
  readonly value: string
  readonly node: NodeView
}

/** A press that moves less than this is a click. */
const SLACK = 5

export function EditGestures({ scene, root }: { readonly scene: Scene; readonly root: RefObject<HTMLDivElement | null> }): ReactNode {
  const store = useCanvas()
  const [gesture, setGesture] = useState<Gesture | null>(null)
  const [choice, setChoice] = useState<SlotChoice | null>(null)
  useEffect(() => {
    const element = root.current
    if (element === null) return undefined
    const drop = (value: string, event: MouseEvent): void => {
      const bounds = element.getBoundingClientRect()
      const box = scene.graph.boxes[boxAtPointer(scene, store.getState().viewport, event, bounds) ?? -1]
      if (box?.kind !== 'op') return
      const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top }
      setChoice({ ...at, value, node: box.node })
    }
    const onMouseDown = (event: MouseEvent): void => {
      if (event.button !== 0 || !(event.target instanceof Element)) return
      const value = event.target.closest('[data-value]')?.getAttribute('data-value') ?? null
      const framing = value === null && event.shiftKey && event.target.closest('[data-box], [role="toolbar"], [role="search"]') === null
      if (value === null && !framing) return
      // Else the view would move with the pointer.
      event.stopPropagation()
      event.preventDefault()
      follow(element, event, { value, show: setGesture, drop: (end, made) => (value === null ? selectFramed(scene, store.getState().viewport, made, event) : drop(value, end)) })
    }
    element.addEventListener('mousedown', onMouseDown, true)
    return () => element.removeEventListener('mousedown', onMouseDown, true)
  }, [scene, root, store])
  return (
    <>
      {gesture !== null && <GestureMark gesture={gesture} />}
      {choice !== null && <SlotMenu choice={choice} onClose={() => setChoice(null)} />}
    </>
  )
}

interface Following {
  readonly value: string | null
  readonly show: (gesture: Gesture | null) => void
  readonly drop: (event: MouseEvent, gesture: Gesture) => void
}

/** Follows the pointer until it is let go or Escape is pressed. */
function follow(element: HTMLElement, start: MouseEvent, { value, show, drop }: Following): void {
  const bounds = element.getBoundingClientRect()
  const pointOf = (event: MouseEvent): Point => ({ x: event.clientX - bounds.left, y: event.clientY - bounds.top })
  const from = pointOf(start)
  let moved = false
  const stop = (): void => {
    window.removeEventListener('mousemove', onMove)
    window.removeEventListener('mouseup', onUp)
    window.removeEventListener('keydown', onKey, true)
    show(null)
  }
  const onMove = (event: MouseEvent): void => {
    const to = pointOf(event)
    moved ||= Math.hypot(to.x - from.x, to.y - from.y) > SLACK
    if (moved) show({ value, from, to })
  }
  const onUp = (event: MouseEvent): void => {
    stop()
    if (!moved) return
    // The click that follows a drag is no choice of what lies under it.
    const swallow = (click: Event): void => click.stopPropagation()
    window.addEventListener('click', swallow, { capture: true, once: true })
    setTimeout(() => window.removeEventListener('click', swallow, true))
    drop(event, { value, from, to: pointOf(event) })
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    stop()
  }
  window.addEventListener('mousemove', onMove)
  window.addEventListener('mouseup', onUp)
  window.addEventListener('keydown', onKey, true)
}

/** Selects the nodes whose boxes the frame touches; with Ctrl or Cmd they join what is selected. */
function selectFramed(scene: Scene, { x, y, zoom }: Viewport, { from, to }: Gesture, { ctrlKey, metaKey }: MouseEvent): void {
  const area = {
    x: (Math.min(from.x, to.x) - x) / zoom,
    y: (Math.min(from.y, to.y) - y) / zoom,
    width: Math.abs(to.x - from.x) / zoom,
    height: Math.abs(to.y - from.y) / zoom,
  }
  const framed = scene.boxIndex.query(area).flatMap((index) => {
    const box = scene.graph.boxes[index]
    if (box?.kind === 'op') return [box.node.id]
    return box?.kind === 'group' && !box.expanded ? [...box.group.nodeIds] : []
  })
  const { selection, selectNodes } = useSelectionStore.getState()
  selectNodes([...new Set(ctrlKey || metaKey ? [...selectedNodeIds(selection), ...framed] : framed)])
}

function GestureMark({ gesture: { value, from, to } }: { readonly gesture: Gesture }): ReactNode {
  if (value === null) {
    const style = { left: Math.min(from.x, to.x), top: Math.min(from.y, to.y), width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) }
    return <div className={styles.frameMark} style={style} />
  }
  return (
    <svg className={styles.wire} aria-hidden>
      <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
      <circle cx={to.x} cy={to.y} r={4} />
    </svg>
  )
}

/** Which input of the node is to read the value. */
function SlotMenu({ choice: { value, node, x, y }, onClose }: { readonly choice: SlotChoice; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation('edit')
  const graph = useSessionStore(activeGraph)
  if (graph === null) return null
  const connect = (input: number, name: string): void =>
    void editDocument(t('labels.rewire', { node: nodeLabel(node), input: name }), [{ kind: 'setInput', graph: graph.graphId, node: node.id, input, value }])
  return (
    <Menu opened onClose={onClose} position="bottom-start" offset={0} withinPortal trapFocus returnFocus={false}>
      <Menu.Target>
        <div className={canvas.menuAnchor} style={{ left: x, top: y }} />
      </Menu.Target>
      <Menu.Dropdown aria-label={t('canvas.connectTo', { value })}>
        <Menu.Label>{t('canvas.connectTo', { value })}</Menu.Label>
        {slotsOf(node, graph).map(({ name, now }, input) => (
          <Menu.Item key={input} onClick={() => connect(input, name)}>
            {t('canvas.slot', { name, now: now === '' ? t('canvas.open') : now })}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => connect(node.inputs.length, String(node.inputs.length))}>{t('canvas.addSlot')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function slotsOf(node: NodeView, graph: GraphView): { name: string; now: string }[] {
  const names = graph.inputNames?.[`${node.domain}:${node.opType}`] ?? []
  return node.inputs.map((now, index) => ({ name: names[index] ?? String(index), now }))
}
