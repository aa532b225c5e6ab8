import i18next from 'i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import type { DocumentChange } from '#shared/ipc/document-change'
import type { RequestParams } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { said } from '../i18n/engine-words'
import { useEditStore } from '../stores/edit-store'
import { useLogStore } from '../stores/log-store'
import { useReadOnlyStore } from '../stores/read-only-store'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeGraph, activeGraphId, useSessionStore } from '../stores/session-store'
import { useViewStore } from '../stores/view-store'
import { showErrorData } from './report-error'
import { showNotice } from './show-notice'

export type EditCommandInput = RequestParams<'document.edit'>['commands'][number]

/** Edits of one window run one after another: each is meant for the model that the one before left. */
let last: Promise<unknown> = Promise.resolve()

/** The document and the graph shown; null where nothing is open. */
export function shownGraph(): { readonly documentId: string; readonly graphId: number } | null {
  const state = useSessionStore.getState()
  const graphId = activeGraphId(state)
  return state.activeDocumentId === null || graphId === null ? null : { documentId: state.activeDocumentId, graphId }
}

/** Carries commands out as one step of the history of the document shown. Answers what refused them, or null when they are in effect. */
export async function tryEdit(label: string, commands: readonly EditCommandInput[]): Promise<ErrorData | null> {
  const shown = shownGraph()
  if (shown === null) return null
  return change(shown.documentId, (documentId) => getBridge().request('document.edit', { documentId, label, commands: [...commands] }))
}

/** The same where nobody waits for the answer: a refusal is told. True when the edit is in effect. */
export async function editDocument(label: string, commands: readonly EditCommandInput[]): Promise<boolean> {
  const error = await tryEdit(label, commands)
  if (error !== null) showErrorData(error, i18next.t('edit:refused', { label }))
  return error === null
}

export function undo(): Promise<void> {
  return step((documentId) => getBridge().request('document.undo', { documentId }))
}

export function redo(): Promise<void> {
  return step((documentId) => getBridge().request('document.redo', { documentId }))
}

/** Undoes or redoes as many edits as it takes; 0 is the model as it was opened. */
export function goToRevision(revision: number): Promise<void> {
  return step((documentId) => getBridge().request('document.goTo', { documentId, revision }))
}

/** Asks for a change of one document, and shows what it changed. */
export function change(documentId: string, ask: (documentId: string) => Promise<DocumentChange>): Promise<ErrorData | null> {
  const path = useSessionStore.getState().documents.find((document) => document.documentId === documentId)?.summary.path
  if (path !== undefined && useReadOnlyStore.getState().paths.includes(path)) return Promise.resolve({ code: 'not-supported', message: i18next.t('edit:readOnly'), hint: i18next.t('edit:readOnlyHint') })
  const run = async (): Promise<ErrorData | null> => {
    try {
      receiveChange(documentId, await ask(documentId))
      return null
    } catch (error) {
      return toErrorData(error)
    }
  }
  const result = last.then(run)
  last = result
  return result
}

async function step(ask: (documentId: string) => Promise<DocumentChange>): Promise<void> {
  const shown = shownGraph()
  if (shown === null) return
  const error = await change(shown.documentId, ask)
  if (error !== null) showErrorData(error)
}

function receiveChange(documentId: string, received: DocumentChange): void {
  useEditStore.getState().setState(documentId, received)
  useSessionStore.getState().applyChange(documentId, received)
  for (const { severity, message, hint } of received.notes) {
    useLogStore.getState().log(severity, said(message))
    if (severity !== 'info') showNotice({ tone: severity, title: said(message), message: hint === undefined ? '' : said(hint) })
  }
  if (useSessionStore.getState().activeDocumentId === documentId) followSelection(received)
}

/** Selects what was added, and lets go of what is no longer there. */
function followSelection(received: DocumentChange): void {
  const graph = activeGraph(useSessionStore.getState())
  if (graph === null) return
  const { selection, select, selectNodes, clear } = useSelectionStore.getState()
  const added = received.addedNodes.filter(({ graphId }) => graphId === graph.graphId).map(({ nodeId }) => nodeId)
  if (added.length > 0) {
    selectNodes(added)
    useViewStore.getState().revealNodes(added)
    return
  }
  if (selection.kind === 'node' || selection.kind === 'nodes') {
    const there = new Set(graph.nodes.map(({ id }) => id))
    const left = selectedNodeIds(selection).filter((id) => there.has(id))
    if (left.length < selectedNodeIds(selection).length) selectNodes(left)
  } else if (selection.kind !== 'model') {
    const { name } = selection
    const known =
      graph.initializers.some((tensor) => tensor.name === name) ||
      graph.inputs.some((end) => end.name === name) ||
      graph.outputs.some((end) => end.name === name) ||
      graph.nodes.some((node) => node.inputs.includes(name) || node.outputs.includes(name))
    if (!known) clear()
    else if (selection.kind === 'input' && !graph.inputs.some((end) => end.name === name)) select({ kind: 'edge', name })
    else if (selection.kind === 'output' && !graph.outputs.some((end) => end.name === name)) select({ kind: 'edge', name })
  }
}
