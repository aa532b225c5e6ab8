import { Button, Checkbox } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useModelTitle } from '../session/document-title'
import { useDialogsStore } from '../stores/dialogs-store'
import { setInWindow, tickModel, useTryStore } from './try-store'
import styles from './try.module.css'

interface ModelChoiceProps {
  readonly paths: readonly string[]
  readonly chosen: readonly string[]
  /** Whether an answer is one run of one model, which the window can do as well. */
  readonly single: boolean
}

/** Which variants answer beside the source, and whether the window's own runtime does. */
export function ModelChoice({ paths, chosen, single }: ModelChoiceProps): ReactNode {
  const inWindow = useTryStore((state) => state.inWindow)
  const { t } = useTranslation('try')
  const [source, ...variants] = paths
  if (source === undefined) return null
  return (
    <section className={styles.section} aria-label={t('models')}>
      <h3 className={styles.heading}>{t('models')}</h3>
      {variants.length === 0 ? (
        <Button variant="default" size="compact-xs" onClick={() => useDialogsStore.getState().setOptimizeOpen(true)}>
          {t('makeInt8')}
        </Button>
      ) : (
        variants.map((path) => <VariantChoice key={path} path={path} checked={chosen.includes(path)} />)
      )}
      {single && <Checkbox checked={inWindow} label={t('browserRuntime')} description={t('browserRuntimeHint')} mt={10} onChange={(event) => setInWindow(event.currentTarget.checked)} />}
    </section>
  )
}

function VariantChoice({ path, checked }: { readonly path: string; readonly checked: boolean }): ReactNode {
  const title = useModelTitle(path)
  return <Checkbox checked={checked} label={title} my={4} onChange={(event) => tickModel(path, event.currentTarget.checked)} />
}
