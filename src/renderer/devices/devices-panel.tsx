import { SegmentedControl } from '@mantine/core'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { NETWORK_SERIAL } from '#shared/deploy'
import { useDevicesStore } from '../stores/devices-store'
import { DeployForm } from './deploy-form'
import { type ConnectTab, DeviceList } from './device-list'
import { followRuns, learnAboutPhone, lookForPhones } from './devices-session'
import { Examination } from './examination'
import { FactsCard } from './facts-card'
import { ProvidersTable } from './providers-table'
import { ResultDetails } from './result-details'
import { ResultsTable } from './results-table'
import { RunningDeploy } from './running-deploy'
import { useModels } from './use-models'
import styles from './devices-panel.module.css'

const ConnectDialog = lazy(() => import('./connect-dialog'))

type MiddleView = 'run' | 'about' | 'result'
type RightView = 'results' | 'providers'

/** Phones, running the model on them, and what came of it. */
export default function DevicesPanel(): ReactNode {
  const [connect, setConnect] = useState<ConnectTab | null>(null)
  const [middle, setMiddle] = useState<MiddleView>('run')
  const [selected, setSelected] = useState<string | null>(null)
  useEffect(lookForPhones, [])
  useEffect(followRuns, [])
  useChosenPhone()
  const select = (id: string): void => {
    setSelected(id)
    setMiddle('result')
  }
  return (
    <div className={styles.panel}>
      <DeviceList onConnect={setConnect} />
      <Middle view={middle} onView={setMiddle} selected={selected} />
      <Right selected={selected} onSelect={select} />
      {connect !== null && (
        <Suspense fallback={null}>
          <ConnectDialog tab={connect} onTab={setConnect} onClose={() => setConnect(null)} />
        </Suspense>
      )}
    </div>
  )
}

/** The first phone that is ready is chosen where none is; all that are ready are asked what they are. */
function useChosenPhone(): void {
  const list = useDevicesStore((state) => state.list)
  const chosen = useDevicesStore((state) => state.chosen)
  const choose = useDevicesStore((state) => state.choose)
  const ready = (list?.devices ?? []).filter(({ state }) => state === 'ready').map(({ serial }) => serial)
  const first = ready[0] ?? null
  const reachable = [...ready, ...(chosen === NETWORK_SERIAL ? [chosen] : [])].join('\n')
  useEffect(() => {
    if (chosen === null && first !== null) choose(first)
  }, [chosen, first, choose])
  useEffect(() => {
    for (const serial of reachable.split('\n').filter((text) => text !== '')) void learnAboutPhone(serial)
  }, [reachable])
}

interface MiddleProps {
  readonly view: MiddleView
  readonly onView: (view: MiddleView) => void
  readonly selected: string | null
}

function Middle({ view, onView, selected }: MiddleProps): ReactNode {
  const { t } = useTranslation('phones')
  const chosen = useDevicesStore((state) => state.chosen)
  const views: readonly MiddleView[] = ['run', 'about', 'result']
  return (
    <section className={styles.column} aria-label={t(`views.${view}`)}>
      <div className={styles.head}>
        <SegmentedControl size="xs" value={view} onChange={(value) => onView(views.find((name) => name === value) ?? 'run')} data={views.map((value) => ({ value, label: t(`views.${value}`) }))} />
      </div>
      {/* Another view, or another result, starts at its top. */}
      <div className={styles.body} key={`${view} ${view === 'result' ? selected : chosen}`}>
        {view === 'result' ? <SelectedResult selected={selected} /> : chosen === null ? <p className={styles.empty}>{t('choose')}</p> : <ChosenPhone serial={chosen} view={view} />}
      </div>
    </section>
  )
}

function SelectedResult({ selected }: { readonly selected: string | null }): ReactNode {
  const { t } = useTranslation('phones')
  const run = useDevicesStore((state) => state.runs?.find(({ id }) => id === selected))
  return run === undefined ? <p className={styles.empty}>{t('result.none')}</p> : <ResultDetails key={run.id} run={run} />
}

function ChosenPhone({ serial, view }: { readonly serial: string; readonly view: 'run' | 'about' }): ReactNode {
  const { t } = useTranslation('phones')
  const facts = useDevicesStore((state) => state.facts[serial])
  const device = useDevicesStore((state) => state.list?.devices.find((candidate) => candidate.serial === serial))
  const unready = device !== undefined && device.state !== 'ready' ? device.state : null
  if (view === 'about') {
    if (serial === NETWORK_SERIAL) return <p className={styles.empty}>{t('form.networkNote')}</p>
    return (
      <>
        {facts === undefined ? <p className={styles.empty}>{unready === null ? t('facts.reading') : t(`hints.${unready}`)}</p> : <FactsCard facts={facts} />}
        <Examination key={serial} serial={serial} />
      </>
    )
  }
  return (
    <>
      <RunningDeploy serial={serial} />
      {unready !== null && (
        <p className={styles.failed} role="alert">
          <span className="warning">{t(`states.${unready}`)}.</span> {t(`hints.${unready}`)}
        </p>
      )}
      <DeployForm key={serial} serial={serial} />
    </>
  )
}

function Right({ selected, onSelect }: { readonly selected: string | null; readonly onSelect: (id: string) => void }): ReactNode {
  const { t } = useTranslation('phones')
  const [view, setView] = useState<RightView>('results')
  const runs = useDevicesStore((state) => state.runs)
  const { models } = useModels()
  const own = (runs ?? []).filter(({ result }) => models.length === 0 || models.some(({ path, sha256 }) => path === result.model.path || sha256 === result.model.sha256))
  const views: readonly RightView[] = ['results', 'providers']
  return (
    <section className={styles.column} aria-label={t(`views.${view}`)}>
      <div className={styles.head}>
        <SegmentedControl size="xs" value={view} onChange={(value) => setView(views.find((name) => name === value) ?? 'results')} data={views.map((value) => ({ value, label: t(`views.${value}`) }))} />
        {view === 'providers' && <span className={`${styles.why} ellipsis`}>{t('providers.note')}</span>}
      </div>
      <div className={styles.body}>{view === 'results' ? <ResultsTable runs={own} models={models} selected={selected} onSelect={onSelect} /> : <ProvidersTable />}</div>
    </section>
  )
}
