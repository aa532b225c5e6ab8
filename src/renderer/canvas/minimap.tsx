import { useStore, useStoreApi } from '@xyflow/react'
import { useLayoutEffect, useMemo, useRef, type PointerEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useShallow } from 'zustand/react/shallow'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { useCanvasStore } from './canvas-store'
import { paintOverview } from './paint-overview'
import type { Scene } from './scene/scene'
import { contains, visibleArea } from './viewport'

/** Longest side, and at most this part of the window's shorter one. */
const LONGEST = 168
const PART = 0.36
/** A very long graph is squeezed lengthwise, so that its minimap keeps some breadth. */
const SHORTEST = 40
const INSET = 4

/** The whole graph in small, with the window on it; a click or a drag moves the window. Hidden while everything is in sight. */
export function Minimap({ scene }: { scene: Scene }): ReactNode {
  const { t } = useTranslation('canvas')
  const store = useStoreApi()
  const actions = useCanvasActions()
  const root = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const frame = useRef<HTMLDivElement>(null)
  const style = useCanvasStore(useShallow(({ theme, heat, highlight, found }) => ({ theme, heat, highlight, found })))
  // In steps, so that resizing the window does not paint at every pixel.
  const longest = useStore(({ width, height }) => Math.min(LONGEST, Math.max(72, Math.floor((Math.min(width, height) * PART) / 24) * 24)))
  const size = useMemo(() => minimapSize(scene, longest), [scene, longest])

  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const ratio = window.devicePixelRatio
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, size.width, size.height)
    context.translate(INSET, INSET)
    const area = { x: 0, y: 0, width: scene.layout.totalWidth, height: scene.layout.totalHeight }
    paintOverview(context, scene, { area, scale: size.scale }, style)
  }, [scene, size, style])

  useLayoutEffect(() => {
    const update = () => {
      const { transform, width, height } = store.getState()
      if (root.current === null || frame.current === null || width === 0) return
      const area = visibleArea({ x: transform[0], y: transform[1], zoom: transform[2] }, { width, height })
      const all = contains(area, { x: 0, y: 0, width: scene.layout.totalWidth, height: scene.layout.totalHeight })
      root.current.style.display = all ? 'none' : 'block'
      const place = { left: area.x * size.scale.x + INSET, top: area.y * size.scale.y + INSET }
      const shown = { width: Math.max(6, area.width * size.scale.x), height: Math.max(6, area.height * size.scale.y) }
      frame.current.style.transform = `translate(${place.left}px, ${place.top}px)`
      frame.current.style.width = `${shown.width}px`
      frame.current.style.height = `${shown.height}px`
    }
    update()
    return store.subscribe(update)
  }, [store, scene, size])

  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons === 0) return
    const bounds = event.currentTarget.getBoundingClientRect()
    event.currentTarget.setPointerCapture(event.pointerId)
    actions.centreAt((event.clientX - bounds.left - INSET) / size.scale.x, (event.clientY - bounds.top - INSET) / size.scale.y)
  }
  const ratio = window.devicePixelRatio
  return (
    <div ref={root} className={`${styles.card} ${styles.minimap}`} role="img" aria-label={t('overview')} onPointerDown={move} onPointerMove={move}>
      <canvas
        key={`${size.width}×${size.height}`}
        ref={canvas}
        width={size.width * ratio}
        height={size.height * ratio}
        style={{ width: size.width, height: size.height }}
      />
      <div ref={frame} className={styles.window} />
    </div>
  )
}

function minimapSize({ layout }: Scene, longest: number): { width: number; height: number; scale: { x: number; y: number } } {
  const total = { width: Math.max(1, layout.totalWidth), height: Math.max(1, layout.totalHeight) }
  const scale = longest / Math.max(total.width, total.height)
  const width = Math.max(SHORTEST, Math.round(total.width * scale))
  const height = Math.max(SHORTEST, Math.round(total.height * scale))
  return { width: width + 2 * INSET, height: height + 2 * INSET, scale: { x: width / total.width, y: height / total.height } }
}
