import { Button, UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds, type OptimizeReport } from '#shared/ipc/jobs'
import { formatBytes, formatDb, formatRatio, quantityText } from '../format/format-number'
import { Section } from '../inspector/property-list'
import { groupFindings } from '../optimize/group-findings'
import { FindingList, findingsOf, IntegerNote } from '../optimize/result-words'
import { useDialogsStore } from '../stores/dialogs-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { worstSqnrDb } from '../stores/variants-store'
import { LayerBars, showLayers, type LayerFigure } from './layer-bars'
import { useQuantizeStore } from './quantize-store'
import styles from './quantize.module.css'
import { RunningJob } from './running-job'

const NONE: readonly string[] = []
/** What speaks against the result, what a search decided, and why the result is no smaller; all are in the report. */
const SHOWN_FINDINGS = 3
const TOLD = new Set(['kept-float', 'weights-left-float'])

/** How each quantized layer compares with the float model, while a job of this panel runs and after it. */
export function LayersSection({ documentId, modelPath }: { readonly documentId: string; readonly modelPath: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const runs = useQuantizeStore((state) => state.runs[modelPath] ?? NONE)
  const job = useJobsStore((state) => state.jobs.find(({ jobId, state: end }) => runs.includes(jobId) && end !== 'cancelled' && end !== 'failed'))
  const live = useQuantizeStore((state) => (job === undefined ? undefined : state.layers[job.jobId]))
  if (job === undefined) return null
  const parsed = job.state === 'done' ? jobKinds.optimize.result.safeParse(job.result) : null
  const report = parsed?.success === true ? parsed.data.report : null
  const final = report?.passes.flatMap((pass) => pass.layers) ?? []
  // A later pass measured the layer again.
  const layers: readonly LayerFigure[] = [...new Map([...(live?.values() ?? []), ...final].map((layer) => [layer.nodeId, layer])).values()]
  const running = isUnfinished(job)
  if (!running && report === null) return null
  return (
    <Section title={t(report === null ? 'layers' : 'lastRun')}>
      <RunningJob job={job} label={t('layers')} />
      {report !== null && <Outcome report={report} />}
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

/** Size and error, what speaks against the result, and the way to everything else. */
function Outcome({ report }: { readonly report: OptimizeReport }): ReactNode {
  const { t } = useTranslation()
  const showReport = useDialogsStore((state) => state.showReport)
  const shown = findingsOf(report).filter(({ severity, code }) => severity !== 'info' || TOLD.has(code))
  const most = groupFindings(shown).slice(0, SHOWN_FINDINGS)
  const sqnr = report.outputError.length === 0 ? '–' : quantityText(formatDb(worstSqnrDb(report)))
  return (
    <>
      <p className={`${styles.outcome} figures`} title={report.outputErrorConditions}>
        {t('optimize.finishedFigures', { before: quantityText(formatBytes(report.source.sizeBytes)), after: quantityText(formatBytes(report.result.sizeBytes)), ratio: quantityText(formatRatio(report.sizeRatio)), sqnr })}
      </p>
      <IntegerNote report={report} />
      <FindingList findings={most.flat()} />
      <UnstyledButton className={styles.more} onClick={() => showReport(report)}>
        {t('optimize.showResult')}
      </UnstyledButton>
    </>
  )
}
