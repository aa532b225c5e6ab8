import { Button, Loader, SegmentedControl } from '@mantine/core'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProfileResult } from '#shared/measurement'
import { dataSource, initialData } from '../optimize/data-choice'
import { requestJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { useProfileStore } from '../stores/profile-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { addProfileViewsTexts } from './i18n/profile-views-texts'
import { KernelTable } from './kernel-table'
import panelStyles from './profile-panel.module.css'
import styles from './profile-views.module.css'
import { Timeline } from './timeline'
import { TypeTable } from './type-table'

addProfileViewsTexts()
const LimitsCharts = lazy(() => import('./limits-charts'))

const VIEWS = ['kernels', 'types', 'timeline', 'limits'] as const
type View = (typeof VIEWS)[number]

/** The kernels of a profile: one by one, by operator, in the order they run, and against what the computer can do. */
export function ProfileViews({ path, profile }: { readonly path: string; readonly profile: ProfileResult }): ReactNode {
  const { t } = useTranslation('profileViews')
  const [view, setView] = useState<View>('kernels')
  return (
    <div className={styles.views}>
      <div className={styles.bar}>
        <SegmentedControl size="xs" aria-label={t('view')} value={view} onChange={(value) => setView(VIEWS.find((name) => name === value) ?? 'kernels')} data={VIEWS.map((name) => ({ value: name, label: t(`views.${name}`) }))} />
        {view === 'limits' && <MeasureLimits path={path} />}
      </div>
      <div className={styles.body}>
        {view === 'kernels' && <KernelTable kernels={profile.kernels} />}
        {view === 'types' && <TypeTable kernels={profile.kernels} />}
        {view === 'timeline' && <Timeline kernels={profile.kernels} />}
        {view === 'limits' && <Limits path={path} profile={profile} />}
      </div>
    </div>
  )
}

function Limits({ path, profile }: { readonly path: string; readonly profile: ProfileResult }): ReactNode {
  const { t } = useTranslation('profileViews')
  const limits = useProfileStore((state) => state.limits[path])
  if (limits === undefined) return <p className={panelStyles.empty}>{t('limitsNone')}</p>
  return (
    <Suspense>
      <LimitsCharts limits={limits} kernels={profile.kernels} />
    </Suspense>
  )
}

function MeasureLimits({ path }: { readonly path: string }): ReactNode {
  const { t } = useTranslation('profileViews')
  const known = useProfileStore((state) => state.limits[path] !== undefined)
  const running = useJobsStore((state) => state.jobs.some((job) => job.kind === 'limits' && job.modelPath === path && isUnfinished(job)))
  const samples = useAppStore((state) => state.samples)
  const bySource = useVariantsStore((state) => state.bySource)
  const data = dataSource(initialData(samples, variantAt(bySource, path)?.sourcePath ?? path)) ?? { kind: 'synthetic', samples: 1 }
  return (
    <Button variant="default" size="compact-xs" disabled={running} leftSection={running && <Loader size={12} />} onClick={() => void requestJob({ kind: 'limits', params: { modelPath: path, data } })}>
      {t(known ? 'measureAgain' : 'measure')}
    </Button>
  )
}
