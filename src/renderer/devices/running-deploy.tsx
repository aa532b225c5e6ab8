import { Button, Progress } from '@mantine/core'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { said } from '../i18n/engine-words'
import { phaseText } from '../optimize/catalogue-text'
import { cancelJob } from '../session/jobs'
import { useDevicesStore } from '../stores/devices-store'
import { type Job, useJobsStore } from '../stores/jobs-store'
import styles from './devices-panel.module.css'

const QrCode = lazy(() => import('./qr-code'))

/** The last deploy to a phone while it is under way, and why it failed where it did. */
export function RunningDeploy({ serial }: { readonly serial: string }): ReactNode {
  const { t } = useTranslation()
  const jobId = useDevicesStore((store) => store.deploys[serial])
  const job = useJobsStore((store) => store.jobs.find((candidate) => candidate.jobId === jobId))
  switch (job?.state) {
    case 'queued':
      return <Row job={job} text={t('jobs.queued')} fraction={0} />
    case 'running': {
      const { phase, detail, fraction } = job.progress
      if (phase === 'waiting-for-browser' && detail !== '') return <Address job={job} address={detail} />
      return <Row job={job} text={detail === '' ? phaseText(phase, []) : `${phaseText(phase, [])} · ${detail}`} fraction={fraction} />
    }
    case 'failed':
      return (
        <p className={styles.failed} role="alert">
          <span className="bad">{said(job.error.message)}</span> <span className="dim">{said(job.error.hint ?? '')}</span>
        </p>
      )
    default:
      return null
  }
}

function Row({ job, text, fraction }: { readonly job: Job; readonly text: string; readonly fraction: number | null }): ReactNode {
  return (
    <div className={styles.running}>
      <div>
        <p className="figures ellipsis" title={text}>
          {text}
        </p>
        <Progress value={fraction === null ? 100 : fraction * 100} animated={fraction === null} size={4} mt={4} aria-label={text} transitionDuration={150} />
      </div>
      <CancelButton jobId={job.jobId} />
    </div>
  )
}

function Address({ job, address }: { readonly job: Job; readonly address: string }): ReactNode {
  const { t } = useTranslation('phones')
  return (
    <div className={styles.qr}>
      <Suspense fallback={null}>
        <QrCode text={address} label={t('form.qrLabel', { address })} />
      </Suspense>
      <div>
        <p className={styles.address}>{t('form.scan')}</p>
        <p className={`${styles.address} mono`}>{address}</p>
        <CancelButton jobId={job.jobId} />
      </div>
    </div>
  )
}

function CancelButton({ jobId }: { readonly jobId: string }): ReactNode {
  const { t } = useTranslation('phones')
  return (
    <Button variant="default" size="compact-xs" onClick={() => void cancelJob(jobId)}>
      {t('form.cancel')}
    </Button>
  )
}
