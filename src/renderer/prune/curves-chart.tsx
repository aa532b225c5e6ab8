import { useMemo, type ReactNode } from 'react'
import type { PruneCurve } from '#shared/prune'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'
import { layerLabel } from './prune-choice'

interface CurvesChartProps {
  readonly curves: readonly PruneCurve[]
  readonly label: string
  readonly axis: string
  /** By the layer that stands for a group: the colour it has on the graph. */
  readonly colourOf: (nodeId: number) => string | null
  readonly className: string
}

/** Ratio against error, one line for each group of layers. */
export default function CurvesChart({ curves, label, axis, colourOf, className }: CurvesChartProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => curvesOption(curves, { axis, colourOf }, look), [curves, axis, colourOf, look])
  return <Chart option={option} label={label} className={className} />
}

function curvesOption(curves: readonly PruneCurve[], { axis, colourOf }: Pick<CurvesChartProps, 'axis' | 'colourOf'>, { text, line, tooltip }: ChartLook) {
  return {
    animation: false,
    grid: { left: 40, right: 8, top: 8, bottom: 34 },
    tooltip: {
      trigger: 'item',
      confine: true,
      ...tooltip,
      formatter: ({ seriesName, value: [cut, error] }: { seriesName: string; value: [number, number] }) => `${seriesName}<br>−${Math.round(cut)} %: ${error.toFixed(1)} %`,
    },
    xAxis: { type: 'value', min: 0, max: 100, name: axis, nameLocation: 'middle', nameGap: 20, nameTextStyle: { color: text, fontSize: 11 }, axisLabel: { color: text, fontSize: 10, formatter: '{value} %' }, axisLine: { lineStyle: { color: line } }, splitLine: { show: false } },
    yAxis: { type: 'value', min: 0, max: (range: { max: number }) => Math.min(100, Math.ceil(range.max / 10) * 10), axisLabel: { color: text, fontSize: 10, formatter: '{value} %' }, splitLine: { lineStyle: { color: line } } },
    series: curves.map(({ layers, channels, points }) => {
      const color = colourOf(layers[0]?.nodeId ?? 0) ?? text
      return {
        type: 'line',
        name: layers[0] ? layerLabel(layers[0]) : '',
        data: points.map((point) => [100 * (1 - point.channels / channels), 100 * point.error]),
        symbolSize: 5,
        lineStyle: { width: 1.5, color },
        itemStyle: { color },
      }
    }),
  }
}
