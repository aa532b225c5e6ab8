import { useTranslation } from 'react-i18next'
import type { DocumentState } from '#shared/ipc/document-change'
import { documentState, useEditStore } from '../stores/edit-store'
import { useSessionStore } from '../stores/session-store'

/** Which words say what of a document was measured: `revision` of its edits, or its file where that is null; null where the model shown is what was. */
export function editedText({ revision, dirty }: Pick<DocumentState, 'revision' | 'dirty'>, measured: number | null): 'unsaved' | 'since' | 'file' | null {
  if (measured === null) return dirty ? 'file' : null
  if (measured !== revision) return 'since'
  return dirty ? 'unsaved' : null
}

/** What a figure of the model at `path` was taken on, where that is not simply the model's file. */
export function useEditedText(path: string | null, measured: number | null): string | null {
  const { t } = useTranslation()
  const documentId = useSessionStore((state) => state.documents.find(({ summary }) => summary.path === path)?.documentId ?? null)
  const key = useEditStore((state) => editedText(documentState(state, documentId), measured))
  return key === null ? null : t(`edited.${key}`, { revision: measured ?? 0 })
}
