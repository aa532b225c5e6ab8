import { Button, UnstyledButton } from '@mantine/core'
import { lazy, Suspense, useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds, type DataSource } from '#shared/ipc/jobs'
import type { DistributionResult } from '#shared/measurement'
import type { Recipe } from '#shared/recipe'
import { formatDb, formatPercent, quantityText, significant } from '../format/format-number'
import { Section } from '../inspector/property-list'
import { requestJob } from '../session/jobs'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { useSelectionStore } from '../stores/selection-store'
import { activeGraph, useSessionStore } from '../stores/session-store'
import { coreOptions, isStatic, withOverride } from './quantize-choice'
import styles from './quantize.module.css'
import { RunningJob } from './running-job'
import { useScrollToResult } from './use-scroll-to-result'

const DistributionChart = lazy(() => import('./distribution-chart'))

interface DistributionSectionProps {
  readonly modelPath: string
  readonly recipe: Recipe
  readonly builtIn: readonly Recipe[]
  readonly data: DataSource | null
  readonly onChange: (recipe: Recipe) => void
}

/** How the numbers of the selected value spread, and where each way of calibrating cuts them off. */
export function DistributionSection({ modelPath, recipe, builtIn, data, onChange }: DistributionSectionProps): ReactNode {
  const { t } = useTranslation('quantize')
  const value = useSelectedValue()
  const job = useJobsStore((state) => state.jobs.find((candidate) => candidate.kind === 'distribution' && candidate.modelPath === modelPath && candidate.state !== 'cancelled' && candidate.state !== 'failed'))
  const isRunning = job !== undefined && isUnfinished(job)
  const shown = useScrollToResult(isRunning, 'nearest')
  const result = useMemo(() => (job?.state === 'done' ? (jobKinds.distribution.result.safeParse(job.result).data ?? null) : null), [job])
  const options = isStatic(recipe) ? coreOptions(recipe) : {}
  const use = (method: string): void => {
    if (result !== null) onChange(withOverride(recipe, { kind: 'value', name: result.value, setting: { calibration: method } }, builtIn))
  }
  return (
    <Section title={t('distribution')}>
      {value === null ? (
        <p className={styles.note}>{t('distributionHint')}</p>
      ) : (
        <Button variant="default" loading={isRunning} disabled={data === null} onClick={() => data && void requestJob({ kind: 'distribution', params: { modelPath, data, value, options } })} classNames={{ label: 'ellipsis' }} maw="100%">
          {t('distributionOf', { name: value })}
        </Button>
      )}
      <RunningJob job={job} label={t('distribution')} />
      {result !== null && (
        <div ref={shown} className={styles.shown}>
          <Distribution result={result} onUse={isStatic(recipe) ? use : null} />
        </div>
      )}
    </Section>
  )
}

function Distribution({ result, onUse }: { readonly result: DistributionResult; readonly onUse: ((method: string) => void) | null }): ReactNode {
  const { t } = useTranslation('quantize')
  const { histogram, quantized, ranges, chosen, value, weightSqnrDb } = result
  const range = ranges.find(({ method }) => method === chosen) ?? null
  return (
    <>
      <p className={`${styles.value} mono ellipsis`} title={value}>
        {value} <span className="dim">{result.quantizedType}</span>
      </p>
      <Suspense fallback={<div className={styles.chart} />}>
        <DistributionChart histogram={histogram} quantized={quantized} range={range} label={t('histogram', { name: value })} className={styles.chart ?? ''} />
      </Suspense>
      {histogram.zeros > 0 && <p className={styles.note}>{t('zeros', { share: shareText(histogram.zeros / histogram.elements) })}</p>}
      {weightSqnrDb !== null && <p className={styles.note}>{t('beforeAfter', { db: quantityText(formatDb(weightSqnrDb)) })}</p>}
      {ranges.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th>{t('columns.method')}</th>
              <th>{t('columns.range')}</th>
              <th>{t('columns.clipped')}</th>
              <th>{t('columns.sqnr')}</th>
            </tr>
          </thead>
          <tbody>
            {ranges.map(({ method, min, max, clippedShare, sqnrDb }) => (
              <tr key={method} data-active={method === chosen || undefined}>
                <td>
                  {onUse === null || method === 'override' || method === chosen ? (
                    t(`methods.${method}`)
                  ) : (
                    <UnstyledButton className={styles.link} aria-label={t('useMethod', { method: t(`methods.${method}`), name: value })} onClick={() => onUse(method)}>
                      {t(`methods.${method}`)}
                    </UnstyledButton>
                  )}
                </td>
                <td>{`${significant(min)} … ${significant(max)}`}</td>
                <td>{shareText(clippedShare)}</td>
                <td>{quantityText(formatDb(sqnrDb))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

/** Cutting off one value in ten thousand is not cutting off none. */
function shareText(share: number): string {
  return share > 0 && share < 0.0005 ? `< ${quantityText(formatPercent(0.001))}` : quantityText(formatPercent(share))
}

/** The value, weight, input or output that is selected, or what the selected node gives. */
function useSelectedValue(): string | null {
  const selection = useSelectionStore((state) => state.selection)
  const graph = useSessionStore(activeGraph)
  if (selection.kind === 'node') return graph?.nodes.find(({ id }) => id === selection.nodeId)?.outputs[0] ?? null
  return selection.kind === 'model' || selection.kind === 'nodes' ? null : selection.name
}
