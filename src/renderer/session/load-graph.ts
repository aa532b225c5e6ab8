import { toErrorData } from '#shared/errors'
import type { GraphView } from '#shared/ipc/model-view'
import { getBridge } from '../bridge/bridge'
import { activeGraphId, graphKey, useSessionStore, type SessionState } from '../stores/session-store'
import { useSelectionStore } from '../stores/selection-store'

const loading = new Map<string, Promise<GraphView | null>>()

/** Keeps the graph shown loaded and drops the selection when another one is shown. Returns what stops it. */
export function followActiveGraph(): () => void {
  let shown = ''
  const follow = (state: SessionState): void => {
    const graphId = activeGraphId(state)
    const key = state.activeDocumentId === null || graphId === null ? '' : graphKey(state.activeDocumentId, graphId)
    if (key !== shown) {
      shown = key
      useSelectionStore.getState().clear()
    }
    if (state.activeDocumentId !== null && graphId !== null) void loadGraph(state.activeDocumentId, graphId)
  }
  follow(useSessionStore.getState())
  return useSessionStore.subscribe(follow)
}

/** The graph from the store or the engine; null where it cannot be had, which the store then explains. */
export function loadGraph(documentId: string, graphId: number): Promise<GraphView | null> {
  const key = graphKey(documentId, graphId)
  const { graphViews, graphErrors } = useSessionStore.getState()
  const known = graphViews[key]
  if (known !== undefined) return Promise.resolve(known)
  if (graphErrors[key] !== undefined) return Promise.resolve(null)
  const underway = loading.get(key)
  if (underway !== undefined) return underway
  const request = fetchGraph(documentId, graphId).finally(() => loading.delete(key))
  loading.set(key, request)
  return request
}

async function fetchGraph(documentId: string, graphId: number): Promise<GraphView | null> {
  try {
    const view = await getBridge().request('model.graph', { documentId, graphId })
    useSessionStore.getState().putGraph(documentId, view)
    return view
  } catch (error) {
    useSessionStore.getState().failGraph(documentId, graphId, toErrorData(error))
    return null
  }
}
