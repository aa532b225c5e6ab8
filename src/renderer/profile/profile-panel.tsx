import { Button } from '@mantine/core'
import { IconAlertTriangle, IconPencil } from '@tabler/icons-react'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Conditions, ProfileResult } from '#shared/measurement'
import { withoutFolders } from '#shared/without-folders'
import { Figure } from '../format/figure'
import { formatBytes, formatMs, formatPercent, type Quantity } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { useEditedText } from '../session/edited-text'
import { useDialogsStore } from '../stores/dialogs-store'
import { useProfileStore } from '../stores/profile-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import styles from './profile-panel.module.css'
import { ProfileViews } from './profile-views'

const RunsChart = lazy(() => import('../charts/runs-chart'))

/** Above this the runs differ too much for the figure to be trusted. */
const FLAGGED_SPREAD = 0.05

/** The last measurement of the model shown. */
export default function ProfilePanel(): ReactNode {
  const { t } = useTranslation()
  const path = useSessionStore((state) => activeDocument(state)?.summary.path ?? null)
  const profile = useProfileStore((state) => (path === null ? undefined : state.profiles[path]))
  const setProfileOpen = useDialogsStore((state) => state.setProfileOpen)
  if (path === null) return <p className={styles.empty}>{t('panels.noModel')}</p>
  if (profile === undefined) {
    return (
      <div className={styles.empty}>
        <p>{t('profile.none')}</p>
        <Button variant="default" onClick={() => setProfileOpen(true)}>
          {t('profile.open')}
        </Button>
      </div>
    )
  }
  return (
    <div className={styles.panel}>
      <Headline path={path} profile={profile} />
      <ProfileViews path={path} profile={profile} />
    </div>
  )
}

function Headline({ path, profile }: { readonly path: string; readonly profile: ProfileResult }): ReactNode {
  const { t } = useTranslation()
  const edited = useEditedText(path, useProfileStore((state) => state.revisions[path] ?? null))
  const { latency, samplesMs, loadMs, firstRunMs, peakMemoryBytes, baselineMemoryBytes, conditions } = profile
  const flagged = latency.spread > FLAGGED_SPREAD
  return (
    <section className={styles.headline} aria-label={t('profile.headline')}>
      <div className={styles.figures}>
        <Headlined label={t('profile.p50')} quantity={formatMs(latency.p50Ms)} strong />
        <Headlined label={t('profile.p90')} quantity={formatMs(latency.p90Ms)} />
        <Headlined label={t('profile.p95')} quantity={formatMs(latency.p95Ms)} />
        <Headlined label={t('profile.spread')} quantity={formatPercent(latency.spread)} flagged={flagged} />
        <Headlined label={t('profile.load')} quantity={formatMs(loadMs)} />
        <Headlined label={t('profile.firstRun')} quantity={formatMs(firstRunMs)} />
        <Headlined label={t('profile.peakMemory')} quantity={formatBytes(peakMemoryBytes)} title={t('profile.memoryHint', { baseline: formatBytes(baselineMemoryBytes).value, unit: formatBytes(baselineMemoryBytes).unit })} />
      </div>
      {edited !== null && (
        <p className={styles.flag}>
          <IconPencil size={13} aria-hidden /> {edited}
        </p>
      )}
      <ConditionsLine conditions={conditions} />
      {flagged && (
        <p className={styles.flag}>
          <IconAlertTriangle size={13} aria-hidden /> {t('profile.unsteadyHint')}
        </p>
      )}
      <Suspense fallback={<div className={styles.chart} />}>
        <RunsChart className={styles.chart ?? ''} samplesMs={samplesMs} label={t('profile.runsChart')} />
      </Suspense>
    </section>
  )
}

interface HeadlinedProps {
  readonly label: string
  readonly quantity: Quantity
  readonly strong?: boolean
  readonly flagged?: boolean
  readonly title?: string
}

function Headlined({ label, quantity, strong = false, flagged = false, title }: HeadlinedProps): ReactNode {
  return (
    <div title={title}>
      <div className={styles.label}>{label}</div>
      <div className={styles.figure} data-strong={strong || undefined}>
        <Figure {...quantity} className={flagged ? 'warning' : undefined} />
      </div>
    </div>
  )
}

/** Where and how: a figure never stands without it. */
function ConditionsLine({ conditions }: { readonly conditions: Conditions }): ReactNode {
  const { t, i18n } = useTranslation()
  const { device, provider, threads, runs, warmup, runtime, inputs, measuredAt } = conditions
  const at = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(measuredAt))
  return (
    <>
      <p className={styles.conditions}>
        {[
          device,
          runtime,
          t('profile.provider', { provider }),
          threads === 0 ? t('profile.threadsAuto') : t('profile.threadCount', { count: threads }),
          t('profile.runCount', { count: runs, warmup }),
          at,
        ].join(' · ')}
      </p>
      <p className={styles.inputs} title={said(inputs)}>
        {t('profile.inputsFrom', { inputs: said(withoutFolders(inputs)) })}
      </p>
    </>
  )
}
