import { metricText } from '../evaluation/metric'
import { type Budget, budgetText } from './budget'
import { escapeMarkup } from './escape-markup'
import { paretoFront } from './pareto-front'
import type { ReportWords } from './report-words'
import { type AccuracyKind, accuracyOf, isHigherBetter, latencyOn, type VariantRow } from './variant-table'

const [WIDTH, HEIGHT] = [1032, 420]
const PLOT = { left: 88, right: WIDTH - 32, top: 28, bottom: HEIGHT - 52 }
const LARGEST_RADIUS = 26

export interface TradeoffPoint {
  readonly row: VariantRow
  readonly p50Ms: number
  readonly accuracy: number
  readonly cost: number
  readonly benefit: number
}

/** Rows that have both figures. Cost is the latency, benefit the accuracy, turned round where less is better. */
export function tradeoffPoints(rows: readonly VariantRow[], { device, accuracy }: { device: string; accuracy: AccuracyKind }): TradeoffPoint[] {
  const sign = isHigherBetter(accuracy.metric) ? 1 : -1
  return rows.flatMap((row) => {
    const latency = latencyOn(row, device)
    const found = accuracyOf(row, accuracy.key)
    return latency && found ? [{ row, p50Ms: latency.p50Ms, accuracy: found.value, cost: latency.p50Ms, benefit: sign * found.value }] : []
  })
}

/** Latency against accuracy as an SVG element; empty where nothing has both. */
export function tradeoffSvg(rows: readonly VariantRow[], { device, accuracy, budgets, words }: { device: string; accuracy: AccuracyKind; budgets: readonly Budget[]; words: ReportWords }): string {
  const points = tradeoffPoints(rows, { device, accuracy })
  if (points.length === 0) return ''
  const limits = budgets.filter(({ figure, atMost, device: only }) => (figure === 'p50Ms' || figure === 'p95Ms') && atMost !== undefined && (only === undefined || device.toLowerCase().includes(only.toLowerCase())))
  const slowest = Math.max(...points.map(({ p50Ms }) => p50Ms))
  // A budget far away would press the points together; then its line is left to the table.
  const near = limits.filter(({ atMost = 0 }) => atMost <= 4 * slowest)
  const toX = scale([0, 1.12 * Math.max(slowest, ...near.map(({ atMost = 0 }) => atMost))], [PLOT.left, PLOT.right])
  const values = points.map((point) => point.accuracy)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const margin = Math.max((high - low) * 0.25, Math.abs(high) * 0.005, 1e-6)
  const [bottom, top] = isHigherBetter(accuracy.metric) ? [low - margin, high + margin] : [high + margin, low - margin]
  const toY = scale([bottom, top], [PLOT.bottom, PLOT.top])
  const largest = Math.max(...points.map(({ row }) => row.sizeBytes))
  const front = paretoFront(points)
  const placed: Box[] = []
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words.plotLabel(accuracy.metric)}">`,
    ...ticks(toX.domain).map((value) => `<line class="axis" x1="${toX(value)}" x2="${toX(value)}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text x="${toX(value)}" y="${PLOT.bottom + 18}" text-anchor="middle">${value} ms</text>`),
    ...ticks(toY.domain).map((value) => `<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${toY(value)}" y2="${toY(value)}"/><text x="${PLOT.left - 8}" y="${toY(value) + 4}" text-anchor="end">${metricText(accuracy.metric, value)}</text>`),
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${words.latencyAxis}</text>`,
    ...near.map((budget) => `<line class="budget" x1="${toX(budget.atMost ?? 0)}" x2="${toX(budget.atMost ?? 0)}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text class="limit" x="${toX(budget.atMost ?? 0) + 6}" y="${PLOT.top + 12}">${escapeMarkup(`${budget.name}: ${budgetText(budget, words.figures)}`)}</text>`),
    `<polyline class="front" points="${front.map((point) => `${toX(point.p50Ms)},${toY(point.accuracy)}`).join(' ')}"/>`,
    ...points.map((point) => {
      const [x, y] = [toX(point.p50Ms), toY(point.accuracy)]
      const radius = Math.max(4, LARGEST_RADIUS * Math.sqrt(point.row.sizeBytes / largest))
      const isLeft = x > PLOT.right - 180
      const width = NAME_PIXELS * point.row.name.length
      const from = isLeft ? x - radius - 6 - width : x + radius + 6
      const baseline = freeLine({ from, to: from + width, y: y + 4 }, placed)
      return `<circle class="dot${front.includes(point) ? '' : ' off'}" cx="${x}" cy="${y}" r="${radius.toFixed(1)}"><title>${escapeMarkup(point.row.name)}</title></circle><text class="name" x="${isLeft ? x - radius - 6 : x + radius + 6}" y="${baseline}" text-anchor="${isLeft ? 'end' : 'start'}">${escapeMarkup(point.row.name)}</text>`
    }),
    '</svg>',
  ].join('')
}

/** Of a name as it is drawn; wide letters take more, narrow ones less. */
const NAME_PIXELS = 7
const LINE_PIXELS = 14

interface Box {
  readonly from: number
  readonly to: number
  readonly y: number
}

/** The first baseline, at the point's own or below it, where a name covers none of those placed; it is placed there. */
function freeLine(name: Box, placed: Box[]): number {
  const covers = (y: number) => placed.some((other) => other.from < name.to && name.from < other.to && Math.abs(other.y - y) < LINE_PIXELS)
  let { y } = name
  while (covers(y)) y += LINE_PIXELS
  placed.push({ ...name, y })
  return y
}

interface Scale {
  (value: number): number
  readonly domain: readonly [number, number]
}

function scale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const span = domain[1] - domain[0] || 1
  const to = (value: number) => Math.round((range[0] + ((value - domain[0]) / span) * (range[1] - range[0])) * 10) / 10
  return Object.assign(to, { domain })
}

/** Four to eight round numbers between the ends. */
function ticks([a, b]: readonly [number, number]): number[] {
  const [low, high] = [Math.min(a, b), Math.max(a, b)]
  const rough = (high - low) / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const found: number[] = []
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(Number(value.toPrecision(12)))
  return found
}
