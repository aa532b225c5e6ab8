import { Button, CloseButton } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { said } from '../i18n/engine-words'
import { openPanel } from '../session/panels'
import { useAppStore } from '../stores/app-store'
import styles from './shell.module.css'

/** Says that the engine stopped, and what became of the open documents. */
export function EngineBanner(): ReactNode {
  const { t } = useTranslation()
  const engine = useAppStore((state) => state.engine)
  const setEngine = useAppStore((state) => state.setEngine)
  if (engine === null || engine.state === 'ready') return null
  const lost = engine.lostDocuments.length
  const consequence = engine.state === 'restarted' ? (lost > 0 ? t('engine.lost', { count: lost }) : t('engine.nothingLost')) : engine.state === 'failed' ? said(engine.message) : ''
  return (
    <div className={styles.banner} role="alert" data-failed={engine.state === 'failed' || undefined}>
      <IconAlertTriangle size={16} aria-hidden />
      <p>
        <strong>{t(`engine.${engine.state}`)}</strong> {consequence}
      </p>
      <Button variant="subtle" size="compact-xs" onClick={() => openPanel('log')}>
        {t('engine.showLog')}
      </Button>
      <CloseButton size="sm" aria-label={t('engine.dismiss')} onClick={() => setEngine(null)} />
    </div>
  )
}
