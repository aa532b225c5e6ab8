import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSessionStore } from '../stores/session-store'
import styles from './side.module.css'

const Inspector = lazy(() => import('../inspector/inspector'))

export function RightPanel(): ReactNode {
  const { t } = useTranslation()
  const empty = useSessionStore((state) => state.activeDocumentId === null)
  return (
    <aside className={styles.side} aria-label={t('shell.inspector')}>
      {empty ? <p className={styles.empty}>{t('inspector.empty')}</p> : <Suspense><Inspector /></Suspense>}
    </aside>
  )
}
