import { useMemo, type ReactNode } from 'react'
import { significant } from '../format/format-number'
import { Chart, type ChartLook, useChartLook } from './chart'

interface ChannelChartProps {
  /** By channel; null where a channel has no finite value. */
  readonly min: readonly (number | null)[]
  readonly max: readonly (number | null)[]
  readonly label: string
  readonly className: string
}

/** How far each channel reaches below and above zero. */
export default function ChannelChart({ min, max, label, className }: ChannelChartProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => channelOption(min, max, look), [min, max, look])
  return <Chart option={option} label={label} className={className} />
}

function channelOption(min: readonly (number | null)[], max: readonly (number | null)[], { text, line, accent, tooltip }: ChartLook) {
  const series = (data: readonly (number | null)[]) => ({ type: 'bar', data: [...data], barGap: '-100%', barCategoryGap: min.length > 64 ? 0 : '12%', itemStyle: { color: accent } })
  return {
    animation: false,
    grid: { left: 4, right: 4, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'axis',
      ...tooltip,
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
