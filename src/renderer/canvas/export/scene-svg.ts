/** Writes a scene as an SVG document of its own, with text as text: works for any size, without a page. */
import type { Theme } from '../canvas-store'
import { categoryColours, palettes, type Palette } from '../palette'
import type { Area } from '../scene/box-index'
import { HEADER_HEIGHT, LABEL_SIZE, PADDING, ROW_GAP, ROW_HEIGHT, ROW_SIZE, TITLE_SIZE } from '../scene/box-size'
import type { BoxRow, GroupBox, OpBox } from '../scene/canvas-graph'
import { edgePath } from '../scene/edge-path'
import { paintOf, type Heat } from '../scene/heat'
import { boxArea, shownPortals, type PortalEnd, type Scene } from '../scene/scene'
import { fitText, textWidth } from '../scene/text-width'

export interface SvgOptions {
  /** The part of the scene to draw. */
  area: Area
  theme: Theme
  heat: Heat | null
  /** The font's file as a data URL: pictures cannot use the page's fonts, and other machines may not have it. */
  font: string
}

const FONT = 'Inter, system-ui, sans-serif'

export function sceneSvg(scene: Scene, { font, ...options }: SvgOptions): string {
  const { width, height } = pictureSize(options.area)
  return svgDocument({ width, height, font }, [sceneElement(scene, options)])
}

/** An SVG document with a font of its own. */
export function svgDocument({ width, height, font }: { width: number; height: number; font: string }, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="${ROW_SIZE}">`,
    `<style>@font-face{font-family:Inter;font-weight:100 900;src:url(${font}) format('woff2')}</style>`,
    ...content,
    '</svg>',
  ].join('\n')
}

export function pictureSize({ width, height }: Area): { width: number; height: number } {
  return { width: Math.max(1, Math.ceil(width)), height: Math.max(1, Math.ceil(height)) }
}

/** A scene as an element that stands at a place of a picture. */
export function sceneElement(scene: Scene, { area, theme, heat, x = 0, y = 0 }: Omit<SvgOptions, 'font'> & { x?: number; y?: number }): string {
  const palette = palettes[theme]
  const edges = scene.edgeIndex.query(area)
  const drawing: Drawing = { scene, palette, theme, heat }
  const { width, height } = pictureSize(area)
  return [
    `<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="${n(area.x)} ${n(area.y)} ${width} ${height}">`,
    `<rect x="${n(area.x)}" y="${n(area.y)}" width="${width}" height="${height}" fill="${palette.surface}"/>`,
    `<g fill="none" stroke="${palette.edge}" stroke-width="1.25">`,
    ...edges.map((edge) => `<path d="${edgePath(scene.layout, edge)}"${scene.graph.edges[edge]?.captured === true ? ' stroke-dasharray="4 3"' : ''}/>`),
    '</g>',
    `<g fill="${palette.dim}" font-size="${LABEL_SIZE}" text-anchor="middle" stroke="${palette.surface}" stroke-width="5" stroke-linejoin="round" paint-order="stroke">`,
    ...edges.map((edge) => edgeLabel(scene, edge)),
    '</g>',
    ...scene.boxIndex.query(area).map((box) => boxSvg(drawing, box)),
    '</svg>',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

interface Drawing {
  scene: Scene
  palette: Palette
  theme: Theme
  heat: Heat | null
}

function edgeLabel({ graph, layout }: Scene, edge: number): string {
  const x = layout.labelX[edge] ?? NaN
  const label = graph.values[graph.edges[edge]?.value ?? -1]?.label ?? ''
  return Number.isNaN(x) || label === '' ? '' : `<text x="${n(x)}" y="${n(layout.labelY[edge] ?? 0)}" dy="0.35em">${escape(label)}</text>`
}

function boxSvg(drawing: Drawing, index: number): string {
  const { scene, palette } = drawing
  const box = scene.graph.boxes[index]
  const { x, y, width, height } = boxArea(scene.layout, index)
  if (box === undefined) return ''
  const portals = scene.portals.get(index)
  const frame = (radius: number, fill: string) =>
    `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${radius}" fill="${fill}" stroke="${palette.boxLine}"/>`
  const rows = [
    ...portalLines(scene, portals?.entering ?? []),
    ...(box.kind === 'op' ? box.rows.map(rowLine) : []),
    ...portalLines(scene, portals?.leaving ?? []),
  ]
  const rowTexts = rows.map((row, place) => rowSvg(row, { x, y: y + HEADER_HEIGHT + place * ROW_HEIGHT, width }, palette))
  if (box.kind === 'group') return groupSvg(drawing, index, box)
  if (box.kind !== 'op') {
    const title = text(fitText(box.value.name, width - 2 * PADDING, TITLE_SIZE), { x: x + width / 2, y: y + HEADER_HEIGHT / 2, fill: palette.terminalText, anchor: 'middle', size: TITLE_SIZE })
    return `<g>${frame(HEADER_HEIGHT / 2, palette.terminal)}${title}${rowTexts.join('')}</g>`
  }
  return `<g>${frame(4, palette.box)}${headerSvg(drawing, index, box)}${rowTexts.join('')}</g>`
}

