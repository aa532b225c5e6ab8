import { Button } from '@mantine/core'
import { lazy, Suspense, type ReactNode } from 'react'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { useDialogsStore } from '../stores/dialogs-store'
import { showOverlay } from '../stores/overlay-store'
import { activeDocument, activeGraph, useSessionStore } from '../stores/session-store'
import { usePruneTexts } from './prune-texts'
import { sparsityOverlay } from './sparsity-overlay'
import { termErrors } from './term-errors'
import styles from './prune.module.css'

const TermsChart = lazy(() => import('./terms-chart'))

/** What passes did to single layers: their sparsity as colours of the graph, and the error for each number of pairs that a Conv could become. */
export default function LayerChanges({ report }: { readonly report: OptimizeReport }): ReactNode {
  const t = usePruneTexts()
  const document = useSessionStore(activeDocument)
  const graph = useSessionStore(activeGraph)
  const changes = report.passes.flatMap(({ layerChanges }) => layerChanges)
  const curves = termErrors(changes)
  const isShown = document !== null && graph !== null && [report.source.path, report.result.path].includes(document.summary.path)
  const overlay = isShown ? sparsityOverlay(graph, changes, { documentId: document.documentId, title: t('sparsity') }) : null
  return (
    <>
      {overlay !== null && (
        <Button
          size="compact-xs"
          variant="default"
          mt={12}
          onClick={() => {
            showOverlay(overlay)
            useDialogsStore.getState().showReport(null)
          }}
        >
          {t('showSparsity')}
        </Button>
      )}
      {curves.length > 0 && (
        <section aria-label={t('terms')}>
          <h3>{t('terms')}</h3>
          <Suspense>
            <TermsChart curves={curves} label={t('terms')} axis={t('termsAxis')} className={styles.chart ?? ''} />
          </Suspense>
        </section>
      )}
    </>
  )
}
