import { useMemo, type ReactNode } from 'react'
import { groupColour } from '../canvas/scene/heat'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'
import type { TermErrors } from './term-errors'

interface TermsChartProps {
  readonly curves: readonly TermErrors[]
  readonly label: string
  readonly axis: string
  readonly className: string
}

/** Number of pairs against error, one line for each Conv; those that stayed as they were are dashed. */
export default function TermsChart({ curves, label, axis, className }: TermsChartProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => termsOption(curves, axis, look), [curves, axis, look])
  return <Chart option={option} label={label} className={className} />
}

function termsOption(curves: readonly TermErrors[], axis: string, { text, line, tooltip }: ChartLook) {
  return {
    animation: false,
    grid: { left: 40, right: 8, top: 8, bottom: 34 },
    tooltip: {
      trigger: 'item',
      confine: true,
      ...tooltip,
      formatter: ({ seriesName, value: [pairs, error] }: { seriesName: string; value: [number, number] }) => `${seriesName}<br>${pairs}: ${error.toFixed(1)} %`,
    },
    xAxis: { type: 'value', minInterval: 1, min: 1, name: axis, nameLocation: 'middle', nameGap: 20, nameTextStyle: { color: text, fontSize: 11 }, axisLabel: { color: text, fontSize: 10 }, axisLine: { lineStyle: { color: line } }, splitLine: { show: false } },
    yAxis: { type: 'value', min: 0, axisLabel: { color: text, fontSize: 10, formatter: '{value} %' }, splitLine: { lineStyle: { color: line } } },
    series: curves.map(({ name, isChanged, points }, index) => {
      const color = groupColour(index).background
      return { type: 'line', name, data: points.map(([pairs, error]) => [pairs, 100 * error]), symbolSize: 5, lineStyle: { width: 1.5, color, type: isChanged ? 'solid' : 'dashed' }, itemStyle: { color } }
    }),
  }
}