/** A folded group as a box, an unfolded one as a frame below what is in it. */
function groupSvg({ scene, palette, theme, heat }: Drawing, index: number, { group, expanded }: GroupBox): string {
  const { x, y, width, height } = boxArea(scene.layout, index)
  const portals = scene.portals.get(index)
  const warmth = heat?.values.get(index)
  const colours = warmth === undefined ? { background: palette.group, text: palette.groupText } : paintOf(warmth, theme)
  const entering = portalLines(scene, portals?.entering ?? [])
  const leaving = portalLines(scene, portals?.leaving ?? [])
  const badge = group.alike.length > 1 ? `× ${group.alike.length}` : ''
  const titleRoom = width - 2 * PADDING - textWidth(badge, ROW_SIZE)
  return [
    '<g>',
    `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="4" fill="${expanded ? palette.group : palette.box}"${expanded ? ' fill-opacity="0.14"' : ''} stroke="${palette.boxLine}"/>`,
    `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${HEADER_HEIGHT}" rx="4" fill="${colours.background}"/>`,
    text(fitText(group.title, titleRoom, TITLE_SIZE, 'semibold'), { x: x + PADDING, y: y + HEADER_HEIGHT / 2, fill: colours.text, size: TITLE_SIZE, weight: 600 }),
    badge === '' ? '' : text(badge, { x: x + width - PADDING, y: y + HEADER_HEIGHT / 2, fill: colours.text, size: ROW_SIZE, anchor: 'end' }),
    ...entering.map((row, place) => rowSvg(row, { x, y: y + HEADER_HEIGHT + place * ROW_HEIGHT, width }, palette)),
    ...leaving.map((row, place) => rowSvg(row, { x, y: y + height - (leaving.length - place) * ROW_HEIGHT, width }, palette)),
    expanded ? '' : rowSvg({ label: `${group.nodeIds.length}`, text: '', tone: 'dim' }, { x, y: y + HEADER_HEIGHT + entering.length * ROW_HEIGHT, width }, palette),
    '</g>',
  ].join('')
}

function headerSvg({ scene, palette, theme, heat }: Drawing, index: number, box: OpBox): string {
  const { x, y, width, height } = boxArea(scene.layout, index)
  const warmth = heat?.values.get(index)
  const colours =
    heat === null
      ? { background: categoryColours[box.category], text: '#ffffff' }
      : warmth === undefined
        ? { background: palette.unmeasured, text: palette.unmeasuredText }
        : paintOf(warmth, theme)
  // Round corners above; square ones below where rows follow.
  const lower = height > HEADER_HEIGHT ? `h${n(width)}` : `q0 4 4 4h${n(width - 8)}q4 0 4 -4`
  const side = height > HEADER_HEIGHT ? HEADER_HEIGHT - 4 : HEADER_HEIGHT - 8
  const shape = `<path d="M${n(x)} ${n(y + 4)}v${side}${lower}v${-side}q0 -4 -4 -4h${n(8 - width)}q-4 0 -4 4z" fill="${colours.background}"/>`
  const title = text(fitText(box.node.opType, width - 2 * PADDING, TITLE_SIZE, 'semibold'), { x: x + PADDING, y: y + HEADER_HEIGHT / 2, fill: colours.text, size: TITLE_SIZE, weight: 600 })
  return shape + title + (warmth === undefined || warmth.text === '' ? '' : figureSvg(warmth.text, x + width, y, palette))
}

function figureSvg(figure: string, right: number, top: number, palette: Palette): string {
  const width = Math.ceil(textWidth(figure, 10)) + 8
  const x = right + 4 - width
  return `<rect x="${n(x)}" y="${n(top - 9)}" width="${width}" height="16" rx="4" fill="${palette.box}" stroke="${palette.boxLine}"/>${text(figure, { x: x + 4, y: top - 1, fill: palette.text, size: 10 })}`
}

interface Line {
  label: string
  text: string
  tone: 'plain' | 'dim' | 'accent'
}

function rowLine(row: BoxRow): Line {
  switch (row.kind) {
    case 'name':
      return { label: row.text, text: '', tone: 'dim' }
    case 'more':
      return { label: `+ ${row.count}`, text: '', tone: 'dim' }
    case 'subgraph':
      return { label: row.label, text: '›', tone: 'plain' }
    case 'weight':
    case 'constant':
    case 'outer':
    case 'attribute':
      return { label: row.label, text: row.text, tone: 'plain' }
  }
}

function portalLines({ graph }: Scene, ends: readonly PortalEnd[]): Line[] {
  const { shown, more } = shownPortals(ends)
  const lines = shown.map(({ value }): Line => ({ label: `▸ ${graph.values[value]?.name ?? ''}`, text: '', tone: 'accent' }))
  return more === 0 ? lines : [...lines, { label: `+ ${more}`, text: '', tone: 'dim' }]
}

function rowSvg({ label, text: value, tone }: Line, { x, y, width }: { x: number; y: number; width: number }, palette: Palette): string {
  const room = width - 2 * PADDING
  const shownLabel = fitText(label, room, ROW_SIZE)
  const middle = y + ROW_HEIGHT / 2
  const left = text(shownLabel, { x: x + PADDING, y: middle, fill: tone === 'accent' ? palette.accent : palette.dim, size: ROW_SIZE })
  const rest = room - textWidth(shownLabel, ROW_SIZE) - ROW_GAP
  if (value === '' || rest < ROW_SIZE) return left
  return left + text(fitText(value, rest, ROW_SIZE), { x: x + width - PADDING, y: middle, fill: palette.text, anchor: 'end', size: ROW_SIZE })
}

export interface TextStyle {
  x: number
  y: number
  fill: string
  size: number
  anchor?: 'middle' | 'end'
  weight?: number
}

export function text(content: string, { x, y, fill, size, anchor, weight }: TextStyle): string {
  const anchored = anchor === undefined ? '' : ` text-anchor="${anchor}"`
  const weighted = weight === undefined ? '' : ` font-weight="${weight}"`
  return `<text x="${n(x)}" y="${n(y)}" dy="0.35em" fill="${fill}" font-size="${size}"${anchored}${weighted}>${escape(content)}</text>`
}

/** XML has no place for most control characters, which names may hold. */
function escape(content: string): string {
  const clean = Array.from(content, (character) => (character < ' ' ? ' ' : character)).join('')
  return clean.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10)
}
