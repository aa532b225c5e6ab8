import { Button, Loader, SegmentedControl, Select, Switch, Tooltip } from '@mantine/core'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProfileResult } from '#shared/measurement'
import { modelBaseName } from '../format/format-type'
import { dataSource, initialData } from '../optimize/data-choice'
import { modelTitle } from '../session/document-title'
import { handOver } from '../session/hand-over'
import { requestJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { useProfileStore } from '../stores/profile-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { chromeTrace } from './chrome-trace'
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
  const [besidePath, setBesidePath] = useState<string | null>(null)
  const besideProfile = useProfileStore((state) => (besidePath === null || besidePath === path ? undefined : state.profiles[besidePath]))
  return (
    <div className={styles.views}>
      <div className={styles.bar}>
        <SegmentedControl size="xs" aria-label={t('view')} value={view} onChange={(value) => setView(VIEWS.find((name) => name === value) ?? 'kernels')} data={VIEWS.map((name) => ({ value: name, label: t(`views.${name}`) }))} />
        {view === 'limits' && <MeasureLimits path={path} />}
        {view === 'types' && <BesideChoice path={path} value={besideProfile === undefined ? null : besidePath} onChange={setBesidePath} />}
        <span className={styles.spacer} />
        <Tooltip label={t('saveTraceHint')}>
          <Button variant="subtle" color="gray" size="compact-xs" onClick={() => handOver(new Blob([chromeTrace(profile)], { type: 'application/json' }), `${modelBaseName(path)}.trace.json`)}>
            {t('saveTrace')}
          </Button>
        </Tooltip>
        <OverlaySwitch />
      </div>
      <div className={styles.body}>
        {view === 'kernels' && <KernelTable kernels={profile.kernels} />}
        {view === 'types' && <TypeTable kernels={profile.kernels} beside={besideProfile?.kernels ?? null} />}
        {view === 'timeline' && <Timeline kernels={profile.kernels} />}
        {view === 'limits' && <Limits path={path} profile={profile} />}
      </div>
    </div>
  )
}

/** The other models that were measured in this window. */
function BesideChoice({ path, value, onChange }: { readonly path: string; readonly value: string | null; readonly onChange: (path: string | null) => void }): ReactNode {
  const { t } = useTranslation('profileViews')
  const profiles = useProfileStore((state) => state.profiles)
  const paths = Object.keys(profiles).filter((other) => other !== path)
  const bySource = useVariantsStore((state) => state.bySource)
  if (paths.length === 0) return null
  return (
    <Select
      w={220}
      aria-label={t('beside')}
      allowDeselect={false}
      value={value ?? ''}
      onChange={(chosen) => onChange(chosen === '' ? null : chosen)}
      data={[{ value: '', label: t('besideNone') }, ...paths.map((other) => ({ value: other, label: t('besideModel', { name: modelTitle(bySource, other) }) }))]}
    />
  )
}

function OverlaySwitch(): ReactNode {
  const { t } = useTranslation()
  const overlay = useProfileStore((state) => state.overlay)
  const setOverlay = useProfileStore((state) => state.setOverlay)
  return <Switch label={t('profile.heat')} checked={overlay === 'latency'} onChange={(event) => setOverlay(event.currentTarget.checked ? 'latency' : 'none')} />
}

function Limits({ path, profile }: { readonly path: string; readonly profile: ProfileResult }): ReactNode {
  const { t } = useTranslation('profileViews')
  const limits = useProfileStore((state) => state.limits[path])
  const running = useMeasuringLimits(path)
  if (limits === undefined) return <p className={panelStyles.empty}>{t(running ? 'limitsRunning' : 'limitsNone')}</p>
  return (
    <Suspense>
      <LimitsCharts limits={limits} kernels={profile.kernels} />
    </Suspense>
  )
}

function useMeasuringLimits(path: string): boolean {
  return useJobsStore((state) => state.jobs.some((job) => job.kind === 'limits' && job.modelPath === path && isUnfinished(job)))
}

function MeasureLimits({ path }: { readonly path: string }): ReactNode {
  const { t } = useTranslation('profileViews')
  const known = useProfileStore((state) => state.limits[path] !== undefined)
  const running = useMeasuringLimits(path)
  const samples = useAppStore((state) => state.samples)
  const bySource = useVariantsStore((state) => state.bySource)
  const data = dataSource(initialData(samples, variantAt(bySource, path)?.sourcePath ?? path)) ?? { kind: 'synthetic', samples: 1 }
  return (
    <Button variant="default" size="compact-xs" disabled={running} leftSection={running && <Loader size={12} />} onClick={() => void requestJob({ kind: 'limits', params: { modelPath: path, data } })}>
      {t(known ? 'measureAgain' : 'measure')}
    </Button>
  )
}
