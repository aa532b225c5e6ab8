import { ScatterChart } from 'echarts/charts'
import { use as register } from 'echarts/core'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { KernelProfile } from '#shared/measurement'
import type { ProfileLimits } from '#shared/profile-limits'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'
import { axisText, formatBytes, formatMs, formatPercent, quantityText, significant } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { roofPoints, type RoofPoint } from './kernel-work'
import styles from './profile-views.module.css'

register([ScatterChart])

interface LimitsChartsProps {
  readonly limits: ProfileLimits
  readonly kernels: readonly KernelProfile[]
}

/** Roofline, scaling with threads and batch, memory over time. */
export default function LimitsCharts({ limits, kernels }: LimitsChartsProps): ReactNode {
  const { t } = useTranslation('profileViews')
  const look = useChartLook()
  const roofline = useMemo(() => rooflineOption(roofPoints(kernels, limits), limits, { t, look }), [kernels, limits, t, look])
  const threads = useMemo(() => threadsOption(limits, { t, look }), [limits, t, look])
  const batches = useMemo(() => batchesOption(limits, { t, look }), [limits, t, look])
  const memory = useMemo(() => memoryOption(limits, { t, look }), [limits, t, look])
  const { peaks, cold, batchNote } = limits
  return (
    <div className={styles.limits}>
      <Plot title={t('roofline').split(/[:：]/)[0] ?? ''} note={t('peak', { gflops: significant(peaks.gflops), gb: significant(peaks.gbPerSecond) })}>
        <Chart option={roofline} label={t('roofline')} className={styles.chart ?? ''} />
      </Plot>
      <Plot title={t('threads')} note={t('idealLine')}>
        <Chart option={threads} label={t('threadsLabel')} className={styles.chart ?? ''} />
      </Plot>
      <Plot title={t('batches')} note={t('perSample')}>
        {limits.batches.length > 0 && <Chart option={batches} label={t('batchesLabel')} className={styles.chart ?? ''} />}
        {batchNote !== null && <p className={styles.note}>{said(batchNote)}</p>}
      </Plot>
      <Plot title={t('memory')} note="">
        <Chart option={memory} label={t('memoryLabel')} className={styles.chart ?? ''} />
        <p className={styles.note}>{t('cold', { load: ms(cold.loadMs), first: ms(cold.firstRunMs), warm: ms(cold.warmP50Ms) })}</p>
      </Plot>
    </div>
  )
}

function Plot({ title, note, children }: { readonly title: string; readonly note: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={styles.plot} aria-label={title}>
      <h3 className={styles.title}>
        {title} <span className="dim">{note}</span>
      </h3>
      {children}
    </section>
  )
}

interface Words {
  readonly t: ReturnType<typeof useTranslation<'profileViews'>>['t']
  readonly look: ChartLook
}

function base({ text, line, accent, tooltip }: ChartLook) {
  const axis = { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } }, axisLabel: { color: text, fontSize: 10, hideOverlap: true }, nameTextStyle: { color: text, fontSize: 10 }, nameLocation: 'middle' as const }
  return { text, line, accent, axis, tooltip: { ...tooltip, confine: true }, grid: { left: 46, right: 14, top: 10, bottom: 34 } }
}

