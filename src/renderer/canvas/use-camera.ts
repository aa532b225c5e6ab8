import { useReactFlow, useStore, useStoreApi } from '@xyflow/react'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { CanvasActions } from './canvas-actions'
import { useCanvas, type Viewport } from './canvas-store'
import { useCanvasSubject } from './canvas-subject'
import type { OpenMenu } from './context-menu'
import { groupsAround } from './scene/group-tree'
import { boxesOfNodes } from './scene/highlight'
import { areaAround, type Scene } from './scene/scene'
import { anchorBox, contains, DETAIL_ZOOM, fitArea, fitScene, initialViewport, keepBoxInPlace, MAX_ZOOM, MIN_ZOOM, throughWindow, visibleArea, type Size } from './viewport'
import { useGroupsStore } from '../stores/groups-store'
import { useSelectionStore } from '../stores/selection-store'
import { useSessionStore } from '../stores/session-store'
import { useViewStore } from '../stores/view-store'

const MOVE_MS = 220
/** Zoom at which a box that is shown from far out can be read. */
const READING_ZOOM = 0.9

/** Where each graph was last looked at, and through a window of which size. */
const remembered = new Map<string, Viewport & Size>()
/** The last wish to reveal something that was fulfilled: it must not come true again when another graph is shown. */
let fulfilledReveal = useViewStore.getState().reveal?.serial ?? 0

/** Moves the view: at first, after a new arrangement, and on request. */
export function useCamera(scene: Scene, graphKey: string, openMenu: (menu: OpenMenu) => void): CanvasActions {
  const flow = useReactFlow()
  const canvas = useCanvas()
  const { documentId } = useCanvasSubject()
  const store = useStoreApi()
  const ready = useStore(({ width, height, panZoom }) => width > 0 && height > 0 && panZoom !== null)
  const shown = useRef<Scene | null>(null)
  /** The group just folded or unfolded: it stays where it is. */
  const toggled = useRef<number | null>(null)

  const actions = useMemo((): CanvasActions => {
    const size = () => {
      const { width, height } = store.getState()
      return { width, height }
    }
    const move = (viewport: Viewport) => void flow.setViewport(viewport, { duration: prefersStillness() ? 0 : MOVE_MS })
    const reveal = (boxes: readonly number[]) => {
      const area = areaAround(scene.layout, boxes)
      if (area === null) return
      const viewport = flow.getViewport()
      const readable = viewport.zoom >= DETAIL_ZOOM
      if (readable && contains(visibleArea(viewport, size()), area)) return
      const fitted = fitArea(area, size(), readable ? viewport.zoom : READING_ZOOM)
      move(boxes.length > 1 && fitted.zoom < DETAIL_ZOOM ? fitArea(area, size(), 1) : fitted)
    }
    return {
      reveal,
      goTo: (selection, boxes) => {
        useSelectionStore.getState().select(selection)
        reveal(boxes)
      },
      zoomTo: (boxes) => {
        const area = areaAround(scene.layout, boxes)
        move(area === null ? fitScene(scene, size()) : fitArea(area, size(), 1.5))
      },
      zoomBy: (factor) => {
        const { x, y, zoom } = flow.getViewport()
        const { width, height } = size()
        const next = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom * factor))
        move({ zoom: next, x: width / 2 - ((width / 2 - x) / zoom) * next, y: height / 2 - ((height / 2 - y) / zoom) * next })
      },
      openMenu,
      toggleGroup: (groupId) => {
        const index = scene.graph.boxes.findIndex((box) => box.kind === 'group' && box.group.id === groupId)
        toggled.current = index < 0 ? null : index
        useGroupsStore.getState().toggleGroup(graphKey, groupId)
      },
      enter: (graphId) => useSessionStore.getState().enterSubgraph(graphId),
      centreAt: (x, y) => {
        const { zoom } = flow.getViewport()
        const { width, height } = size()
        void flow.setViewport({ zoom, x: width / 2 - x * zoom, y: height / 2 - y * zoom })
      },
    }
  }, [flow, store, scene, graphKey, openMenu])

  useLayoutEffect(() => {
    if (!ready) return
    const { width, height, transform } = store.getState()
    const now = { x: transform[0], y: transform[1], zoom: transform[2] }
    const before = shown.current
    shown.current = scene
    const { selected } = canvas.getState().highlight
    void flow.setViewport(viewportFor(scene, before, { now, width, height, remembered: remembered.get(graphKey) ?? null, anchor: toggled.current, selected }))
    toggled.current = null
  }, [ready, scene, graphKey, flow, store, canvas])

  const { direction } = scene.layout
  useEffect(() => {
    let last: Size | null = null
    const remember = () => {
      const { transform, width, height } = store.getState()
      if (shown.current === null || width === 0) return
      const viewport = { x: transform[0], y: transform[1], zoom: transform[2] }
      const before = last
      last = { width, height }
      // As the window or a panel is resized, what is in the middle stays there.
      const kept = before === null ? viewport : throughWindow({ ...viewport, ...before }, last, direction)
      if (kept.x !== viewport.x || kept.y !== viewport.y) return void flow.setViewport(kept)
      remembered.set(graphKey, { ...viewport, width, height })
      const known = canvas.getState().viewport
      if (known.x === viewport.x && known.y === viewport.y && known.zoom === viewport.zoom && known.width === width && known.height === height) return
      canvas.getState().setViewport({ ...viewport, width, height })
    }
    remember()
    return store.subscribe(remember)
  }, [flow, store, graphKey, canvas, direction])

  const wish = useViewStore((state) => state.reveal)
  useEffect(() => {
    if (!ready || wish === null || wish.serial === fulfilledReveal || useSessionStore.getState().activeDocumentId !== documentId) return
    const boxes = boxesOfNodes(scene, wish.nodeIds)
    if (boxes.length === 0) return
    const around = groupsAroundNodes(scene, wish.nodeIds)
    if (around.length > 0) return useGroupsStore.getState().unfold(graphKey, around)
    fulfilledReveal = wish.serial
    actions.reveal(boxes)
  }, [ready, wish, scene, graphKey, actions, documentId])
  return actions
}

