import { MarkLineComponent } from 'echarts/components'
import { use as register } from 'echarts/core'
import { useMemo, type ReactNode } from 'react'
import type { ValueHistogram } from '#shared/measurement'
import { Chart, type ChartLook, useChartLook } from '../charts/chart'
import { axisText, formatInteger, significant } from '../format/format-number'

register([MarkLineComponent])

const MOST_BARS = 64

interface DistributionChartProps {
  readonly histogram: ValueHistogram
  /** A weight after quantization, over the same bins. */
  readonly quantized: ValueHistogram | null
  /** Where the chosen range ends; null for weights. */
  readonly range: { readonly min: number; readonly max: number } | null
  readonly label: string
  readonly className: string
}

/** How often values occur, on a logarithmic scale, with the range that was chosen. */
export default function DistributionChart({ histogram, quantized, range, label, className }: DistributionChartProps): ReactNode {
  const look = useChartLook()
  const option = useMemo(() => chartOption({ histogram, quantized, range }, look), [histogram, quantized, range, look])
  return <Chart option={option} label={label} className={className} />
}

function chartOption({ histogram, quantized, range }: Pick<DistributionChartProps, 'histogram' | 'quantized' | 'range'>, { text, line, accent, tooltip }: ChartLook) {
  const { min, max } = histogram
  const counts = merged(histogram.counts)
  const width = (max - min) / counts.length
  const middle = (at: number): number => min + (at + 0.5) * width
  const bars = (values: readonly number[], color: string, opacity: number) => ({
    type: 'bar',
    // A logarithmic axis has no zero.
    data: values.map((count, at) => [middle(at), count === 0 ? null : count]),
    barGap: '-100%',
    barWidth: '100%',
    itemStyle: { color, opacity },
    large: true,
  })
  const marks = range && {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: accent, type: 'dashed', width: 1 },
    label: { color: text, fontSize: 10, formatter: ({ value }: { value: number }) => axisNumber(value), position: 'end', distance: 2 },
    // Written inwards: outwards they would be cut off where the range ends with the values.
    data: [
      { xAxis: range.min, label: { align: 'left' } },
      { xAxis: range.max, label: { align: 'right' } },
    ],
  }
  return {
    animation: false,
    grid: { left: 4, right: 4, top: 16, bottom: 18 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      ...tooltip,
      formatter: (entries: { value: [number, number | null] }[]) => {
        const [first] = entries
        return first === undefined ? '' : `${significant(first.value[0] - width / 2)} … ${significant(first.value[0] + width / 2)}<br>${entries.map(({ value }) => formatInteger(value[1] ?? 0)).join(' → ')}`
      },
    },
    xAxis: { type: 'value', min, max, splitLine: { show: false }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: text, fontSize: 10, hideOverlap: true, showMinLabel: range === null, showMaxLabel: range === null, formatter: axisNumber }, splitNumber: 3 },
    yAxis: { type: 'log', min: 0.5, show: false },
    series: [{ ...bars(counts, quantized ? text : accent, quantized ? 0.45 : 0.8), ...(marks && { markLine: marks }) }, ...(quantized ? [bars(merged(quantized.counts), accent, 0.8)] : [])],
  }
}

/** Bars of less than some pixels are a comb, not a shape. */
function merged(counts: readonly number[]): number[] {
  const each = Math.ceil(counts.length / MOST_BARS)
  return Array.from({ length: Math.ceil(counts.length / each) }, (_, at) => counts.slice(at * each, (at + 1) * each).reduce((sum, count) => sum + count, 0))
}

function axisNumber(value: number): string {
  return axisText({ value: significant(value), unit: '' })
}