function rooflineOption(points: readonly RoofPoint[], { peaks }: ProfileLimits, { t, look }: Words) {
  const { text, accent, axis, tooltip, grid } = base(look)
  const ridge = peaks.gflops / peaks.gbPerSecond
  const intensities = [...points.map(({ intensity }) => intensity), ridge]
  const [low, high] = [10 ** Math.floor(Math.log10(Math.min(...intensities))), 10 ** Math.ceil(Math.log10(Math.max(...intensities) * 1.5))]
  const bottom = 10 ** Math.floor(Math.log10(Math.min(peaks.gflops, low * peaks.gbPerSecond, ...points.map(({ gflops }) => gflops))))
  return {
    animation: false,
    grid,
    tooltip: {
      ...tooltip,
      formatter: ({ data }: { data: { point?: RoofPoint } }) =>
        data.point === undefined ? '' : `${data.point.kernel.opType} · ${ms(data.point.kernel.p50Ms)}<br>${t('rooflinePoint', { reached: significant(data.point.gflops), share: quantityText(formatPercent(data.point.share)), bound: t(data.point.bound === 'memory' ? 'boundMemory' : 'boundCompute') })}`,
    },
    xAxis: { ...axis, axisLabel: { ...axis.axisLabel, formatter: String }, type: 'log', min: low, max: high, name: t('rooflineX'), nameGap: 20 },
    yAxis: { ...axis, axisLabel: { ...axis.axisLabel, formatter: String }, type: 'log', min: bottom, max: 10 ** Math.ceil(Math.log10(1.2 * Math.max(peaks.gflops, ...points.map(({ gflops }) => gflops)))), name: t('rooflineY'), nameGap: 32 },
    series: [
      { type: 'line', silent: true, showSymbol: false, lineStyle: { color: text, width: 1.5 }, data: [[low, low * peaks.gbPerSecond], [ridge, peaks.gflops], [high, peaks.gflops]] },
      { type: 'scatter', data: points.map((point) => ({ value: [point.intensity, point.gflops], point, symbolSize: 6 + 22 * Math.sqrt(point.kernel.share) })), itemStyle: { color: `${accent}99`, borderColor: accent } },
    ],
  }
}

function threadsOption({ threads }: ProfileLimits, { t, look }: Words) {
  const { text, accent, axis, tooltip, grid } = base(look)
  const [first] = threads
  const labels = threads.map((point) => String(point.threads))
  return {
    animation: false,
    grid,
    tooltip: { ...tooltip, trigger: 'axis', valueFormatter: (value: number) => ms(value) },
    xAxis: { ...axis, type: 'category', data: labels, name: t('threads'), nameGap: 20 },
    yAxis: { ...axis, type: 'value', min: 0, axisLabel: { ...axis.axisLabel, formatter: axisMs } },
    series: [
      { type: 'line', name: t('ideal'), showSymbol: false, lineStyle: { color: text, type: 'dashed', width: 1 }, itemStyle: { color: text }, data: threads.map((point) => (first === undefined ? 0 : first.p50Ms / point.threads)) },
      { type: 'line', name: t('measured'), symbolSize: 7, lineStyle: { color: accent, width: 2 }, itemStyle: { color: accent }, data: threads.map(({ p50Ms }) => p50Ms) },
    ],
  }
}

function batchesOption({ batches }: ProfileLimits, { t, look }: Words) {
  const { accent, axis, tooltip, grid } = base(look)
  return {
    animation: false,
    grid,
    tooltip: { ...tooltip, trigger: 'axis', valueFormatter: (value: number) => ms(value) },
    xAxis: { ...axis, type: 'category', data: batches.map(({ batch }) => String(batch)), name: t('batches'), nameGap: 20 },
    yAxis: { ...axis, type: 'value', min: 0, axisLabel: { ...axis.axisLabel, formatter: axisMs } },
    series: [{ type: 'line', name: t('perSample'), symbolSize: 7, lineStyle: { color: accent, width: 2 }, itemStyle: { color: accent }, data: batches.map(({ batch, p50Ms }) => p50Ms / batch) }],
  }
}

function memoryOption({ memory }: ProfileLimits, { look }: Words) {
  const { accent, axis, tooltip, grid } = base(look)
  return {
    animation: false,
    grid,
    tooltip: { ...tooltip, trigger: 'axis', valueFormatter: (value: number) => quantityText(formatBytes(value)) },
    xAxis: { ...axis, type: 'value', max: 'dataMax', axisLabel: { ...axis.axisLabel, formatter: axisMs } },
    yAxis: { ...axis, type: 'value', scale: true, axisLabel: { ...axis.axisLabel, formatter: (value: number) => axisText(formatBytes(value)) } },
    series: [{ type: 'line', step: 'end', showSymbol: false, lineStyle: { color: accent, width: 1.5 }, areaStyle: { color: accent, opacity: 0.12 }, data: memory.map(({ atMs, bytes }) => [atMs, bytes]) }],
  }
}

function ms(value: number): string {
  return quantityText(formatMs(value))
}

function axisMs(value: number): string {
  return axisText(formatMs(value))
}
