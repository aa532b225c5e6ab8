import { LegendComponent } from 'echarts/components'
import { use as register } from 'echarts/core'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SustainedSample } from '#shared/deploy'
import { significant } from '../format/format-number'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'

register([LegendComponent])

/** Lines that differ by dash as well as by colour. */
const LOOKS = {
  latency: { color: null, type: 'solid' },
  temperature: { color: '#c2571a', type: 'solid' },
  clock: { color: '#2e8b57', type: 'dashed' },
  power: { color: '#8a5cc2', type: 'dotted' },
} as const

interface SustainedChartProps {
  readonly samples: readonly SustainedSample[]
  readonly className: string
}

/** Latency over time with what may explain it. Each line has a scale of its own: how they move together is the point. */
export default function SustainedChart({ samples, className }: SustainedChartProps): ReactNode {
  const { t } = useTranslation('phones')
  const look = useChartLook()
  const option = useMemo(() => chartOption(samples, (name) => t(`result.series.${name}`), look), [samples, look, t])
  return <Chart option={option} label={t('result.chart')} className={className} />
}

type SeriesName = keyof typeof LOOKS

function chartOption(samples: readonly SustainedSample[], title: (name: SeriesName) => string, { text, line, accent, tooltip }: ChartLook) {
  const values: Record<SeriesName, (number | null)[]> = {
    latency: samples.map(({ p50Ms }) => p50Ms),
    temperature: samples.map(({ hottestC, batteryC }) => hottestC ?? batteryC),
    clock: samples.map(({ clockMHz }) => clockMHz),
    power: samples.map(({ currentMa, voltage }) => (currentMa === null || voltage === null ? null : currentMa * voltage)),
  }
  const told = (Object.keys(LOOKS) as SeriesName[]).filter((name) => values[name].some((value) => value !== null))
  return {
    animation: false,
    textStyle: { fontSize: 11 },
    grid: { left: 44, right: told.includes('temperature') ? 36 : 12, top: 26, bottom: 22 },
    legend: { top: 0, left: 0, itemWidth: 18, itemHeight: 8, textStyle: { color: text, fontSize: 11 }, data: told.map(title) },
    tooltip: {
      trigger: 'axis',
      confine: true,
      ...tooltip,
      valueFormatter: (value: unknown) => (typeof value === 'number' ? significant(value) : '–'),
    },
    xAxis: { type: 'value', min: 0, max: 'dataMax', axisLabel: { color: text, fontSize: 10, formatter: (seconds: number) => `${Math.round(seconds)} s` }, axisLine: { lineStyle: { color: line } }, splitLine: { show: false } },
    yAxis: told.map((name) => ({
      type: 'value',
      scale: name !== 'latency',
      min: name === 'latency' ? 0 : undefined,
      show: name === 'latency' || name === 'temperature',
      position: name === 'latency' ? 'left' : 'right',
      axisLabel: { color: text, fontSize: 10 },
      splitLine: { show: name === 'latency', lineStyle: { color: line } },
    })),
    series: told.map((name, axis) => ({
      name: title(name),
      type: 'line',
      yAxisIndex: axis,
      showSymbol: false,
      connectNulls: true,
      lineStyle: { width: 1.5, color: LOOKS[name].color ?? accent, type: LOOKS[name].type },
      itemStyle: { color: LOOKS[name].color ?? accent },
      data: samples.map(({ atMs }, at) => [atMs / 1000, values[name][at]]),
    })),
  }
}
