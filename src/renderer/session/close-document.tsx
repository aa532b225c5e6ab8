import { modals } from '@mantine/modals'
import i18next from 'i18next'
import { getBridge } from '../bridge/bridge'
import { UnsavedEdits } from '../panels/edit/unsaved-edits'
import { documentState, useEditStore } from '../stores/edit-store'
import { useSessionStore } from '../stores/session-store'
import { reportError } from './report-error'
import { saveModel } from './save-model'

/** Closes the document in the engine and its tab; the person is asked about edits that are not saved. */
export async function closeDocument(documentId: string): Promise<void> {
  if (!documentState(useEditStore.getState(), documentId).dirty) return closeNow(documentId, 'keep')
  const { documents, activate } = useSessionStore.getState()
  const name = documents.find((document) => document.documentId === documentId)?.name ?? ''
  // What is asked about is seen.
  activate(documentId)
  const modalId = modals.open({
    title: i18next.t('edit:save.closeTitle', { name }),
    size: 460,
    children: <UnsavedEdits onCancel={() => modals.close(modalId)} onDiscard={() => answer('discard')} onSave={() => answer('save')} />,
  })
  const answer = (chosen: 'discard' | 'save'): void => {
    modals.close(modalId)
    void (chosen === 'save' ? saveAndClose(documentId) : closeNow(documentId, 'discard'))
  }
}

/** Where saving fails or is called off, the document stays open. */
async function saveAndClose(documentId: string): Promise<void> {
  if (await saveModel()) await closeNow(documentId, 'discard')
}

async function closeNow(documentId: string, draft: 'keep' | 'discard'): Promise<void> {
  useSessionStore.getState().closeDocument(documentId)
  useEditStore.getState().forget(documentId)
  try {
    await getBridge().request('model.close', { documentId, draft })
  } catch (error) {
    reportError(error)
  }
}
