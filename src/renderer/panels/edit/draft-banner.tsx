import { Button } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { said } from '../../i18n/engine-words'
import { discardDraft, restoreDraft } from '../../session/drafts'
import { useEditStore } from '../../stores/edit-store'
import { useSessionStore } from '../../stores/session-store'
import styles from './edit.module.css'

/** Offers edits of an earlier run that were not saved. */
export function DraftBanner(): ReactNode {
  const { t, i18n } = useTranslation('edit')
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const draft = useEditStore((state) => (documentId === null ? undefined : state.drafts[documentId]))
  if (documentId === null || draft === undefined) return null
  const savedAt = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(draft.savedAt))
  return (
    <div className={styles.banner} role="status">
      <IconHistory size={16} aria-hidden />
      <p>{t('draft.text', { count: draft.edits, savedAt, last: said(draft.lastLabel) })}</p>
      <Button size="compact-xs" onClick={() => void restoreDraft(documentId)}>
        {t('draft.restore')}
      </Button>
      <Button variant="default" size="compact-xs" onClick={() => void discardDraft(documentId)}>
        {t('draft.discard')}
      </Button>
    </div>
  )
}
