import { Button, Progress, UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds } from '#shared/ipc/jobs'
import { Section } from '../inspector/property-list'
import { phaseText } from '../optimize/catalogue-text'
import { FindingList, findingsOf, IntegerNote } from '../optimize/result-words'
import { cancelJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { LayerBars, showLayers, type LayerFigure } from './layer-bars'
import { useQuantizeStore } from './quantize-store'
import styles from './quantize.module.css'

const NO_PASSES: never[] = []
/** What speaks against the result, and why it is no smaller; all are in the report. */
const SHOWN_FINDINGS = 3

/** How each quantized layer compares with the float model, while a job runs and after it. */
export function LayersSection({ documentId, modelPath }: { readonly documentId: string; readonly modelPath: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const job = useJobsStore((state) => state.jobs.find((candidate) => candidate.kind === 'optimize' && candidate.modelPath === modelPath && candidate.state !== 'cancelled' && candidate.state !== 'failed'))
  const live = useQuantizeStore((state) => (job === undefined ? undefined : state.layers[job.jobId]))
  const passes = useAppStore((state) => state.catalogue?.passes ?? NO_PASSES)
  const showReport = useDialogsStore((state) => state.showReport)
  if (job === undefined) return null
  const parsed = job.state === 'done' ? jobKinds.optimize.result.safeParse(job.result) : null
  const report = parsed?.success === true ? parsed.data.report : null
  const final = report?.passes.flatMap((pass) => pass.layers) ?? []
  const findings = report === null ? [] : findingsOf(report)
  const shown = findings.filter(({ severity, code }) => severity !== 'info' || code === 'weights-left-float').slice(0, SHOWN_FINDINGS)
  // A later pass measured the layer again.
  const layers: readonly LayerFigure[] = [...new Map([...(live?.values() ?? []), ...final].map((layer) => [layer.nodeId, layer])).values()]
  const running = isUnfinished(job)
  if (job.state !== 'running' && report === null) return null
  return (
    <Section title={t(report === null ? 'layers' : 'lastRun')}>
      {job.state === 'running' && (
        <>
          <div className={styles.running}>
            <p className={`${styles.note} ellipsis`}>{t('running', { phase: [phaseText(job.progress.phase, passes), job.progress.detail].filter((text) => text !== '').join(' · ') })}</p>
            <Button variant="default" size="compact-xs" onClick={() => void cancelJob(job.jobId)}>
              {t('cancel')}
            </Button>
          </div>
          <Progress size="sm" value={(job.progress.fraction ?? 0) * 100} mb={8} aria-label={t('layers')} />
        </>
      )}
      {report !== null && (
        <>
          <IntegerNote report={report} />
          <FindingList findings={shown} />
          {findings.length > shown.length && (
            <UnstyledButton className={styles.more} onClick={() => showReport(report)}>
              {t('more', { count: findings.length - shown.length })}
            </UnstyledButton>
          )}
        </>
      )}
      {layers.length > 0 && (
        <>
          <p className={styles.note}>{t(running ? 'layersLive' : 'layersDone')}</p>
          <LayerBars layers={layers} label={t('layers')} />
          <Button variant="default" onClick={() => showLayers({ id: 'layers', documentId, title: t('overlayLayers'), layers })}>
            {t('showOnGraph')}
          </Button>
        </>
      )}
    </Section>
  )
}
