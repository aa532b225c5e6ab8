import { useMemo, type ReactNode } from 'react'
import { formatMs, quantityText } from '../format/format-number'
import { Chart, type ChartLook, useChartLook } from './chart'

interface RunsChartProps {
  /** Latency of each run in order, ms. */
  readonly samplesMs: readonly number[]
  readonly label: string
  readonly className: string
}

/** Latency run by run: steadiness, drift and outliers at a glance. */
export default function RunsChart({ samplesMs, label, className }: RunsChartProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => runsOption(samplesMs, look), [samplesMs, look])
  return <Chart option={option} label={label} className={className} />
}

function runsOption(samplesMs: readonly number[], { accent, tooltip }: ChartLook) {
  return {
    animation: false,
    grid: { left: 2, right: 2, top: 4, bottom: 4 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      ...tooltip,
      formatter: ([point]: { dataIndex: number; value: number }[]) => (point === undefined ? '' : `#${point.dataIndex + 1}: ${quantityText(formatMs(point.value))}`),
    },
    xAxis: { type: 'category', show: false, data: samplesMs.map((_, index) => index + 1) },
    yAxis: { type: 'value', show: false, min: 0 },
    series: [{ type: 'line', data: [...samplesMs], showSymbol: false, lineStyle: { color: accent, width: 1 }, areaStyle: { color: accent, opacity: 0.12 } }],
  }
}
