import { ActionIcon } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from '../try.module.css'

/** Steps through the model's own evaluation samples, round and round. */
export function ExampleBar({ count, onChoose }: { readonly count: number; readonly onChoose: (index: number) => void }): ReactNode {
  const { t } = useTranslation('try')
  const [index, setIndex] = useState(-1)
  const go = (step: number): void => {
    const next = (index + step + count) % count
    setIndex(next)
    onChoose(next)
  }
  return (
    <div className={styles.examples}>
      <span className="dim figures">{index < 0 ? t('examples', { count }) : t('example', { number: index + 1, count })}</span>
      <ActionIcon variant="default" aria-label={t('previous')} onClick={() => go(index < 0 ? 0 : -1)}>
        <IconChevronLeft size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="default" aria-label={t('next')} onClick={() => go(1)}>
        <IconChevronRight size={16} aria-hidden />
      </ActionIcon>
    </div>
  )
}
