import { UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Variant } from '#shared/ipc/jobs'
import { formatDb, formatRatio } from '../format/format-number'
import { Figure } from '../format/figure'
import { variantTitle } from '../optimize/catalogue-text'
import { openPaths } from '../session/open-models'
import { useVariantsStore, worstSqnrDb } from '../stores/variants-store'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

const NONE: readonly Variant[] = []

/** Variants that came of pruning this model, newest first. */
export function PruneResults({ sourcePath }: { readonly sourcePath: string }): ReactNode {
  const t = usePruneTexts()
  const variants = useVariantsStore((state) => state.bySource[sourcePath] ?? NONE)
  const pruned = variants.filter(({ report }) => report.recipe.passes.some(({ pass }) => pass === 'prune-channels' || pass === 'remove-blocks')).toReversed()
  if (pruned.length === 0) return null
  return (
    <>
      <h3 className={styles.heading}>{t('results')}</h3>
      <div className={styles.results}>
        {pruned.map((variant) => (
          <UnstyledButton key={variant.id} className={styles.result} aria-label={t('result', { name: variantTitle(variant.name) })} onClick={() => void openPaths([variant.modelPath])}>
            <strong className="ellipsis">{variantTitle(variant.name)}</strong>
            <span className={styles.figures}>
              <Figure label={t('size')} {...formatRatio(variant.report.sizeRatio)} />
              {variant.report.latency !== null && <Figure label={t('speed')} {...formatRatio(variant.report.latency.ratio.p50)} />}
              <Figure {...formatDb(worstSqnrDb(variant.report))} />
            </span>
          </UnstyledButton>
        ))}
      </div>
    </>
  )
}
