/** Colours boxes by a figure (latency, multiply–accumulates, parameters), by the marks that a panel puts up, or by how two models differ. */
import type { CanvasGraph } from './canvas-graph'
import type { DiffTone } from '../compare/compare-index'
import { formatCount, formatMs, formatPercent, quantityText, type Quantity } from '../../format/format-number'
import type { GraphOverlay, OverlayMark } from '../../stores/overlay-store'
import { nodeLatencies, type BuiltInOverlay } from '../../stores/profile-store'
import type { ProfileResult } from '#shared/measurement'

/** How a node differs from the other model's; `text` may be empty. */
export interface ToneMark {
  readonly tone: DiffTone
  readonly text: string
}

export type HeatMark = OverlayMark | ToneMark

export interface Heat {
  /** By box; boxes without a figure are missing. */
  readonly values: ReadonlyMap<number, HeatMark>
  /** Null where the legend stands elsewhere. */
  readonly legend: GraphOverlay['legend'] | null
}

/** Null where there is nothing to colour by. */
export function heatOf(graph: CanvasGraph, overlay: BuiltInOverlay, profile: ProfileResult | null): Heat | null {
  if (overlay === 'none') return null
  const figures = new Map<number, number>()
  const shares = new Map<number, number>()
  const latencies = overlay === 'latency' && profile !== null ? nodeLatencies(profile) : null
  graph.boxes.forEach((box, index) => {
    if ((box.kind !== 'op' && box.kind !== 'group') || (box.kind === 'group' && box.expanded)) return
    if (overlay !== 'latency') {
      const { macs, parameterCount } = box.kind === 'op' ? box.node : box.group
      const figure = overlay === 'macs' ? macs : parameterCount
      if (figure !== null) figures.set(index, figure)
      return
    }
    const measured = (box.kind === 'op' ? [box.node.id] : box.group.nodeIds).flatMap((id) => latencies?.get(id) ?? [])
    if (measured.length === 0) return
    figures.set(index, measured.reduce((sum, { p50Ms }) => sum + p50Ms, 0))
    shares.set(index, measured.reduce((sum, { share }) => sum + share, 0))
  })
  const most = Math.max(0, ...figures.values())
  if (most === 0) return null
  const format = overlay === 'latency' ? formatMs : formatCount
  const values = new Map<number, OverlayMark>()
  for (const [box, figure] of figures) {
    if (figure === 0) continue
    const share = shares.get(box)
    const text = quantityText(format(figure))
    values.set(box, { level: levelOf(figure, most), text: share === undefined ? text : `${text} · ${quantityText(formatPercent(share))}` })
  }
  return { values, legend: { scale: scaleTexts(most, format) } }
}

/** The marks of a panel's overlay by box; a folded group shows the hottest of its nodes, or the group all of them share. */
export function markedHeat(graph: CanvasGraph, { nodes, legend }: GraphOverlay): Heat | null {
  const values = new Map<number, OverlayMark>()
  graph.boxes.forEach((box, index) => {
    if (box.kind === 'op') {
      const mark = nodes.get(box.node.id)
      if (mark !== undefined) values.set(index, mark)
    } else if (box.kind === 'group' && !box.expanded) {
      const mark = commonMark(box.group.nodeIds.flatMap((id) => nodes.get(id) ?? []))
      if (mark !== null) values.set(index, mark)
    }
  })
  return values.size === 0 ? null : { values, legend }
}

function commonMark(marks: readonly OverlayMark[]): OverlayMark | null {
  const [first] = marks
  if (first === undefined) return null
  if ('group' in first) return marks.every((mark) => 'group' in mark && mark.group === first.group) ? first : null
  return marks.reduce((hottest, mark) => ('level' in mark && 'level' in hottest && mark.level > hottest.level ? mark : hottest))
}

/** Figures of a graph span decades: the square root keeps the small ones apart. */
function levelOf(figure: number, most: number): number {
  return Math.sqrt(figure / most)
}

function scaleTexts(most: number, format: (value: number) => Quantity): [string, string, string] {
  return [quantityText(format(0)), quantityText(format(most / 4)), quantityText(format(most))]
}

interface Colour {
  red: number
  green: number
  blue: number
}

/**
 * From the surface's own tone to one strong tone, darker all the way in the light theme and lighter all the way in the dark
 * one: it reads by lightness alone, so also without colour vision.
 */
const STOPS: Record<'light' | 'dark', readonly Colour[]> = {
  light: [rgb(0xeef1f4), rgb(0xf6c98f), rgb(0xd9702e), rgb(0x8a2b12)],
  dark: [rgb(0x2b313a), rgb(0x7a4426), rgb(0xcf7a34), rgb(0xffd79a)],
}

/**
 * Twelve tones for groups, told apart by hue and by lightness in turn; more groups than tones start over. Text on them holds 4.5:1.
 */
const GROUP_TONES: readonly number[] = [0x2f6fb3, 0xe0a33a, 0x3f8f5b, 0xd98fb8, 0x7d55a8, 0x9fc76a, 0xa8452f, 0x7fc1d6, 0x6b5b3e, 0xc9b3e6, 0x1f6d73, 0xf0c9a0]

/** White text on them holds 4.5:1, so one set serves both themes. */
const DIFF_TONES: Record<DiffTone, number> = {
  removed: 0xb3363e,
  added: 0x2c7a44,
  replaced: 0x7650a8,
  attribute: 0x2f62b5,
  weights: 0xa8590f,
  shape: 0x0f7480,
  rewired: 0x96467f,
  qdq: 0x66707e,
}

export function diffColour(tone: DiffTone): { background: string; text: string } {
  return readable(rgb(DIFF_TONES[tone]))
}

export function paintOf(mark: HeatMark, theme: 'light' | 'dark'): { background: string; text: string } {
  if ('level' in mark) return heatColour(mark.level, theme)
  if ('tone' in mark) return diffColour(mark.tone)
  return groupColour(mark.group)
}

export function groupColour(group: number): { background: string; text: string } {
  return readable(rgb(GROUP_TONES[group % GROUP_TONES.length] ?? 0))
}

export function heatColour(level: number, theme: 'light' | 'dark'): { background: string; text: string } {
  const stops = STOPS[theme]
  const place = Math.min(1, Math.max(0, level)) * (stops.length - 1)
  const from = stops[Math.floor(place)] ?? rgb(0)
  const to = stops[Math.min(stops.length - 1, Math.floor(place) + 1)] ?? from
  const part = place - Math.floor(place)
  const mix = (channel: keyof Colour) => Math.round(from[channel] + (to[channel] - from[channel]) * part)
  const colour = { red: mix('red'), green: mix('green'), blue: mix('blue') }
  return readable(colour)
}

/** Black and white read equally well, at 4.6 : 1, on a ground of this luminance; a softer black would fall below 4.5 around it. */
const BLACK_FROM = 0.179

function readable(colour: Colour): { background: string; text: string } {
  return { background: `rgb(${colour.red}, ${colour.green}, ${colour.blue})`, text: luminance(colour) > BLACK_FROM ? '#000000' : '#ffffff' }
}

/** Relative luminance as WCAG defines it. */
function luminance({ red, green, blue }: Colour): number {
  const linear = (channel: number) => (channel <= 10 ? channel / 3294 : ((channel / 255 + 0.055) / 1.055) ** 2.4)
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function rgb(hex: number): Colour {
  return { red: hex >> 16, green: (hex >> 8) & 0xff, blue: hex & 0xff }
}
