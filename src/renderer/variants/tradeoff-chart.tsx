import { ScatterChart } from 'echarts/charts'
import { MarkLineComponent } from 'echarts/components'
import { use as register } from 'echarts/core'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { metricText } from '#shared/evaluation/metric'
import type { Budget } from '#shared/variants/budget'
import { paretoFront } from '#shared/variants/pareto-front'
import { sizeText } from '#shared/variants/table-text'
import { type TradeoffPoint } from '#shared/variants/tradeoff-svg'
import { type AccuracyKind, isHigherBetter } from '#shared/variants/variant-table'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'
import { formatMs, quantityText } from '../format/format-number'
import styles from './variants.module.css'

register([ScatterChart, MarkLineComponent])

interface TradeoffChartProps {
  readonly points: readonly TradeoffPoint[]
  readonly accuracy: AccuracyKind
  /** Limits of latency. */
  readonly limits: readonly Budget[]
  readonly nameOf: (path: string) => string
  readonly activePath: string
  readonly limitText: (budget: Budget) => string
}

const LARGEST = 44
const SMALLEST = 9

/** Latency against accuracy; what no other variant beats in both is joined by a line. */
export default function TradeoffChart(props: TradeoffChartProps): ReactNode {
  const { t } = useTranslation('variants')
  const look = useChartLook()
  const option = useMemo(() => chartOption(props, { axis: t('latencyAxis'), front: t('front') }, look), [props, t, look])
  return <Chart option={option} label={t('plot')} className={styles.chart ?? ''} />
}

function chartOption({ points, accuracy, limits, nameOf, activePath, limitText }: TradeoffChartProps, words: { axis: string; front: string }, { text, line, accent, tooltip }: ChartLook) {
  const style = getComputedStyle(document.documentElement)
  const [bad, ink] = [style.getPropertyValue('--bad').trim(), style.getPropertyValue('--text').trim()]
  const largest = Math.max(...points.map(({ row }) => row.sizeBytes))
  const slowest = Math.max(...points.map(({ p50Ms }) => p50Ms))
  const near = limits.filter(({ atMost = 0 }) => atMost <= 4 * slowest)
  const furthest = roundUp(1.04 * Math.max(slowest, ...near.map(({ atMost = 0 }) => atMost)))
  const values = points.map((point) => point.accuracy)
  const margin = Math.max((Math.max(...values) - Math.min(...values)) * 0.25, Math.max(...values.map(Math.abs)) * 0.005, 1e-6)
  const front = paretoFront(points)
  const axis = { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } }, axisLabel: { color: text, fontSize: 10 }, nameTextStyle: { color: text, fontSize: 10 } }
  return {
    animation: false,
    grid: { left: 58, right: 24, top: 14, bottom: 38 },
    tooltip: {
      confine: true,
      ...tooltip,
      formatter: ({ data }: { data: { point?: TradeoffPoint } }) => (data.point === undefined ? '' : tooltipText(data.point, accuracy, nameOf)),
    },
    xAxis: { ...axis, type: 'value', name: words.axis, nameLocation: 'middle', nameGap: 22, min: 0, max: furthest },
    yAxis: { ...axis, type: 'value', inverse: !isHigherBetter(accuracy.metric), min: Math.min(...values) - margin, max: Math.max(...values) + margin, axisLabel: { ...axis.axisLabel, formatter: (value: number) => metricText(accuracy.metric, value), showMinLabel: false, showMaxLabel: false } },
    series: [
      { type: 'line', name: words.front, silent: true, showSymbol: false, data: front.map((point) => [point.p50Ms, point.accuracy]), lineStyle: { color: accent, width: 1.5 }, z: 1 },
      {
        type: 'scatter',
        z: 2,
        data: points.map((point) => ({
          value: [point.p50Ms, point.accuracy],
          point,
          symbolSize: Math.max(SMALLEST, LARGEST * Math.sqrt(point.row.sizeBytes / largest)),
          // A colour with alpha: opacity would fade the name too.
          itemStyle: { color: `${front.includes(point) ? accent : text}66`, borderColor: front.includes(point) ? accent : text, borderWidth: point.row.modelPath === activePath ? 2.5 : 1 },
          // The others are named by the tooltip: names of points close by would cover each other.
          label: { show: front.includes(point) || point.row.modelPath === activePath, position: point.p50Ms > 0.66 * furthest ? 'left' : 'right' },
        })),
        label: { color: ink, fontSize: 11, formatter: ({ data }: { data: { point: TradeoffPoint } }) => nameOf(data.point.row.modelPath) },
        labelLayout: { hideOverlap: true },
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: bad, type: 'dashed', width: 1 },
          label: { color: bad, fontSize: 10, position: 'insideEndTop', formatter: ({ name }: { name: string }) => name },
          data: near.map((budget) => ({ xAxis: budget.atMost ?? 0, name: `${budget.name}: ${limitText(budget)}` })),
        },
      },
    ],
  }
}

function tooltipText({ row, p50Ms, accuracy }: TradeoffPoint, { metric }: AccuracyKind, nameOf: (path: string) => string): string {
  const name = document.createElement('span')
  name.textContent = nameOf(row.modelPath)
  return `<b>${name.innerHTML}</b><br>${quantityText(formatMs(p50Ms))} · ${metricText(metric, accuracy)} · ${sizeText(row.sizeBytes)}`
}

/** To a whole number of an axis' steps, which are 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const rough = value / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power
  return Number((Math.ceil(value / step) * step).toPrecision(6))
}
