import { useMemo, type ReactNode } from 'react'
import type { MemoryPlan } from '#shared/ipc/memory-plan'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'
import { formatBytes, quantityText } from '../format/format-number'

interface MemoryChartProps {
  readonly before: MemoryPlan
  /** Of the previewed result; null where there is none. */
  readonly after: MemoryPlan | null
  readonly names: { readonly before: string; readonly after: string }
  readonly label: string
  readonly className: string
}

/** Bytes in use while each node runs, in order; the result of a preview over the source, both from start to end. */
export default function MemoryChart({ before, after, names, label, className }: MemoryChartProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => memoryOption({ before, after, names }, look), [before, after, names, look])
  return <Chart option={option} label={label} className={className} />
}

function memoryOption({ before, after, names }: Pick<MemoryChartProps, 'before' | 'after' | 'names'>, { text, accent, tooltip }: ChartLook) {
  // Positions are shares of the whole run, so that models of different length lie over each other.
  const points = ({ steps }: MemoryPlan) => steps.map(({ liveBytes }, at) => [(100 * (at + 0.5)) / steps.length, liveBytes])
  const series = (plan: MemoryPlan, name: string, isFaint: boolean) => ({
    name,
    type: 'line',
    step: 'middle',
    data: points(plan),
    showSymbol: false,
    lineStyle: { color: isFaint ? text : accent, width: 1, opacity: isFaint ? 0.7 : 1 },
    itemStyle: { color: isFaint ? text : accent },
    areaStyle: { color: isFaint ? text : accent, opacity: isFaint ? 0.08 : 0.16 },
  })
  const plans: readonly [MemoryPlan, string][] = after ? [[before, names.before], [after, names.after]] : [[before, names.before]]
  const tip = (entries: { seriesIndex: number; dataIndex: number }[]): string =>
    entries
      .map(({ seriesIndex, dataIndex }) => {
        const [plan, name] = plans[seriesIndex] ?? []
        const step = plan?.steps[dataIndex]
        return step === undefined ? '' : `${plans.length > 1 ? `${name ?? ''}: ` : ''}${quantityText(formatBytes(step.liveBytes))} · ${escape(step.opType)}`
      })
      .join('<br>')
  return {
    animation: false,
    grid: { left: 2, right: 2, top: 8, bottom: 4 },
    tooltip: { trigger: 'axis', confine: true, ...tooltip, formatter: tip },
    xAxis: { type: 'value', min: 0, max: 100, show: false },
    yAxis: { type: 'value', min: 0, show: false },
    series: plans.map(([plan, name], at) => series(plan, name, at === 0 && after !== null)),
  }
}

/** Operators may be called anything, and ECharts takes the text for HTML. */
function escape(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
}
