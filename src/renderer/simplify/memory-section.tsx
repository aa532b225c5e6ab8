import { Button, Group } from '@mantine/core'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData } from '#shared/errors'
import type { RecipePreview } from '#shared/ipc/jobs'
import type { MemoryPlan } from '#shared/ipc/memory-plan'
import { getBridge } from '../bridge/bridge'
import { Figure } from '../format/figure'
import { formatBytes, formatInteger, formatPercent, quantityText } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { Properties, Property, Section } from '../inspector/property-list'
import { goToNodes } from '../session/go-to-node'
import { showOverlay } from '../stores/overlay-store'
import styles from './simplify.module.css'

const MemoryChart = lazy(() => import('./memory-chart'))

interface MemorySectionProps {
  readonly documentId: string
  /** Changes with each edit of the document. */
  readonly revision: number
  readonly dims: Readonly<Record<string, number>>
  /** Null where there is none of the present choice. */
  readonly preview: Pick<RecipePreview, 'memoryBefore' | 'memoryAfter'> | null
}

/** What the values between the nodes take in memory, step by step, before and after. */
export function MemorySection({ documentId, revision, dims, preview }: MemorySectionProps): ReactNode {
  const { t } = useTranslation('simplify')
  const [plan, setPlan] = useState<MemoryPlan | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const key = JSON.stringify(dims)
  useEffect(() => {
    let current = true
    getBridge()
      .request('model.memory', { documentId, dims: JSON.parse(key) as Record<string, number> })
      .then(
        (found) => {
          if (!current) return
          setPlan(found)
          setProblem(null)
        },
        (error: unknown) => {
          if (current) setProblem(toErrorData(error).message)
        },
      )
    return () => {
      current = false
    }
  }, [documentId, key, revision])

  return (
    <Section title={t('memory')}>
      {problem !== null && <p className={`${styles.note} bad`}>{t('memoryFailed', { reason: said(problem) })}</p>}
      {plan !== null && <Plan plan={plan} after={isOfSameSizes(preview, plan) ? preview.memoryAfter : null} dims={dims} documentId={documentId} />}
    </Section>
  )
}

/** Sizes of free dimensions may have changed since the preview. */
function isOfSameSizes(preview: MemorySectionProps['preview'], plan: MemoryPlan): preview is NonNullable<MemorySectionProps['preview']> {
  return preview !== null && preview.memoryBefore.sumBytes === plan.sumBytes && preview.memoryBefore.peakBytes === plan.peakBytes
}

interface PlanProps {
  readonly plan: MemoryPlan
  readonly after: MemoryPlan | null
  readonly dims: MemorySectionProps['dims']
  readonly documentId: string
}

function Plan({ plan, after, dims, documentId }: PlanProps): ReactNode {
  const { t } = useTranslation('simplify')
  if (plan.unknown.length > 0 && isMostlyUnknown(plan)) return <p className={styles.note}>{t('memoryNeedsSizes', { count: plan.unknown.length })}</p>
  const peak = plan.peakStep === null ? undefined : plan.steps[plan.peakStep]
  const colour = (): void =>
    showOverlay({
      id: 'memory',
      documentId,
      title: t('overlay'),
      nodes: new Map(plan.steps.map(({ nodeId, liveBytes }) => [nodeId, { level: plan.peakBytes === 0 ? 0 : liveBytes / plan.peakBytes, text: quantityText(formatBytes(liveBytes)) }])),
      legend: { scale: [quantityText(formatBytes(0)), quantityText(formatBytes(plan.peakBytes / 2)), quantityText(formatBytes(plan.peakBytes))] },
    })
  return (
    <>
      <p className={styles.note}>{[t('memoryHint'), ...Object.entries(dims).map(([name, size]) => `${name} = ${formatInteger(size)}.`), ...(after === null ? [] : [t('memoryColours')])].join(' ')}</p>
      {plan.peakBytes > 0 && (
        <Suspense fallback={<div className={styles.chart} />}>
          <MemoryChart before={plan} after={after} names={{ before: t('before'), after: t('after') }} label={t('memoryChart', { steps: plan.steps.length, peak: quantityText(formatBytes(plan.peakBytes)) })} className={styles.chart ?? ''} />
        </Suspense>
      )}
      <Properties>
        <Property name={t('peak')}>
          <Change before={plan.peakBytes} after={after?.peakBytes ?? null} />
        </Property>
        <Property name={t('reuse')}>
          <Change before={plan.reuseBytes} after={after?.reuseBytes ?? null} />
        </Property>
        <Property name={t('sum')}>
          <Change before={plan.sumBytes} after={after?.sumBytes ?? null} />
        </Property>
        {plan.reorderedPeakBytes < plan.peakBytes && (
          <Property name={t('reordered')}>
            <Figure {...formatBytes(plan.reorderedPeakBytes)} />
          </Property>
        )}
        <Property name={t('weights')}>
          <Change before={plan.weightBytes} after={after?.weightBytes ?? null} />
        </Property>
      </Properties>
      {plan.unknown.length > 0 && <p className={`${styles.note} warning`}>{t('memoryUnknown', { count: plan.unknown.length })}</p>}
      {peak !== undefined && plan.peakBytes > 0 && (
        <>
          <p className={styles.note}>{t('peakAt', { name: peak.nodeName === '' ? peak.opType : peak.nodeName, step: (plan.peakStep ?? 0) + 1, steps: plan.steps.length })}</p>
          <Group gap={8} mt={4}>
            <Button variant="default" onClick={() => void goToNodes([peak.nodeId])}>
              {t('showPeak')}
            </Button>
            <Button variant="default" onClick={colour}>
              {t('showOnGraph')}
            </Button>
          </Group>
        </>
      )}
    </>
  )
}

/** With free dimensions most activations have no size: figures of the rest would mislead. */
function isMostlyUnknown({ unknown, steps }: MemoryPlan): boolean {
  return unknown.length > steps.length / 10
}

function Change({ before, after }: { readonly before: number; readonly after: number | null }): ReactNode {
  if (after === null || after === before) return <Figure {...formatBytes(before)} />
  const share = before === 0 ? 0 : (after - before) / before
  if (Math.abs(share) < 0.0005) return <Figure {...formatBytes(before)} />
  return (
    <>
      <span className="dim">
        <Figure {...formatBytes(before)} />
        {' → '}
      </span>
      <Figure {...formatBytes(after)} /> <span className={share < 0 ? 'good' : 'warning'}>{`${share < 0 ? '−' : '+'}${quantityText(formatPercent(Math.abs(share)))}`}</span>
    </>
  )
}
