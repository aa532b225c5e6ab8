import { Tabs } from '@mantine/core'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ActionIconButton } from '../actions/action-icon-button'
import { openPanel } from '../session/panels'
import { useDialogsStore, type BottomTab } from '../stores/dialogs-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { PanelBoundary } from './panel-boundary'
import styles from './shell.module.css'

const JobsPanel = lazy(() => import('../panels/jobs-panel'))
const ProfilePanel = lazy(() => import('../profile/profile-panel'))
const DiagnosticsPanel = lazy(() => import('../panels/diagnostics-panel'))
const HistoryPanel = lazy(() => import('../panels/edit/history-panel'))
const ComparePanel = lazy(() => import('../panels/compare/compare-panel'))
const OpSummaryPanel = lazy(() => import('../panels/op-summary/op-summary-panel'))
const VariantsPanel = lazy(() => import('../variants/variants-panel'))
const DevicesPanel = lazy(() => import('../devices/devices-panel'))
const EvaluatePanel = lazy(() => import('../evaluate/evaluate-panel'))
const LogPanel = lazy(() => import('../panels/log-panel'))

const TABS: readonly BottomTab[] = ['jobs', 'profile', 'operators', 'compare', 'variants', 'devices', 'evaluate', 'diagnostics', 'history', 'log']

/** Jobs, Profile, Diagnostics and Log under the graph. */
export function BottomPanel(): ReactNode {
  const tab = useDialogsStore((state) => state.bottomTab)
  const { t } = useTranslation()
  return (
    <section className={styles.bottom} aria-label={t('shell.bottomPanel')}>
      <BottomBar tab={tab} open />
      <div className={styles.bottomBody} role="tabpanel" aria-label={t(`panels.${tab}`)}>
        <PanelBoundary key={tab}>
          <Suspense>
            {tab === 'jobs' && <JobsPanel />}
            {tab === 'profile' && <ProfilePanel />}
            {tab === 'operators' && <OpSummaryPanel />}
            {tab === 'compare' && <ComparePanel />}
            {tab === 'variants' && <VariantsPanel />}
            {tab === 'devices' && <DevicesPanel />}
            {tab === 'evaluate' && <EvaluatePanel />}
            {tab === 'diagnostics' && <DiagnosticsPanel />}
            {tab === 'history' && <HistoryPanel />}
            {tab === 'log' && <LogPanel />}
          </Suspense>
        </PanelBoundary>
      </div>
    </section>
  )
}

/** The same panel folded: its tabs stay in reach. */
export function BottomStrip(): ReactNode {
  return (
    <div className={styles.bottomStrip}>
      <BottomBar tab={null} />
    </div>
  )
}

interface BottomBarProps {
  readonly tab: BottomTab | null
  readonly open?: boolean
}

function BottomBar({ tab, open = false }: BottomBarProps): ReactNode {
  const { t } = useTranslation()
  const running = useJobsStore((state) => state.jobs.filter(isUnfinished).length)
  const findings = useSessionStore((state) => activeDocument(state)?.summary.diagnostics.length ?? 0)
  const counts: Partial<Record<BottomTab, number>> = { jobs: running, diagnostics: findings }
  return (
    <div className={styles.bottomBar}>
      <Tabs className={styles.bottomTabs ?? ''} value={tab} onChange={(value) => openPanel(TABS.find((name) => name === value) ?? 'jobs')}>
        <Tabs.List>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name} className={styles.bottomTab ?? ''} onClick={() => openPanel(name)}>
              {t(`panels.${name}`)}
              {(counts[name] ?? 0) > 0 && <span className={styles.count}>{counts[name]}</span>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <ActionIconButton id="bottom-panel" pressed={open} />
    </div>
  )
}
