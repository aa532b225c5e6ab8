import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cellName } from '../panels/edit/tensor-editing'
import styles from './inspector.module.css'

/** Real values cannot be set: the codes are what is stored. */
export function RealValues({ offset, values, dims }: { readonly offset: number; readonly values: readonly string[]; readonly dims: readonly number[] }): ReactNode {
  return (
    <div className={styles.values}>
      {values.map((value, at) => (
        <div key={offset + at}>
          <span className="dim">{cellName(offset + at, dims)}</span> {value}
        </div>
      ))}
    </div>
  )
}

/** A button that copies the values shown, one a line. */
export function CopyValues({ values }: { readonly values: readonly string[] }): ReactNode {
  const { t } = useTranslation('canvas')
  const { t: tApp } = useTranslation()
  return (
    <CopyButton value={values.join('\n')}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? tApp('common.copied') : t('tensor.copyValues', { count: values.length })}>
          <ActionIcon aria-label={t('tensor.copyValues', { count: values.length })} onClick={copy}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}
