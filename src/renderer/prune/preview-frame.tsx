import { Loader } from '@mantine/core'
import type { ReactNode } from 'react'
import { said } from '../i18n/engine-words'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

/** A preview, or why there is none yet. */
export function PreviewFrame({ problem, isReady, children }: { readonly problem: string | null; readonly isReady: boolean; readonly children: ReactNode }): ReactNode {
  const t = usePruneTexts()
  if (problem !== null) {
    return (
      <p className={styles.note} role="alert">
        {t('failed', { message: said(problem) })}
      </p>
    )
  }
  return isReady ? children : <Loader size="xs" aria-label={t('working')} />
}
