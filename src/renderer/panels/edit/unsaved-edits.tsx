import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './edit.module.css'

interface UnsavedEditsProps {
  readonly onCancel: () => void
  readonly onDiscard: () => void
  readonly onSave: () => void
}

/** Asked before a model with edits that are not saved is closed. */
export function UnsavedEdits({ onCancel, onDiscard, onSave }: UnsavedEditsProps): ReactNode {
  const { t } = useTranslation('edit')
  const { t: tApp } = useTranslation()
  return (
    <>
      <p className={styles.question}>{t('save.closeText')}</p>
      <div className={styles.footer}>
        <Button className={styles.apart ?? ''} variant="light" color="red" onClick={onDiscard}>
          {t('save.discardAndClose')}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {tApp('common.cancel')}
        </Button>
        <Button data-autofocus onClick={onSave}>
          {t('save.saveAndClose')}
        </Button>
      </div>
    </>
  )
}
