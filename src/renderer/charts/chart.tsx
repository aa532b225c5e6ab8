import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { init, use as register, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useMemo, useRef, useSyncExternalStore, type ReactNode } from 'react'

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

/** Colours of the theme as a chart takes them, and the look of what it says under the pointer. */
export interface ChartLook {
  readonly text: string
  readonly line: string
  readonly accent: string
  readonly panel: string
  readonly tooltip: { readonly backgroundColor: string; readonly borderColor: string; readonly textStyle: { readonly color: string; readonly fontSize: number } }
}

/** The look of the page's theme; another object once the theme is another. */
export function useChartLook(): ChartLook {
  const scheme = useSyncExternalStore(onSchemeChange, schemeOfPage)
  return useMemo(() => chartLook(scheme), [scheme])
}

/** The page's own attribute: components already draw with the new scheme while the page still has the old one's colours. */
const SCHEME_ATTRIBUTE = 'data-mantine-color-scheme'

function schemeOfPage(): string {
  return document.documentElement.getAttribute(SCHEME_ATTRIBUTE) ?? ''
}

function onSchemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: [SCHEME_ATTRIBUTE] })
  return () => observer.disconnect()
}

/** Read from the page, because canvases know no CSS variables; the page has those of the scheme. */
function chartLook(_scheme: string): ChartLook {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const [text, line, accent, panel] = [color('--text-dim'), color('--line'), color('--accent'), color('--surface-panel')]
  return { text, line, accent, panel, tooltip: { backgroundColor: panel, borderColor: line, textStyle: { color: text, fontSize: 11 } } }
}
