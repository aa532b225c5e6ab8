import i18next from 'i18next'
import { createElement } from 'react'
import type { DeployResult } from '#shared/deploy'
import type { EventPayload, RequestParams } from '#shared/ipc/contract'
import { jobKinds, type OptimizeReport } from '#shared/ipc/jobs'
import { getBridge } from '../bridge/bridge'
import { modelBaseName } from '../format/format-type'
import { formatBytes, formatDb, formatMs, formatRatio, quantityText, significant } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { useDialogsStore } from '../stores/dialogs-store'
import { useJobsStore, type Job } from '../stores/jobs-store'
import { useLogStore } from '../stores/log-store'
import { useProfileStore } from '../stores/profile-store'
import { worstSqnrDb } from '../stores/variants-store'
import { loadCatalogue } from '../optimize/load-catalogue'
import { recipeTitle } from '../optimize/catalogue-text'
import { noticeId } from '../optimize/notice-id'
import { OptimizedNotice } from '../optimize/optimized-notice'
import { jobText } from './job-text'
import { openPanel } from './panels'
import { reportError, showErrorData } from './report-error'
import { showNotice } from './show-notice'
import { refreshVariants } from './variants'

/** Starts a job and shows the Jobs panel. */
export async function startJob(job: RequestParams<'job.start'>): Promise<void> {
  if ((await requestJob(job)) !== null) openPanel('jobs')
}

/** Starts a job and returns its id; null where it could not be started, which the person is told. */
export async function requestJob(job: RequestParams<'job.start'>): Promise<string | null> {
  try {
    // The catalogue has the names of the passes a job goes through.
    void loadCatalogue()
    const { jobId } = await getBridge().request('job.start', job)
    return jobId
  } catch (error) {
    reportError(error, i18next.t('errors.cannotStartJob'))
    return null
  }
}

export async function cancelJob(jobId: string): Promise<void> {
  try {
    await getBridge().request('job.cancel', { jobId })
  } catch (error) {
    reportError(error)
  }
}

/** Takes in one event of a job and, at its end, tells the person. */
export async function receiveJobEvent(event: EventPayload<'job'>): Promise<void> {
  useJobsStore.getState().receive(event, Date.now())
  const job = useJobsStore.getState().jobs.find((candidate) => candidate.jobId === event.jobId)
  if (job === undefined) return
  const log = useLogStore.getState().log
  switch (event.type) {
    case 'queued':
      return log('info', i18next.t('log.jobQueued', { title: jobText(job) }))
    case 'progress':
      return
    case 'done':
      log('info', i18next.t('log.jobDone', { title: jobText(job) }))
      return finish(job, event.result)
    case 'failed':
      return showErrorData(event.error, i18next.t('errors.jobFailed', { title: jobText(job) }))
    case 'cancelled':
      return log('warning', i18next.t('log.jobCancelled', { title: jobText(job) }))
  }
}

async function finish(job: Job, result: unknown): Promise<void> {
  switch (job.kind) {
    case 'optimize': {
      const { report } = jobKinds.optimize.result.parse(result)
      await refreshVariants(job.modelPath)
      return tellOptimized(report)
    }
    case 'profile': {
      const profile = jobKinds.profile.result.parse(result)
      useProfileStore.getState().putProfile(job.modelPath, profile, job.revision)
      // Whoever has gone on to something else in the meantime is left there.
      if (useDialogsStore.getState().bottomTab === 'jobs') openPanel('profile')
      return
    }
    case 'deploy':
      return tellDeployed(jobKinds.deploy.result.parse(result))
    case 'limits':
      useProfileStore.getState().putLimits(job.modelPath, jobKinds.limits.result.parse(result))
      return
    case 'compare':
    case 'sensitivity':
    case 'preview':
    case 'ort-graph':
    case 'distribution':
    case 'prune-curves':
    case 'evaluate':
    case 'layer-error':
      return
  }
}

/** The phone's figures beside this computer's: taken on the same input, one after the other. */
function tellDeployed({ conditions, desktop, latency, outputError, model }: DeployResult): void {
  // The phones panel has it already, and more of it.
  if (useDialogsStore.getState().bottomTab === 'devices') return
  showNotice({
    tone: 'done',
    durationMs: 10_000,
    title: i18next.t('devices.result', { name: modelBaseName(model.path), device: conditions.device }),
    message: i18next.t('devices.resultFigures', {
      phone: quantityText(formatMs(latency.p50Ms)),
      here: quantityText(formatMs(desktop.latency.p50Ms)),
      error: significant(Math.max(0, ...outputError.map(({ maxAbs }) => maxAbs))),
    }),
  })
}

function tellOptimized(report: OptimizeReport): void {
  const warning = report.diagnostics.find(({ severity }) => severity !== 'info')
  showNotice({
    id: noticeId(report),
    tone: warning === undefined ? 'done' : 'warning',
    durationMs: 10_000,
    title: i18next.t('optimize.finished', { recipe: recipeTitle(report.recipe), name: modelBaseName(report.source.path) }),
    message: createElement(OptimizedNotice, {
      figures: i18next.t('optimize.finishedFigures', {
        before: quantityText(formatBytes(report.source.sizeBytes)),
        after: quantityText(formatBytes(report.result.sizeBytes)),
        ratio: quantityText(formatRatio(report.sizeRatio)),
        sqnr: report.outputError.length === 0 ? '–' : quantityText(formatDb(worstSqnrDb(report))),
      }),
      onPhone: report.phone && i18next.t('optimize.finishedOnPhone', { phone: report.phone.phone, before: quantityText(formatMs(report.phone.source.p50Ms)), after: quantityText(formatMs(report.phone.result.p50Ms)), ratio: quantityText(formatRatio(report.phone.ratio.p50)) }),
      warning: warning === undefined ? null : said(warning.message),
      detailsLabel: i18next.t('optimize.showResult'),
      onDetails: () => useDialogsStore.getState().showReport(report),
    }),
  })
}
