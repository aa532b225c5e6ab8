import { Button, Progress } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconClock, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds } from '#shared/ipc/jobs'
import { EditedMark } from '../format/edited-mark'
import { formatDuration } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { phaseText } from '../optimize/catalogue-text'
import { jobSubject, jobText } from '../session/job-text'
import { cancelJob } from '../session/jobs'
import { openPaths } from '../session/open-models'
import { openPanel, openTool } from '../session/panels'
import { useAppStore } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import { isUnfinished, remainingMs, useJobsStore, type Job } from '../stores/jobs-store'
import { useVariantsStore } from '../stores/variants-store'
import styles from './panels.module.css'

/** Work under way and done: phase, estimate, Cancel; then the result or why there is none. */
export default function JobsPanel(): ReactNode {
  const { t } = useTranslation()
  const jobs = useJobsStore((state) => state.jobs)
  const clearFinished = useJobsStore((state) => state.clearFinished)
  if (jobs.length === 0) return <p className={styles.empty}>{t('jobs.none')}</p>
  return (
    <div className={styles.jobs}>
      <ul className={styles.jobList} aria-label={t('panels.jobs')}>
        {jobs.map((job) => (
          <JobRow key={job.jobId} job={job} />
        ))}
      </ul>
      {jobs.some((job) => !isUnfinished(job)) && (
        <Button className={styles.clear ?? ''} variant="subtle" color="gray" size="compact-xs" onClick={clearFinished}>
          {t('jobs.clear')}
        </Button>
      )}
    </div>
  )
}

function JobRow({ job }: { readonly job: Job }): ReactNode {
  const { t } = useTranslation()
  // Its words are those of the variants' names.
  useVariantsStore((state) => state.bySource)
  return (
    <li className={styles.job} aria-label={jobText(job)}>
      <JobIcon state={job.state} />
      <div className={styles.jobBody}>
        <div className={styles.jobTitle}>
          <strong className="ellipsis">{t(`jobs.kinds.${job.kind}`)}</strong>
          <span className="dim ellipsis" title={job.modelPath}>
            {jobSubject(job)}
          </span>
          {job.revision !== null && <EditedMark revision={job.revision} />}
        </div>
        <JobStatus job={job} />
      </div>
      <JobAction job={job} />
    </li>
  )
}

function JobIcon({ state }: { readonly state: Job['state'] }): ReactNode {
  switch (state) {
    case 'queued':
    case 'running':
      return <IconClock size={16} stroke={1.6} color="var(--accent)" aria-hidden />
    case 'done':
      return <IconCheck size={16} stroke={1.8} color="var(--good)" aria-hidden />
    case 'failed':
      return <IconAlertTriangle size={16} stroke={1.6} color="var(--bad)" aria-hidden />
    case 'cancelled':
      return <IconX size={16} stroke={1.6} color="var(--text-dim)" aria-hidden />
  }
}

function JobStatus({ job }: { readonly job: Job }): ReactNode {
  const { t } = useTranslation()
  switch (job.state) {
    case 'queued':
      return <div className="dim">{t('jobs.queued')}</div>
    case 'running':
      return <RunningJob job={job} />
    case 'done':
      return <div className="dim figures">{t('jobs.done', { duration: formatDuration(job.durationMs) })}</div>
    case 'failed':
      return (
        <div>
          <span className="bad">{said(job.error.message)}</span> {job.error.hint !== undefined && <span className="dim">{said(job.error.hint)}</span>}
        </div>
      )
    case 'cancelled':
      return <div className="dim">{t('jobs.cancelled')}</div>
  }
}

function RunningJob({ job }: { readonly job: Extract<Job, { state: 'running' }> }): ReactNode {
  const { t } = useTranslation()
  const { phase, fraction, detail } = job.progress
  const left = remainingMs(job)
  const passes = useAppStore((state) => state.catalogue?.passes)
  const text = phaseText(phase, passes ?? [])
  return (
    <>
      <Progress value={fraction === null ? 100 : fraction * 100} size={4} animated={fraction === null} aria-label={text} my={4} transitionDuration={150} />
      <div className="dim figures">
        {text}
        {detail !== '' && ` · ${detail}`}
        {left !== null && ` · ${t('jobs.left', { duration: formatDuration(left) })}`}
      </div>
    </>
  )
}

function JobAction({ job }: { readonly job: Job }): ReactNode {
  const { t } = useTranslation()
  const showReport = useDialogsStore((state) => state.showReport)
  if (isUnfinished(job)) {
    return (
      <Button variant="default" size="compact-xs" onClick={() => void cancelJob(job.jobId)}>
        {t('common.cancel')}
      </Button>
    )
  }
  if (job.state !== 'done') return null
  if (job.kind === 'optimize') {
    return (
      <Button variant="default" size="compact-xs" onClick={() => showReport(jobKinds.optimize.result.parse(job.result).report)}>
        {t('optimize.showResult')}
      </Button>
    )
  }
  const show = async (): Promise<void> => {
    await openPaths([job.modelPath])
    showPanelOf(job.kind)
  }
  return (
    <Button variant="default" size="compact-xs" onClick={() => void show()}>
      {t(job.kind === 'profile' ? 'jobs.showProfile' : 'optimize.showResult')}
    </Button>
  )
}

/** The panel that has what jobs of this kind found. */
function showPanelOf(kind: Job['kind']): void {
  switch (kind) {
    case 'optimize':
    case 'compare':
      return openPanel('variants')
    case 'profile':
    case 'limits':
      return openPanel('profile')
    case 'deploy':
      return openPanel('devices')
    case 'evaluate':
    case 'layer-error':
      return openPanel('evaluate')
    case 'sensitivity':
    case 'distribution':
      return openTool('quantize')
    case 'prune-curves':
      return openTool('prune')
    case 'preview':
    case 'ort-graph':
      return openTool('simplify')
  }
}
