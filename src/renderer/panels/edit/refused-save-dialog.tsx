import { Button, Modal } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { said } from '../../i18n/engine-words'
import { openPanel } from '../../session/panels'
import { useEditStore } from '../../stores/edit-store'
import { FindingItem } from '../finding-item'
import styles from './edit.module.css'

/** Why a model was not saved. The edits stay; it can be saved as it is all the same. */
export default function RefusedSaveDialog(): ReactNode {
  const { t } = useTranslation('edit')
  const { t: tApp } = useTranslation()
  const refused = useEditStore((state) => state.refusedSave)
  const [busy, setBusy] = useState(false)
  const close = (): void => useEditStore.getState().setRefusedSave(null)
  const saveAnyway = async (): Promise<void> => {
    setBusy(true)
    await refused?.saveAnyway()
    setBusy(false)
    close()
  }
  return (
    <Modal opened={refused !== null} onClose={close} title={t('save.title', { name: refused?.name ?? '' })} size={560}>
      <p>{said(refused?.error.message ?? '')}</p>
      {refused?.error.hint !== undefined && <p className="dim">{said(refused.error.hint)}</p>}
      <ul className={styles.findings}>
        {refused?.findings.map((finding, index) => (
          <FindingItem key={index} finding={finding} />
        ))}
      </ul>
      <p className="dim">{t('save.kept')}</p>
      <div className={styles.footer}>
        <Button
          variant="subtle"
          onClick={() => {
            close()
            openPanel('diagnostics')
          }}
        >
          {t('save.showFindings')}
        </Button>
        <Button variant="default" loading={busy} onClick={() => void saveAnyway()}>
          {t('save.anyway')}
        </Button>
        <Button data-autofocus onClick={close}>
          {tApp('common.cancel')}
        </Button>
      </div>
    </Modal>
  )
}
