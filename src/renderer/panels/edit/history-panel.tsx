import { UnstyledButton } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData } from '#shared/errors'
import type { DocumentHistory } from '#shared/ipc/document-change'
import { getBridge } from '../../bridge/bridge'
import { said } from '../../i18n/engine-words'
import { goToRevision } from '../../session/edit-document'
import { showErrorData } from '../../session/report-error'
import { documentState, useEditStore } from '../../stores/edit-store'
import { useSessionStore } from '../../stores/session-store'
import panel from '../panels.module.css'
import styles from './edit.module.css'

/** Every edit of the model shown, the newest first; a click goes to the model as it was after it. */
export default function HistoryPanel(): ReactNode {
  const { t, i18n } = useTranslation('edit')
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const history = useHistory(documentId)
  const revision = useEditStore((state) => documentState(state, documentId).revision)
  if (documentId === null) return <p className={panel.empty}>{t('history.noModel')}</p>
  if (history === null || history.entries.length === 0) return <p className={panel.empty}>{t('history.none')}</p>
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' })
  return (
    <ol className={styles.history} aria-label={t('history.label')}>
      {history.entries.toReversed().map((entry) => (
        <li key={entry.revision}>
          <Revision revision={entry.revision} now={revision} saved={history.savedRevision === entry.revision} time={time.format(new Date(entry.at))} label={said(entry.label)} />
        </li>
      ))}
      <li>
        <Revision revision={0} now={revision} saved={history.savedRevision === 0} time="" label={t('history.opened')} />
      </li>
    </ol>
  )
}

interface RevisionProps {
  readonly revision: number
  readonly now: number
  readonly saved: boolean
  readonly time: string
  readonly label: string
}

function Revision({ revision, now, saved, time, label }: RevisionProps): ReactNode {
  const { t } = useTranslation('edit')
  return (
    <UnstyledButton
      className={styles.revision}
      aria-current={revision === now ? 'step' : undefined}
      data-undone={revision > now || undefined}
      title={revision > now ? t('history.undone') : undefined}
      onClick={() => void goToRevision(revision)}
    >
      <time>{time}</time>
      <span>{label}</span>
      {saved && <span className="dim">{t('history.saved')}</span>}
    </UnstyledButton>
  )
}

/** Fetched anew whenever the document changes. */
function useHistory(documentId: string | null): DocumentHistory | null {
  const { revision, revisions, dirty } = useEditStore((state) => documentState(state, documentId))
  const [history, setHistory] = useState<{ readonly documentId: string; readonly value: DocumentHistory } | null>(null)
  useEffect(() => {
    if (documentId === null) return undefined
    let current = true
    getBridge()
      .request('document.history', { documentId })
      .then(
        (value) => current && setHistory({ documentId, value }),
        (error: unknown) => current && showErrorData(toErrorData(error)),
      )
    return () => {
      current = false
    }
  }, [documentId, revision, revisions, dirty])
  return history?.documentId === documentId ? history.value : null
}
