import { useStoreApi } from '@xyflow/react'
import { useLayoutEffect, useState } from 'react'
import type { Area } from './scene/box-index'
import type { Scene } from './scene/scene'
import { contains, DETAIL_ZOOM, expand, visibleArea } from './viewport'

export interface Visible {
  /** False where the view is so far out that the overview paints the graph. */
  readonly detail: boolean
  readonly boxes: readonly number[]
  readonly edges: readonly number[]
}

const nothing: Visible = { detail: false, boxes: [], edges: [] }
/** How far beyond the window elements are kept, as a part of its size: moving within needs no new ones. */
const AHEAD = 0.35

/** Boxes and edges in and around the window. Changes only when the view leaves what is already there. */
export function useVisible(scene: Scene): Visible {
  const store = useStoreApi()
  const [visible, setVisible] = useState<Visible>(nothing)
  useLayoutEffect(() => {
    let covered: Area | null = null
    let detail: boolean | null = null
    const update = () => {
      const { transform, width, height } = store.getState()
      if (width === 0 || height === 0) return
      const zoom = transform[2]
      if (zoom < DETAIL_ZOOM) {
        if (detail !== false) setVisible(nothing)
        detail = false
        return
      }
      const area = visibleArea({ x: transform[0], y: transform[1], zoom }, { width, height })
      const stillGood = detail === true && covered !== null && contains(covered, area) && covered.width < area.width * 3
      if (stillGood) return
      detail = true
      covered = expand(area, AHEAD)
      setVisible({ detail: true, boxes: scene.boxIndex.query(covered), edges: scene.edgeIndex.query(covered) })
    }
    update()
    return store.subscribe(update)
  }, [store, scene])
  return visible
}
