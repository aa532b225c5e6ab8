import { Button, UnstyledButton } from '@mantine/core'
import { IconCube, IconFileUpload } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { openPaths, openWithDialog } from '../session/open-models'
import { useAppStore } from '../stores/app-store'
import { FolderNote } from '../shell/folder-note'
import { useSessionStore } from '../stores/session-store'
import { SampleGallery } from './sample-gallery'
import styles from './welcome-screen.module.css'

/** What the window shows while no model is open. */
export function WelcomeScreen(): ReactNode {
  const { t } = useTranslation()
  const samples = useAppStore((state) => state.samples)
  const recent = useAppStore((state) => state.recent)
  const opening = useSessionStore((state) => state.opening[0])
  const present = recent.filter(({ exists }) => exists).slice(0, 6)
  return (
    <main className={styles.welcome} aria-label={t('welcome.label')}>
      <div className={styles.page}>
        <div className={styles.top}>
          <div className={styles.target}>
            <IconFileUpload size={32} stroke={1.3} color="var(--accent)" aria-hidden />
            <h1>{opening === undefined ? t('welcome.drop') : t('rail.opening', { name: opening.name })}</h1>
            <p className="dim">{t('welcome.dropHint')}</p>
            <Button size="sm" loading={opening !== undefined} onClick={() => void openWithDialog()}>
              {t('welcome.choose')}
            </Button>
          </div>
          <ol className={styles.steps}>
            <li>{t('welcome.first')}</li>
            <li>{t('welcome.second')}</li>
            <li>{t('welcome.third')}</li>
          </ol>
        </div>
        {present.length > 0 && (
          <section className={styles.recent} aria-label={t('rail.recent')}>
            <h2>{t('rail.recent')}</h2>
            <div className={styles.recentList}>
              {present.map(({ path, name }) => (
                <UnstyledButton key={path} className={styles.file} title={path} onClick={() => void openPaths([path])}>
                  <IconCube size={16} stroke={1.6} aria-hidden />
                  <span className="ellipsis">
                    {name}
                    <FolderNote path={path} all={present.map((file) => file.path)} />
                  </span>
                </UnstyledButton>
              ))}
            </div>
          </section>
        )}
        {samples.length > 0 && <SampleGallery samples={samples} />}
      </div>
    </main>
  )
}
