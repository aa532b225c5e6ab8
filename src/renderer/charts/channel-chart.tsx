import { useComputedColorScheme } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import { significant } from '../format/format-number'
import { Chart, chartColors } from './chart'

interface ChannelChartProps {
  /** By channel; null where a channel has no finite value. */
  readonly min: readonly (number | null)[]
  readonly max: readonly (number | null)[]
  readonly label: string
  readonly className: string
}

/** How far each channel reaches below and above zero. */
export default function ChannelChart({ min, max, label, className }: ChannelChartProps): ReactNode {
  const scheme = useComputedColorScheme()
  const option = useMemo(() => channelOption(min, max, scheme), [min, max, scheme])
  return <Chart option={option} label={label} className={className} />
}

function channelOption(min: readonly (number | null)[], max: readonly (number | null)[], _scheme: string) {
  const { text, line, accent, panel } = chartColors()
  const series = (data: readonly (number | null)[]) => ({ type: 'bar', data: [...data], barGap: '-100%', barCategoryGap: min.length > 64 ? 0 : '12%', itemStyle: { color: accent } })
  return {
    animation: false,
    grid: { left: 4, right: 4, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'axis',
      backgroundColor: panel,
      borderColor: line,
      textStyle: { color: text, fontSize: 11 },
      formatter: ([bar]: { dataIndex: number }[]) => (bar === undefined ? '' : `${bar.dataIndex}<br>${figure(min[bar.dataIndex])} … ${figure(max[bar.dataIndex])}`),
    },
    xAxis: { type: 'category', data: min.map((_, channel) => String(channel)), axisTick: { show: false }, axisLine: { onZero: true, lineStyle: { color: line } }, axisLabel: { show: false } },
    yAxis: { type: 'value', axisLabel: { color: text, fontSize: 10 }, splitLine: { lineStyle: { color: line } }, splitNumber: 3 },
    series: [series(max), series(min)],
  }
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : significant(value)
}
