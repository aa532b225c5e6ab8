import { Button, Progress } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconClock, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds } from '#shared/ipc/jobs'
import { formatDuration } from '../format/format-number'
import { phaseText } from '../optimize/catalogue-text'
import { useModelTitle } from '../session/document-title'
import { cancelJob } from '../session/jobs'
import { openPaths } from '../session/open-models'
import { openPanel } from '../session/panels'
import { useAppStore } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import { isUnfinished, remainingMs, useJobsStore, type Job } from '../stores/jobs-store'
import styles from './panels.module.css'

/** Work under way and done: phase, estimate, Cancel; then the result or why there is none. */
export function JobsPanel(): ReactNode {
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
  const name = useModelTitle(job.modelPath)
  return (
    <li className={styles.job} aria-label={job.title}>
      <JobIcon state={job.state} />
      <div className={styles.jobBody}>
        <div className={styles.jobTitle}>
          <strong className="ellipsis">{t(`jobs.kinds.${job.kind}`)}</strong>
          <span className="dim ellipsis" title={job.modelPath}>
            {job.title === '' || job.title === name ? name : `${job.title} · ${name}`}
          </span>
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
          <span className="bad">{job.error.message}</span> {job.error.hint !== undefined && <span className="dim">{job.error.hint}</span>}
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
  const showProfile = (): void => {
    void openPaths([job.modelPath])
    openPanel('profile')
  }
  switch (job.kind) {
    case 'optimize':
      return (
        <Button variant="default" size="compact-xs" onClick={() => showReport(jobKinds.optimize.result.parse(job.result).report)}>
          {t('optimize.showResult')}
        </Button>
      )
    case 'profile':
      return (
        <Button variant="default" size="compact-xs" onClick={showProfile}>
          {t('jobs.showProfile')}
        </Button>
      )
    case 'deploy':
    case 'compare':
    case 'sensitivity':
    case 'limits':
    case 'distribution':
    case 'prune-curves':
    case 'evaluate':
    case 'layer-error':
    case 'preview':
    case 'ort-graph':
      return null
  }
}
