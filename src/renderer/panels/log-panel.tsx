import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useLogStore } from '../stores/log-store'
import styles from './panels.module.css'

/** What happened in this window. */
export default function LogPanel(): ReactNode {
  const { t, i18n } = useTranslation()
  const entries = useLogStore((state) => state.entries)
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // In a body of its own: newer Chromium answers with a promise, which is no way to end an effect.
    end.current?.scrollIntoView({ block: 'end' })
  }, [entries])
  if (entries.length === 0) return <p className={styles.empty}>{t('log.empty')}</p>
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' })
  return (
    <div className={styles.log} role="log" aria-label={t('panels.log')}>
      {entries.map((entry) => (
        <div key={entry.serial} className={styles.logEntry} data-level={entry.level}>
          <time className="dim figures">{time.format(entry.at)}</time>
          <span>{entry.message}</span>
        </div>
      ))}
      <div ref={end} />
    </div>
  )
}
