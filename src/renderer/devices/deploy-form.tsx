import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { DeployAdapter, type DeployPlan, DeployProvider, NETWORK_SERIAL } from '#shared/deploy'
import { dataSource, initialData } from '../optimize/data-choice'
import { variantTitle } from '../optimize/catalogue-text'
import { useAppStore } from '../stores/app-store'
import { useDevicesStore } from '../stores/devices-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { type DeployDraft, emptyDraft, optionsOf } from './deploy-options'
import { deployTo } from './devices-session'
import { useModels } from './use-models'
import styles from './devices-panel.module.css'

type SetField = <K extends keyof DeployDraft>(field: K, value: DeployDraft[K]) => void

/** What to run on the chosen phone, and how. What is left open the rules decide, and say why. */
export function DeployForm({ serial }: { readonly serial: string }): ReactNode {
  const { t } = useTranslation('phones')
  const { models, shown } = useModels()
  const [path, setPath] = useState<string | null>(null)
  const [draft, setDraft] = useState(emptyDraft)
  const [more, setMore] = useState(false)
  const samples = useAppStore((state) => state.samples)
  const plan = useDevicesStore((state) => state.plans[serial])
  const ready = useReadySerials()
  const busy = useBusySerials()
  const [source] = models
  if (source === undefined) return <p className={styles.empty}>{t('form.noModel')}</p>

  const model = models.find((candidate) => candidate.path === path) ?? models.find((candidate) => candidate.path === shown) ?? source
  const sample = samples.find((candidate) => candidate.path === source.path)
  const evaluation = sample?.evaluationPath && sample.metric !== null ? { dataPath: sample.evaluationPath, metric: sample.metric } : null
  const options = optionsOf(draft, evaluation)
  // A variant takes the same inputs as its source.
  const data = dataSource(initialData(samples, source.path)) ?? { kind: 'synthetic' as const, samples: 1 }
  const set: SetField = (field, value) => setDraft((before) => ({ ...before, [field]: value }))
  const network = serial === NETWORK_SERIAL
  const start = (serials: readonly string[]): void => {
    if (options !== null) void deployTo(serials, { modelPath: model.path, options, data })
  }
  const free = ready.filter((candidate) => !busy.includes(candidate))
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        start([serial])
      }}
    >
      <div className={styles.fields}>
        <Select
          className={styles.wide ?? ''}
          size="xs"
          label={t('form.model')}
          data={models.map((candidate) => ({ value: candidate.path, label: candidate.title }))}
          value={model.path}
          onChange={setPath}
          allowDeselect={false}
        />
        {!network && <AdapterSelect draft={draft} set={set} />}
        <WholeNumber label={t('form.runs')} value={draft.runs} min={1} max={100_000} onChange={(runs) => set('runs', runs)} />
        {more && <MoreFields draft={draft} set={set} network={network} evaluable={evaluation !== null} />}
      </div>
      <div className={styles.actions}>
        <Button type="submit" size="compact-sm" disabled={options === null || busy.includes(serial) || (!network && !ready.includes(serial))}>
          {t(network ? 'form.openNetwork' : 'form.deploy')}
        </Button>
        {!network && ready.length > 1 && (
          <Button variant="default" size="compact-sm" disabled={options === null || free.length === 0} onClick={() => start(free)}>
            {t('form.deployAll', { count: ready.length })}
          </Button>
        )}
        <Button variant="subtle" color="gray" size="compact-sm" aria-expanded={more} onClick={() => setMore(!more)}>
          {t(more ? 'form.less' : 'form.more')}
        </Button>
      </div>
      {network ? <p className={styles.why}>{t('form.networkNote')}</p> : plan !== undefined && <Why plan={plan} />}
    </form>
  )
}

function AdapterSelect({ draft, set }: { readonly draft: DeployDraft; readonly set: SetField }): ReactNode {
  const { t } = useTranslation('phones')
  return (
    <Select
      className={styles.half ?? ''}
      size="xs"
      label={t('form.runtime')}
      data={[{ value: '', label: t('form.byRules') }, ...DeployAdapter.options.map((adapter) => ({ value: adapter, label: t(`form.adapters.${adapter}`) }))]}
      value={draft.adapter}
      onChange={(value) => {
        set('adapter', DeployAdapter.options.find((adapter) => adapter === value) ?? '')
        set('provider', '')
      }}
      allowDeselect={false}
    />
  )
}

const PROVIDERS = { native: ['cpu'], browser: ['wasm', 'webgpu'], custom: ['cpu'], '': ['cpu', 'wasm', 'webgpu'] } as const

