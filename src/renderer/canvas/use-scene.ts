import { useEffect, useLayoutEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView } from '#shared/ipc/model-view'
import { useCanvas, useCanvasStore, type CanvasStore } from './canvas-store'
import { useCanvasSubject } from './canvas-subject'
import { createLayoutClient, type LayoutClient } from './layout/layout-client'
import type { LayoutResult } from './layout/layout-graph'
import LayoutWorker from './layout/layout.worker?worker'
import { buildCanvasGraph, type CanvasOptions } from './scene/canvas-graph'
import { composeLevels } from './scene/compose-levels'
import { buildGroupTree } from './scene/group-tree'
import { levelRequests, splitIntoLevels, withoutGroups, type LevelledGraph } from './scene/levels'
import { createScene, type Scene } from './scene/scene'
import { reportError } from '../session/report-error'
import { unfoldedGroups, useGroupsStore } from '../stores/groups-store'
import { openDocument, useSessionStore } from '../stores/session-store'
import { useViewStore } from '../stores/view-store'

const clients = new WeakMap<CanvasStore, LayoutClient>()

/** One worker for each canvas, for the window's life: a newer request of one canvas must not take the place of another's. */
function layoutClientOf(canvas: CanvasStore): LayoutClient {
  const known = clients.get(canvas)
  if (known !== undefined) return known
  const made = createLayoutClient(() => new LayoutWorker({ name: 'graph layout' }))
  clients.set(canvas, made)
  return made
}

/** A graph cut into levels, each arranged on its own. */
interface Arranged {
  readonly levelled: LevelledGraph
  readonly layouts: readonly LayoutResult[]
}

/** Arrangements of a view by their options: going back to a tab or a toggle does not arrange it again. */
const arrangements = new WeakMap<GraphView, Map<string, Arranged>>()
const noFunctions: CanvasOptions['functions'] = []
/** Larger graphs are grouped unless a person decides. */
const GROUPED_FROM = 300

/** Arranges the graph whenever it or the toggles change, and puts the scene into the canvas store. The old one stays until then. */
export function useScene(view: GraphView, graphKey: string): { scene: Scene | null; failed: boolean } {
  const canvas = useCanvas()
  const scene = useCanvasStore((state) => state.scene)
  const [failed, setFailed] = useState(false)
  const [, setArrangedCount] = useState(0)
  const { levelled, key } = useLevelledGraph(view)
  const direction = useViewStore((state) => state.direction)

  const arranged = arrangements.get(view)?.get(`${key},${direction}`)

  useEffect(() => {
    if (arrangements.get(view)?.has(`${key},${direction}`) === true) return undefined
    let wanted = true
    layoutClientOf(canvas)
      .layout(levelRequests(levelled, direction))
      .then((layouts) => {
        if (!wanted || layouts === null) return
        const made = { levelled, layouts }
        arrangements.set(view, (arrangements.get(view) ?? new Map<string, Arranged>()).set(`${key},${direction}`, made))
        setFailed(false)
        setArrangedCount((count) => count + 1)
      })
      .catch((error: unknown) => {
        if (!wanted) return
        setFailed(true)
        reportError(error)
      })
    return () => {
      wanted = false
    }
  }, [canvas, view, levelled, key, direction])

  const unfolded = useGroupsStore((state) => unfoldedGroups(state, graphKey))
  useLayoutEffect(() => {
    if (arranged !== undefined) canvas.getState().setScene(createScene(arranged.levelled, composeLevels(arranged.levelled, arranged.layouts, unfolded)))
  }, [canvas, arranged, unfolded])
  // The next graph must not start from this one's boxes; it may be on the same canvas, and is there before effects end.
  useLayoutEffect(() => () => canvas.getState().setScene(null), [canvas])
  return { scene, failed }
}

/** The graph as the toggles want it; `key` tells these apart. */
function useLevelledGraph(view: GraphView): { levelled: LevelledGraph; key: string } {
  const { t, i18n } = useTranslation('canvas')
  const names = useViewStore((state) => state.names)
  const attributes = useViewStore((state) => state.attributes)
  const weights = useViewStore((state) => state.weights)
  const mode = useGroupsStore((state) => state.mode)
  const hiddenTypes = useGroupsStore((state) => state.hiddenTypes)
  const { documentId } = useCanvasSubject()
  const functions = useSessionStore((state) => openDocument(state, documentId)?.summary.functions ?? noFunctions)
  const graph = useMemo(
    () => buildCanvasGraph(view, { names, attributes, weights, functions, hiddenTypes }),
    [view, names, attributes, weights, functions, hiddenTypes],
  )
  const grouped = mode === 'on' || (mode === 'auto' && view.nodes.length >= GROUPED_FROM)
  const blockWord = t('block')
  const levelled = useMemo(() => (grouped ? splitIntoLevels(graph, buildGroupTree(graph, blockWord)) : withoutGroups(graph)), [graph, grouped, blockWord])
  return { levelled, key: [names, attributes, weights, grouped, grouped && i18n.language, [...hiddenTypes].sort().join(' ')].join() }
}
