import { Button } from '@mantine/core'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeployResult, DeviceRun } from '#shared/deploy'
import { metricText } from '#shared/evaluation/metric'
import type { Conditions } from '#shared/measurement'
import { formatBytes, formatMs, formatPercent, type Quantity, quantityText, significant } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { showOverlay } from '../stores/overlay-store'
import { forgetRun } from './devices-session'
import { phoneName } from '#shared/device'
import styles from './devices-panel.module.css'

const SustainedChart = lazy(() => import('./sustained-chart'))

/** Everything about one result: figures, conditions, outputs, how it went over time. */
export function ResultDetails({ run }: { readonly run: DeviceRun }): ReactNode {
  const { t } = useTranslation('phones')
  const { result } = run
  const { latency, desktop, outputError, sustained, pushed } = result
  const text = (quantity: Quantity): string => quantityText(quantity)
  const ms = (value: number | null): string | null => (value === null ? null : text(formatMs(value)))
  const rows: readonly (readonly [string, string | null])[] = [
    [t('result.latency'), `p50 ${text(formatMs(latency.p50Ms))}, p90 ${text(formatMs(latency.p90Ms))}, p95 ${text(formatMs(latency.p95Ms))}`],
    [t('result.spread'), text(formatPercent(latency.spread))],
    [t('result.here'), `p50 ${text(formatMs(desktop.latency.p50Ms))}, ${desktop.conditions.device}`],
    [t('result.accuracy'), result.accuracy && t('result.accuracyText', accuracyTexts(result.accuracy))],
    [t('result.load'), ms(result.loadMs)],
    [t('result.first'), ms(result.firstRunMs)],
    [t('result.peak'), result.peakMemoryBytes === null ? null : text(formatBytes(result.peakMemoryBytes))],
    [t('result.pushed'), [text(formatBytes(pushed.modelBytes + pushed.runtimeBytes)), pushed.bytesPerSecond === null ? null : `${text(formatBytes(pushed.bytesPerSecond))}/s`].filter((part) => part !== null).join(', ')],
    ...outputError.map(({ output, cosine, maxAbs }): [string, string] => [t('result.output', { name: output }), t('result.outputText', { cosine: cosine.toFixed(6), max: significant(maxAbs) })]),
  ]
  return (
    <>
      <dl className={styles.facts}>
        {rows.map(([name, value]) => value !== null && <Row key={name} name={name} value={value} />)}
      </dl>
      {sustained !== null && <Sustained sustained={sustained} />}
      <ConditionsNote conditions={result.conditions} />
      <div className={`${styles.form} ${styles.actions}`}>
        {result.kernels.length > 0 && <KernelsButton result={result} />}
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => forgetRun(run.id)}>
          {t('result.forget')}
        </Button>
      </div>
    </>
  )
}

function Row({ name, value }: { readonly name: string; readonly value: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd className="figures">{value}</dd>
    </>
  )
}

function accuracyTexts({ metric, samples, phone, here }: NonNullable<DeployResult['accuracy']>): { metric: string; samples: number; phone: string; here: string } {
  const figure = (value: number | null): string => (value === null ? '–' : metricText(metric, value))
  return { metric, samples, phone: figure(phone), here: figure(here) }
}

/** Where and how: a figure never stands without it. */
function ConditionsNote({ conditions }: { readonly conditions: Conditions }): ReactNode {
  const { t } = useTranslation()
  const { device, runtime, provider, threads, runs, warmup, inputs } = conditions
  const parts = [
    device,
    runtime,
    t('profile.provider', { provider }),
    threads === 0 ? t('profile.threadsAuto') : t('profile.threadCount', { count: threads }),
    t('profile.runCount', { count: runs, warmup }),
    t('profile.inputsFrom', { inputs: said(inputs.replace(/^.*[\\/](?=[^\\/]*: )/, '')) }),
  ]
  return <p className={styles.note}>{parts.join(' · ')}</p>
}

function Sustained({ sustained }: { readonly sustained: NonNullable<DeployResult['sustained']> }): ReactNode {
  const { t } = useTranslation('phones')
  const { seconds, slowdown, throttled, energyPerInferenceMj, samples } = sustained
  return (
    <section aria-label={t('result.sustained')}>
      <h3 className={styles.group}>{t('result.sustained')}</h3>
      <dl className={styles.facts}>
        <Row name={t('result.latency')} value={t('result.sustainedText', { seconds, slowdown: slowdown.toFixed(2) })} />
        <Row name={t('result.energy')} value={energyPerInferenceMj === null ? t('result.energyUntold') : `${significant(energyPerInferenceMj)} mJ`} />
      </dl>
      <p className={throttled === null ? styles.note : `${styles.note} bad`}>{throttled === null ? t('result.steady') : t(`result.throttled.${throttled}`)}</p>
      <Suspense fallback={<div className={styles.chart} />}>
        <SustainedChart className={styles.chart ?? ''} samples={samples} />
      </Suspense>
    </section>
  )
}

/** Node ids hold for the model as it is in its file: only the open document of that file can be coloured. */
function KernelsButton({ result }: { readonly result: DeployResult }): ReactNode {
  const { t } = useTranslation('phones')
  const document = useSessionStore(activeDocument)
  if (document === null || document.summary.path !== result.model.path) return <span className="dim">{t('result.otherModel')}</span>
  const show = (): void => {
    const times = nodeTimes(result)
    const longest = Math.max(...times.values())
    const figure = (value: number): string => quantityText(formatMs(value))
    showOverlay({
      id: 'phone-kernels',
      documentId: document.documentId,
      title: t('result.kernelsTitle', { phone: phoneName(result.facts) }),
      nodes: new Map([...times].map(([id, value]) => [id, { level: longest === 0 ? 0 : value / longest, text: figure(value) }])),
      legend: { scale: [figure(0), figure(longest / 2), figure(longest)] },
    })
  }
  return (
    <Button variant="default" size="compact-xs" onClick={show}>
      {t('result.showKernels')}
    </Button>
  )
}

/** A fused kernel's time cannot be told apart: each of its nodes takes an equal part. */
function nodeTimes({ kernels }: DeployResult): Map<number, number> {
  const times = new Map<number, number>()
  for (const { p50Ms, nodes } of kernels) for (const { id } of nodes) times.set(id, (times.get(id) ?? 0) + p50Ms / nodes.length)
  return times
}
