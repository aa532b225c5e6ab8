import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './edit-gestures.module.css'

/** Where the values of a box leave it: a value is drawn from here onto the node that is to read it. */
export function OutputPorts({ values }: { readonly values: readonly string[] }): ReactNode {
  const { t } = useTranslation('edit')
  return (
    <div className={styles.ports}>
      {values.map((value) =>
        value === '' ? null : <span key={value} className={styles.port} role="img" data-value={value} title={`${value} · ${t('canvas.connect')}`} aria-label={`${value} · ${t('canvas.connect')}`} />,
      )}
    </div>
  )
}
