import { useEffect, useMemo, useState } from 'react'
import type { GraphView } from '#shared/ipc/model-view'
import { useCanvasStore } from './canvas-store'
import { createLayoutClient, type LayoutClient } from './layout/layout-client'
import LayoutWorker from './layout/layout.worker?worker'
import { layoutRequest } from './scene/box-size'
import { buildCanvasGraph, type CanvasOptions } from './scene/canvas-graph'
import { createScene, type Scene } from './scene/scene'
import { reportError } from '../session/report-error'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useViewStore } from '../stores/view-store'

let client: LayoutClient | null = null

/** One worker for the window's life, started with the first canvas. */
function layoutClient(): LayoutClient {
  client ??= createLayoutClient(() => new LayoutWorker({ name: 'graph layout' }))
  return client
}

/** Scenes of a view by their options: going back to a tab or a toggle does not arrange it again. */
const scenes = new WeakMap<GraphView, Map<string, Scene>>()
const noFunctions: CanvasOptions['functions'] = []

/** Arranges the graph whenever it or the toggles change, and puts the scene into the canvas store. The old one stays until then. */
export function useScene(view: GraphView): { scene: Scene | null; failed: boolean } {
  const names = useViewStore((state) => state.names)
  const attributes = useViewStore((state) => state.attributes)
  const weights = useViewStore((state) => state.weights)
  const direction = useViewStore((state) => state.direction)
  const functions = useSessionStore((state) => activeDocument(state)?.summary.functions ?? noFunctions)
  const scene = useCanvasStore((state) => state.scene)
  const [failed, setFailed] = useState(false)
  const graph = useMemo(() => buildCanvasGraph(view, { names, attributes, weights, functions }), [view, names, attributes, weights, functions])

  useEffect(() => {
    const setScene = (made: Scene) => useCanvasStore.getState().setScene(made)
    const key = [names, attributes, weights, direction].join()
    const known = scenes.get(view)?.get(key)
    if (known !== undefined) {
      setScene(known)
      return undefined
    }
    let wanted = true
    layoutClient()
      .layout(layoutRequest(graph, direction))
      .then((layout) => {
        if (!wanted || layout === null) return
        const made = createScene(graph, layout)
        scenes.set(view, (scenes.get(view) ?? new Map<string, Scene>()).set(key, made))
        setFailed(false)
        setScene(made)
      })
      .catch((error: unknown) => {
        if (!wanted) return
        setFailed(true)
        reportError(error)
      })
    return () => {
      wanted = false
    }
  }, [view, graph, names, attributes, weights, direction])
  // The next graph must not start from this one's boxes.
  useEffect(() => () => useCanvasStore.getState().setScene(null), [])
  return { scene, failed }
}
