import type { OpenDocument } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { useEditStore } from '../stores/edit-store'
import { useSessionStore } from '../stores/session-store'
import { reportError } from './report-error'

/** Makes the unsaved edits of an earlier run again. */
export async function restoreDraft(documentId: string): Promise<void> {
  try {
    takeIn(await getBridge().request('document.restoreDraft', { documentId }))
  } catch (error) {
    reportError(error)
    useEditStore.getState().setDraft(documentId, null)
  }
}

/** Shows a document as the engine tells of it, with how far it is edited and the draft it has. */
export function takeIn(document: OpenDocument): void {
  const { documentId, state, draft } = document
  useSessionStore.getState().addDocument(document)
  const { setState, setDraft } = useEditStore.getState()
  setDraft(documentId, draft ?? null)
  if (state !== undefined) setState(documentId, state)
}

export async function discardDraft(documentId: string): Promise<void> {
  try {
    await getBridge().request('document.discardDraft', { documentId })
    useEditStore.getState().setDraft(documentId, null)
  } catch (error) {
    reportError(error)
  }
}
