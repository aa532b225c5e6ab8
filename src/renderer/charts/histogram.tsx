import { useMemo, type ReactNode } from 'react'
import { formatInteger, significant } from '../format/format-number'
import { Chart, type ChartLook, useChartLook } from './chart'

interface HistogramProps {
  /** Counts of equal-width bins from `min` to `max`. */
  readonly counts: readonly number[]
  readonly min: number
  readonly max: number
  readonly label: string
  readonly className: string
}

export default function Histogram({ counts, min, max, label, className }: HistogramProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => histogramOption({ counts, min, max }, look), [counts, min, max, look])
  return <Chart option={option} label={label} className={className} />
}

function histogramOption({ counts, min, max }: Pick<HistogramProps, 'counts' | 'min' | 'max'>, { text, line, accent, tooltip }: ChartLook) {
  const width = (max - min) / counts.length
  const edges = (index: number): string => `${significant(min + index * width)} … ${significant(min + (index + 1) * width)}`
  return {
    animation: false,
    grid: { left: 4, right: 4, top: 8, bottom: 20 },
    tooltip: {
      trigger: 'axis',
      ...tooltip,
      formatter: ([bar]: { dataIndex: number; value: number }[]) => (bar === undefined ? '' : `${edges(bar.dataIndex)}<br>${formatInteger(bar.value)}`),
    },
    xAxis: {
      type: 'category',
      data: counts.map((_, index) => significant(min + (index + 0.5) * width)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: line } },
      axisLabel: { color: text, fontSize: 10, interval: Math.max(1, Math.floor(counts.length / 4)) },
    },
    yAxis: { type: 'value', show: false },
    series: [{ type: 'bar', data: [...counts], barCategoryGap: '8%', itemStyle: { color: accent } }],
  }
}
