import { Button, UnstyledButton } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import type { Variant } from '#shared/ipc/jobs'
import { formatDb, formatRatio } from '../format/format-number'
import { Figure } from '../format/figure'
import { variantTitle } from '../optimize/catalogue-text'
import { openPaths } from '../session/open-models'
import { showOverlay } from '../stores/overlay-store'
import { activeDocument, activeGraph, graphOf, useSessionStore } from '../stores/session-store'
import { useVariantsStore, worstSqnrDb } from '../stores/variants-store'
import { isPruning } from './prune-recipe'
import { usePruneTexts } from './prune-texts'
import { removedOverlay } from './removed-overlay'
import { sparsityOverlay } from './sparsity-overlay'
import styles from './prune.module.css'

const NONE: readonly Variant[] = []

/** Variants that came of pruning this model, newest first. */
export function PruneResults({ sourcePath }: { readonly sourcePath: string }): ReactNode {
  const t = usePruneTexts()
  const variants = useVariantsStore((state) => state.bySource[sourcePath] ?? NONE)
  const pruned = variants.filter(({ report }) => isPruning(report.recipe)).toReversed()
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
              {variant.report.outputError.length > 0 && <Figure {...formatDb(worstSqnrDb(variant.report))} />}
            </span>
          </UnstyledButton>
        ))}
      </div>
      {pruned.some(hasZeros) && <p className={styles.note}>{t('zerosResult')}</p>}
      <ShowRemoved sourcePath={sourcePath} />
      <ShowZeros variants={pruned} />
    </>
  )
}

function hasZeros({ report }: Variant): boolean {
  return report.recipe.passes.some(({ pass }) => pass === 'sparsify-weights')
}

/** Colours the variant that is open by its share of zeros. */
function ShowZeros({ variants }: { readonly variants: readonly Variant[] }): ReactNode {
  const t = usePruneTexts()
  const document = useSessionStore(activeDocument)
  const graph = useSessionStore(activeGraph)
  const shown = variants.find(({ modelPath }) => modelPath === document?.summary.path)
  if (document === null || graph === null || shown === undefined) return null
  const overlay = sparsityOverlay(graph, shown.report.passes.flatMap(({ layerChanges }) => layerChanges), { documentId: document.documentId, title: t('sparsity') })
  if (overlay === null) return null
  return (
    <Button size="compact-xs" variant="default" onClick={() => showOverlay(overlay)}>
      {t('showSparsity')}
    </Button>
  )
}

/** Colours a pruned model by what went, where its source is open beside it. */
function ShowRemoved({ sourcePath }: { readonly sourcePath: string }): ReactNode {
  const t = usePruneTexts()
  const document = useSessionStore(activeDocument)
  const pruned = useSessionStore(activeGraph)
  const source = useSessionStore((state) => graphOf(state, state.documents.find(({ summary }) => summary.path === sourcePath)?.documentId ?? null))
  const overlay = useMemo(
    () => (document === null || document.summary.path === sourcePath || pruned === null || source === null ? null : removedOverlay(source, pruned, { documentId: document.documentId, title: t('overlayResult') })),
    [document, pruned, source, sourcePath, t],
  )
  if (overlay === null) return null
  return (
    <Button size="compact-xs" variant="default" onClick={() => showOverlay(overlay)}>
      {t('showRemoved')}
    </Button>
  )
}