interface MoreFieldsProps {
  readonly draft: DeployDraft
  readonly set: SetField
  readonly network: boolean
  /** There is data to evaluate the model on. */
  readonly evaluable: boolean
}

function MoreFields({ draft, set, network, evaluable }: MoreFieldsProps): ReactNode {
  const { t } = useTranslation('phones')
  const providers = PROVIDERS[network ? 'browser' : draft.adapter]
  return (
    <>
      {!network && (
        <Select
          size="xs"
          label={t('form.provider')}
          data={[{ value: '', label: t('form.byRules') }, ...providers.map((provider) => ({ value: provider, label: t(`form.providers.${provider}`) }))]}
          value={draft.provider}
          onChange={(value) => set('provider', DeployProvider.options.find((provider) => provider === value) ?? '')}
          allowDeselect={false}
        />
      )}
      <NumberInput size="xs" label={t('form.threads')} placeholder={t('form.byRules')} value={draft.threads} min={0} max={256} allowDecimal={false} onChange={(value) => set('threads', typeof value === 'number' ? value : '')} />
      <WholeNumber label={t('form.warmup')} value={draft.warmup} min={0} max={10_000} onChange={(warmup) => set('warmup', warmup)} />
      <WholeNumber label={t('form.sustained')} title={t('form.sustainedHint')} value={draft.sustainedSeconds} min={0} max={7200} onChange={(seconds) => set('sustainedSeconds', seconds)} />
      {!network && (
        <>
          <TextInput size="xs" label={t('form.cores')} title={t('form.coresHint')} placeholder="4-7" value={draft.cores} error={optionsOf(draft) === null} onChange={(event) => set('cores', event.currentTarget.value)} />
          <WholeNumber label={t('form.niceness')} title={t('form.nicenessHint')} value={draft.niceness} min={0} max={19} onChange={(niceness) => set('niceness', niceness)} />
          {draft.adapter === 'custom' && (
            <TextInput className={styles.wide ?? ''} size="xs" label={t('form.manifest')} title={t('form.manifestHint')} value={draft.manifestPath} onChange={(event) => set('manifestPath', event.currentTarget.value)} />
          )}
          <Switch className={styles.wide ?? ''} size="xs" label={t('form.kernels')} checked={draft.kernels} onChange={(event) => set('kernels', event.currentTarget.checked)} />
          {evaluable && <Switch className={styles.wide ?? ''} size="xs" label={t('form.accuracy')} checked={draft.accuracy} onChange={(event) => set('accuracy', event.currentTarget.checked)} />}
        </>
      )}
    </>
  )
}

interface WholeNumberProps {
  readonly label: string
  readonly title?: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly onChange: (value: number) => void
}

function WholeNumber({ onChange, ...props }: WholeNumberProps): ReactNode {
  return <NumberInput size="xs" allowDecimal={false} clampBehavior="strict" {...props} onChange={(value) => typeof value === 'number' && onChange(value)} />
}

function Why({ plan }: { readonly plan: DeployPlan }): ReactNode {
  const { t, i18n } = useTranslation('phones')
  const threads = plan.threads === 0 ? t('form.planAuto') : t('form.planThreads', { count: plan.threads })
  return (
    <div className={styles.why}>
      {t('form.plan', { adapter: t(`form.adapters.${plan.adapter}`), provider: t(`form.providers.${plan.provider}`), threads })}
      {plan.recipe !== null && <div>{t('form.recipe', { recipe: variantTitle(plan.recipe.name) })}</div>}
      {plan.avoid.length > 0 && <div>{t('form.avoid', { names: plan.avoid.map(variantTitle).join(', ') })}</div>}
      <ul aria-label={t('form.why')}>
        {plan.reasons.map(({ rule, why }) => (
          <li key={rule}>{i18n.language === 'zh' ? why.zh : why.en}</li>
        ))}
      </ul>
    </div>
  )
}

function useReadySerials(): readonly string[] {
  const list = useDevicesStore((state) => state.list)
  return (list?.devices ?? []).filter(({ state }) => state === 'ready').map(({ serial }) => serial)
}

/** Phones with a deploy under way or waiting. */
function useBusySerials(): readonly string[] {
  const deploys = useDevicesStore((state) => state.deploys)
  const jobs = useJobsStore((state) => state.jobs)
  return Object.entries(deploys).flatMap(([serial, jobId]) => (jobs.some((job) => job.jobId === jobId && isUnfinished(job)) ? [serial] : []))
}
