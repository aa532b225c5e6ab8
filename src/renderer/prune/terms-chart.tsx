import { useComputedColorScheme } from '@mantine/core'
import { useMemo, type ReactNode } from 'react'
import { groupColour } from '../canvas/scene/heat'
import { Chart, chartColors } from '../charts/chart'
import type { TermErrors } from './term-errors'

interface TermsChartProps {
  readonly curves: readonly TermErrors[]
  readonly label: string
  readonly axis: string
  readonly className: string
}

/** Number of pairs against error, one line for each Conv; those that stayed as they were are dashed. */
export default function TermsChart({ curves, label, axis, className }: TermsChartProps): ReactNode {
  const scheme = useComputedColorScheme()
  const option = useMemo(() => termsOption(curves, axis, scheme), [curves, axis, scheme])
  return <Chart option={option} label={label} className={className} />
}

function termsOption(curves: readonly TermErrors[], axis: string, _scheme: string) {
  const { text, line, panel } = chartColors()
  return {
    animation: false,
    grid: { left: 40, right: 8, top: 8, bottom: 34 },
    tooltip: {
      trigger: 'item',
      confine: true,
      backgroundColor: panel,
      borderColor: line,
      textStyle: { color: text, fontSize: 11 },
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
