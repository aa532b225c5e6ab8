import { loadGraph } from './load-graph'
import type { GraphView } from '#shared/ipc/model-view'
import { activeDocument, activeGraph, useSessionStore } from '../stores/session-store'
import { useSelectionStore } from '../stores/selection-store'
import { useViewStore } from '../stores/view-store'

/** Shows the graph that holds the node, selects it and brings it into view. False where no graph of the document has it. */
export async function goToNodes(nodeIds: readonly number[]): Promise<boolean> {
  const [first] = nodeIds
  const state = useSessionStore.getState()
  const document = activeDocument(state)
  if (first === undefined || document === null) return false
  const holds = (view: GraphView | null): boolean => view?.nodes.some((node) => node.id === first) ?? false
  if (!holds(activeGraph(state))) {
    const path = await findGraphPath(document.documentId, [document.mainGraphId, ...document.summary.functions.map((definition) => definition.graphId)], first)
    if (path === null) return false
    useSessionStore.getState().showGraphPath(document.documentId, path)
  }
  useSelectionStore.getState().selectNodes(nodeIds)
  useViewStore.getState().revealNodes(nodeIds)
  return true
}

/** Breadth first through the graphs that attributes hold: the ids from the outermost graph to the node's own. */
async function findGraphPath(documentId: string, roots: readonly number[], nodeId: number): Promise<readonly number[] | null> {
  const [main, ...functions] = roots
  if (main === undefined) return null
  const queue: (readonly number[])[] = [[main], ...functions.map((graphId) => [main, graphId])]
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const view = await loadGraph(documentId, path.at(-1) ?? main)
    if (view === null) continue
    if (view.nodes.some((node) => node.id === nodeId)) return path
    for (const node of view.nodes) {
      for (const attribute of node.attributes) for (const graphId of attribute.graphIds ?? []) queue.push([...path, graphId])
    }
  }
  return null
}
