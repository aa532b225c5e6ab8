import { Button, Progress } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { phaseText } from '../optimize/catalogue-text'
import { cancelJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import type { Job } from '../stores/jobs-store'
import styles from './quantize.module.css'

const NO_PASSES: never[] = []

/** How far a job of this panel is, and what ends it; nothing once it has ended. */
export function RunningJob({ job, label }: { readonly job: Job | undefined; readonly label: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const { t: tApp } = useTranslation()
  const passes = useAppStore((state) => state.catalogue?.passes ?? NO_PASSES)
  if (job?.state !== 'running' && job?.state !== 'queued') return null
  const words = job.state === 'queued' ? tApp('jobs.queued') : [phaseText(job.progress.phase, passes), job.progress.detail].filter((text) => text !== '').join(' · ')
  return (
    <>
      <div className={styles.running}>
        <p className={`${styles.note} ellipsis`} title={words}>
          {words}
        </p>
        <Button variant="default" size="compact-xs" flex="none" onClick={() => void cancelJob(job.jobId)}>
          {t('cancel')}
        </Button>
      </div>
      <Progress size="sm" value={job.state === 'running' ? (job.progress.fraction ?? 0) * 100 : 0} mb={8} aria-label={label} />
    </>
  )
}
