/** Edits of the nodes that are selected. */
import i18next from 'i18next'
import type { EditCommandOf } from '#shared/ipc/edit-commands'
import type { NodeView } from '#shared/ipc/model-view'
import { getBridge } from '../bridge/bridge'
import { useEditStore, type Clipboard } from '../stores/edit-store'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeGraph, useSessionStore } from '../stores/session-store'
import { editDocument, shownGraph } from './edit-document'
import { nodeLabel } from './graph-lookup'
import { openPaths } from './open-models'
import { pickPath } from './pick-path'

/** The nodes selected in the graph shown. */
export function selectedNodes(): readonly NodeView[] {
  const graph = activeGraph(useSessionStore.getState())
  const ids = new Set(selectedNodeIds(useSelectionStore.getState().selection))
  return graph?.nodes.filter(({ id }) => ids.has(id)) ?? []
}

/** What a history entry calls the nodes: the only one by its name, several by their number. */
export function nodesLabel(nodes: readonly NodeView[]): string {
  const [only] = nodes
  return nodes.length === 1 && only !== undefined ? nodeLabel(only) : i18next.t('edit:nodes', { count: nodes.length })
}

/** Removes what is selected: nodes as `mode` says, else the graph input, output or initializer. */
export async function removeSelected(mode: EditCommandOf<'removeNodes'>['mode']): Promise<void> {
  const shown = shownGraph()
  const { selection } = useSelectionStore.getState()
  if (shown === null) return
  const nodes = selectedNodes()
  if (nodes.length > 0) {
    await editDocument(i18next.t('edit:labels.remove', { name: nodesLabel(nodes) }), [{ kind: 'removeNodes', graph: shown.graphId, nodes: nodes.map(({ id }) => id), mode }])
    return
  }
  if (selection.kind !== 'input' && selection.kind !== 'output' && selection.kind !== 'tensor') return
  const kind = selection.kind === 'input' ? 'removeInput' : selection.kind === 'output' ? 'removeOutput' : 'removeInitializer'
  await editDocument(i18next.t('edit:labels.remove', { name: selection.name }), [{ kind, graph: shown.graphId, name: selection.name }])
}

/** Keeps the selected nodes for pasting, in this window or another model of it. */
export async function copySelected(): Promise<void> {
  const shown = shownGraph()
  const nodes = selectedNodes()
  if (shown === null || nodes.length === 0) return
  useEditStore.getState().setClipboard(await copyNodes(shown, nodes))
}

export async function cutSelected(): Promise<void> {
  await copySelected()
  await removeSelected('disconnect')
}

export async function pasteCopied(): Promise<void> {
  const shown = shownGraph()
  const { clipboard } = useEditStore.getState()
  if (shown === null || clipboard === null) return
  await editDocument(i18next.t('edit:labels.paste', { count: clipboard.nodeCount }), [{ kind: 'paste', graph: shown.graphId, model: { path: clipboard.path } }])
}

export function selectAllNodes(): void {
  const graph = activeGraph(useSessionStore.getState())
  useSelectionStore.getState().selectNodes(graph?.nodes.map(({ id }) => id) ?? [])
}

/** Opens the selected nodes as a model of their own. */
export async function extractSelected(): Promise<void> {
  const shown = shownGraph()
  const nodes = selectedNodes()
  if (shown === null || nodes.length === 0) return
  const { path } = await copyNodes(shown, nodes)
  await openPaths([path])
}

/** Puts a model that the person picks in the place of the selected nodes. */
export async function replaceSelected(): Promise<void> {
  const shown = shownGraph()
  const nodes = selectedNodes()
  if (shown === null || nodes.length === 0) return
  const path = await pickPath('model')
  if (path === null) return
  await editDocument(i18next.t('edit:labels.replace', { name: nodesLabel(nodes) }), [{ kind: 'replaceNodes', graph: shown.graphId, nodes: nodes.map(({ id }) => id), model: { path } }])
}

/** Puts the body of a function in the place of its selected call. */
export async function inlineSelected(): Promise<void> {
  const shown = shownGraph()
  const [node] = selectedNodes()
  if (shown === null || node === undefined) return
  await editDocument(i18next.t('edit:labels.inline', { name: nodeLabel(node) }), [{ kind: 'inlineFunction', graph: shown.graphId, node: node.id }])
}

function copyNodes({ documentId, graphId }: { readonly documentId: string; readonly graphId: number }, nodes: readonly NodeView[]): Promise<Clipboard> {
  return getBridge().request('document.copy', { documentId, graph: graphId, nodes: nodes.map(({ id }) => id) })
}