interface ViewportContext {
  now: Viewport
  width: number
  height: number
  remembered: (Viewport & Size) | null
  anchor: number | null
  selected: ReadonlySet<number>
}

function viewportFor(scene: Scene, before: Scene | null, { now, width, height, remembered, anchor: wanted, selected }: ViewportContext): Viewport {
  const size = { width, height }
  if (before === null) return remembered === null ? initialViewport(scene, size) : throughWindow(remembered, size, scene.layout.direction)
  if (before.layout.direction !== scene.layout.direction) {
    const area = areaAround(scene.layout, [...selected])
    return area === null ? initialViewport(scene, size) : fitArea(area, size, now.zoom)
  }
  // Grouped anew, a graph that fits as it is stands in the middle, like one just opened.
  if (wanted === null && isGrouped(before) !== isGrouped(scene) && selected.size === 0 && fitScene(scene, size).zoom >= now.zoom) return fitScene(scene, size)
  const anchor = wanted ?? anchorBox(before, visibleArea(now, size), selected)
  return (anchor === null ? null : keepBoxInPlace(before, scene, anchor, now)) ?? initialViewport(scene, size)
}

function isGrouped({ levelled }: Scene): boolean {
  return levelled.tree.groups.length > 0
}

/** More nodes than this are shown as the groups they are in. */
const MOST_UNFOLDED_FOR = 50

/** Folded groups that hide one of the nodes, with those around them. */
function groupsAroundNodes({ levelled, graph }: Scene, nodeIds: readonly number[]): string[] {
  if (nodeIds.length > MOST_UNFOLDED_FOR) return []
  const hidden = nodeIds.filter((id) => graph.boxes[graph.boxOfNode.get(id) ?? -1]?.kind === 'group')
  return [...new Set(hidden.flatMap((id) => groupsAround(levelled.tree, levelled.graph.boxOfNode.get(id) ?? -1)))]
}

function prefersStillness(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches
}
