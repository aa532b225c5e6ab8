import { useEffect, useState, type ReactNode, type RefObject } from 'react'
import { boxAtPointer } from './box-at-pointer'
import styles from './canvas.module.css'
import { useCanvas } from './canvas-store'
import { boxName } from './scene/canvas-graph'
import type { Scene } from './scene/scene'

interface Tip {
  text: string
  x: number
  y: number
}

/** Names the painted box under the pointer, where the view is too far out for text. */
export function OverviewTip({ scene, root }: { scene: Scene; root: RefObject<HTMLElement | null> }): ReactNode {
  const canvas = useCanvas()
  const [tip, setTip] = useState<Tip | null>(null)
  useEffect(() => {
    const element = root.current
    if (element === null) return undefined
    const move = (event: PointerEvent) => {
      const bounds = element.getBoundingClientRect()
      const onGraph = event.target instanceof Element && event.target.closest('.react-flow__pane') !== null
      const box = onGraph && event.buttons === 0 ? scene.graph.boxes[boxAtPointer(scene, canvas.getState().viewport, event, bounds) ?? -1] : undefined
      const text = box === undefined ? null : box.kind === 'op' ? `${box.node.opType}  ${box.node.name}` : boxName(box)
      setTip(text === null ? null : { text, x: event.clientX - bounds.left + 12, y: event.clientY - bounds.top + 12 })
    }
    const leave = () => setTip(null)
    element.addEventListener('pointermove', move)
    element.addEventListener('pointerleave', leave)
    return () => {
      element.removeEventListener('pointermove', move)
      element.removeEventListener('pointerleave', leave)
    }
  }, [scene, root, canvas])
  if (tip === null) return null
  return (
    <div className={styles.tip} style={{ left: tip.x, top: tip.y }}>
      {tip.text}
    </div>
  )
}
