import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { init, use as register, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef, type ReactNode } from 'react'

register([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer])

interface ChartProps {
  readonly option: EChartsCoreOption
  /** What the chart shows, for those who cannot see it. */
  readonly label: string
  readonly className: string
}

/** An ECharts chart that follows its element's size. */
export function Chart({ option, label, className }: ChartProps): ReactNode {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (element.current === null) return
    const chart = init(element.current)
    chart.setOption(option)
    const observer = new ResizeObserver(() => chart.resize())
    observer.observe(element.current)
    return () => {
      observer.disconnect()
      chart.dispose()
    }
  }, [option])
  return <div ref={element} className={className} role="img" aria-label={label} />
}

/** The colours a chart takes from the theme: canvases know no CSS variables. */
export function chartColors(): { readonly text: string; readonly line: string; readonly accent: string; readonly panel: string } {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  return { text: color('--text-dim'), line: color('--line'), accent: color('--accent'), panel: color('--surface-panel') }
}
