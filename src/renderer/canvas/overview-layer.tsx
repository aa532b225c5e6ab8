import { useStoreApi } from '@xyflow/react'
import { useLayoutEffect, useRef, type ReactNode } from 'react'
import { useShallow } from 'zustand/react/shallow'
import styles from './canvas.module.css'
import { useCanvasStore } from './canvas-store'
import { paintOverview } from './paint-overview'
import type { Area } from './scene/box-index'
import type { Scene } from './scene/scene'
import { contains, DETAIL_ZOOM, expand, visibleArea } from './viewport'

/** How far beyond the window is painted, as a part of its size. */
const AHEAD = 0.5
/** The picture is stretched up to this factor while zooming, and painted anew when the movement ends. */
const STRETCH = 1.5
const SETTLE_MS = 100

/**
 * The graph as one picture, for where the view is too far out for text. It is painted larger than the window and moved
 * with it; only when the view leaves the picture is it painted again.
 */
export function OverviewLayer({ scene }: { scene: Scene }): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const store = useStoreApi()
  const style = useCanvasStore(useShallow(({ theme, heat, highlight, found }) => ({ theme, heat, highlight, found })))
  useLayoutEffect(() => {
    let painted: { area: Area; zoom: number } | null = null
    let settle: ReturnType<typeof setTimeout> | undefined
    const paint = (element: HTMLCanvasElement) => {
      const { transform, width, height } = store.getState()
      const zoom = transform[2]
      const area = expand(visibleArea({ x: transform[0], y: transform[1], zoom }, { width, height }), AHEAD)
      const ratio = window.devicePixelRatio
      const context = element.getContext('2d')
      if (context === null) return
      const pixels = { width: Math.round(area.width * zoom * ratio), height: Math.round(area.height * zoom * ratio) }
      if (element.width !== pixels.width || element.height !== pixels.height) Object.assign(element, pixels)
      else context.clearRect(0, 0, pixels.width, pixels.height)
      element.style.width = `${pixels.width / ratio}px`
      element.style.height = `${pixels.height / ratio}px`
      context.save()
      context.scale(ratio, ratio)
      paintOverview(context, scene, { area, scale: { x: zoom, y: zoom } }, style)
      context.restore()
      painted = { area, zoom }
    }
    const update = () => {
      const element = canvas.current
      const { transform, width, height } = store.getState()
      const [x, y, zoom] = transform
      if (element === null || width === 0 || height === 0) return
      element.style.visibility = zoom < DETAIL_ZOOM ? 'visible' : 'hidden'
      if (zoom >= DETAIL_ZOOM) return
      const stretched = painted === null ? 0 : zoom / painted.zoom
      const seen = visibleArea({ x, y, zoom }, { width, height })
      if (painted === null || stretched > STRETCH || stretched < 1 / STRETCH || !contains(painted.area, seen)) paint(element)
      else if (stretched !== 1) {
        clearTimeout(settle)
        settle = setTimeout(() => {
          paint(element)
          place(element)
        }, SETTLE_MS)
      }
      place(element)
    }
    const place = (element: HTMLCanvasElement) => {
      if (painted === null) return
      const { transform } = store.getState()
      const [x, y, zoom] = transform
      element.style.transform = `translate(${x + painted.area.x * zoom}px, ${y + painted.area.y * zoom}px) scale(${zoom / painted.zoom})`
    }
    update()
    const unsubscribe = store.subscribe(update)
    return () => {
      clearTimeout(settle)
      unsubscribe()
    }
  }, [store, scene, style])
  return <canvas ref={canvas} className={styles.overview} aria-hidden />
}
