/** Two canvases that look at the same place: one leads, the other follows. */
import type { ReactFlowInstance, useStoreApi } from '@xyflow/react'
import type { Disposer } from '#shared/disposer'
import type { CanvasStore } from '../canvas-store'
import type { Scene } from '../scene/scene'
import type { CompareIndex, Side } from './compare-index'
import { anchorsBetween, mapCentre, type Anchor, type Point } from './map-camera'

export interface Camera {
  readonly flow: ReactFlowInstance
  readonly store: ReturnType<typeof useStoreApi>
  readonly canvas: CanvasStore
}

export interface CameraSync {
  join: (side: Side, camera: Camera) => Disposer
  /** This side is moved by the person from now on. */
  lead: (side: Side) => void
  /** What belongs together; null while it is not known. */
  setPartners: (partners: CompareIndex['partners'] | null) => void
}

const MOVE_MS = 220

export function createCameraSync(): CameraSync {
  const cameras: Partial<Record<Side, Camera>> = {}
  let leader: Side = 'b'
  let partners: CompareIndex['partners'] | null = null
  let known: { readonly from: Scene; readonly to: Scene; readonly anchors: readonly Anchor[] } | null = null

  const anchorsFor = (from: Scene, to: Scene, own: ReadonlyMap<number, readonly number[]>): readonly Anchor[] => {
    if (known?.from !== from || known.to !== to) known = { from, to, anchors: anchorsBetween(from, to, own) }
    return known.anchors
  }
  const follow = (duration: number): void => {
    const [from, to] = leader === 'a' ? [cameras.a, cameras.b] : [cameras.b, cameras.a]
    const [scene, other] = [from?.canvas.getState().scene, to?.canvas.getState().scene]
    if (from === undefined || to === undefined || !scene || !other || partners === null) return
    const { transform, width, height } = from.store.getState()
    const there = to.store.getState()
    const [x, y, zoom] = transform
    if (width === 0 || there.width === 0 || there.panZoom === null) return
    const centre = { x: (width / 2 - x) / zoom, y: (height / 2 - y) / zoom }
    const { selected } = from.canvas.getState().highlight
    const chosen = selected.size === 1 ? ([...selected][0] ?? null) : null
    const looking = { centre, reach: Math.hypot(width, height) / zoom, chosen }
    const target = mapCentre(anchorsFor(scene, other, partners[leader]), looking) ?? inProportion(scene, other, centre)
    void to.flow.setViewport({ zoom, x: there.width / 2 - target.x * zoom, y: there.height / 2 - target.y * zoom }, { duration })
  }
  return {
    join: (side, camera) => {
      cameras[side] = camera
      const moved = camera.store.subscribe((state, before) => {
        if (side === leader && (state.transform !== before.transform || state.width !== before.width)) follow(0)
      })
      const changed = camera.canvas.subscribe((state, before) => {
        // The canvas places its new scene first.
        if (state.scene !== before.scene) requestAnimationFrame(() => follow(0))
        else if (side === leader && state.highlight.selected !== before.highlight.selected && state.highlight.selected.size === 1) follow(MOVE_MS)
      })
      requestAnimationFrame(() => follow(0))
      return () => {
        moved()
        changed()
        if (cameras[side] === camera) delete cameras[side]
      }
    },
    lead: (side) => {
      leader = side
    },
    setPartners: (now) => {
      partners = now
      known = null
      follow(0)
    },
  }
}

/** Where nothing belongs together: as far along and across as in the other. */
function inProportion(from: Scene, to: Scene, { x, y }: Point): Point {
  const part = (value: number, whole: number, other: number) => (value / Math.max(1, whole)) * other
  return { x: part(x, from.layout.totalWidth, to.layout.totalWidth), y: part(y, from.layout.totalHeight, to.layout.totalHeight) }
}
