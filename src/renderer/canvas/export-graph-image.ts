import fontUrl from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url'
import i18next from 'i18next'
import { AppError } from '#shared/errors'
import { comparedCanvases, focusedCanvas, type CanvasStore } from './canvas-store'
import { diffTones, type Side } from './compare/compare-index'
import { comparisonSvg, type Picture, type ComparisonSide } from './export/comparison-svg'
import { pictureSize, sceneSvg } from './export/scene-svg'
import type { Area } from './scene/box-index'
import { diffColour, type Heat } from './scene/heat'
import type { Scene } from './scene/scene'
import { visibleArea } from './viewport'
import { modelBaseName } from '../format/format-type'
import { shownPair } from '../session/compare-models'
import { modelTitle } from '../session/document-title'
import { handOver } from '../session/hand-over'
import { isPair, useCompareStore, type ComparedPair } from '../stores/compare-store'
import { openDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore } from '../stores/variants-store'

export interface ImageOptions {
  format: 'svg' | 'png'
  /** What the window shows, or all of the graph. */
  scope: 'view' | 'graph'
}

/** Canvases of browsers end at 16 384 pixels a side; this many pixels keep the picture under a quarter gigabyte. */
const MAX_SIDE = 16_384
const MAX_PIXELS = 64_000_000
const MARGIN = 24

/**
 * Hands the graph over as a file, named after the model; where two models stand side by side, both with their differences. PNG is
 * drawn at twice the size where that is possible and made smaller where the graph is too large for one picture; SVG has no limit.
 * Throws AppError `bad-usage` where no graph is shown, `not-supported` where the browser cannot draw it.
 */
export async function exportGraphImage({ format, scope }: ImageOptions): Promise<void> {
  const font = await readAsDataUrl(fontUrl)
  const pair = shownPair()
  const { svg, width, height } = pair === null ? graphPicture(scope, font) : comparisonPicture(pair, scope, font)
  const blob = new Blob([svg], { type: 'image/svg+xml' })
  const names = (pair === null ? [useSessionStore.getState().activeDocumentId] : [pair.a, pair.b]).map((id) => openDocument(useSessionStore.getState(), id)?.summary.path ?? 'graph')
  handOver(format === 'svg' ? blob : await rasterize(blob, { width, height }), `${names.map(modelBaseName).join('-')}.${format}`)
}

function graphPicture(scope: ImageOptions['scope'], font: string): Picture {
  const { theme } = focusedCanvas().getState()
  const { scene, area, heat } = shownIn(focusedCanvas(), scope)
  return { svg: sceneSvg(scene, { area, theme, heat, font }), ...pictureSize(area) }
}

function comparisonPicture(pair: ComparedPair, scope: ImageOptions['scope'], font: string): Picture {
  const { theme } = focusedCanvas().getState()
  const state = useSessionStore.getState()
  const { bySource } = useVariantsStore.getState()
  const side = (name: Side): ComparisonSide => ({
    ...shownIn(comparedCanvases[name], scope),
    title: `${name.toUpperCase()}  ${modelTitle(bySource, openDocument(state, pair[name])?.summary.path ?? '')}`,
  })
  const { comparison } = useCompareStore.getState()
  const counts = comparison !== null && isPair(comparison.pair, pair) ? comparison.found?.index.counts : undefined
  const legend = diffTones.flatMap((tone) => (counts === undefined || counts[tone] === 0 ? [] : [{ label: `${i18next.t(`canvas:compare.tones.${tone}`)} ${counts[tone]}`, colour: diffColour(tone).background }]))
  return comparisonSvg([side('a'), side('b')], legend, { theme, font })
}

function shownIn(canvas: CanvasStore, scope: ImageOptions['scope']): { scene: Scene; area: Area; heat: Heat | null } {
  const { scene, viewport, heat } = canvas.getState()
  if (scene === null) throw new AppError({ code: 'bad-usage', message: 'No graph is shown.', hint: 'Open a model and switch to its graph first.' })
  return { scene, area: scope === 'view' ? visibleArea(viewport, viewport) : wholeArea(scene), heat }
}

async function readAsDataUrl(url: string): Promise<string> {
  const file = await (await fetch(url)).blob()
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => (typeof reader.result === 'string' ? resolve(reader.result) : reject(new Error('internal: a data URL is text')))
    reader.onerror = () => reject(reader.error ?? new Error('internal: the font could not be read'))
    reader.readAsDataURL(file)
  })
}

function wholeArea({ layout }: Scene): Area {
  return { x: -MARGIN, y: -MARGIN, width: layout.totalWidth + 2 * MARGIN, height: layout.totalHeight + 2 * MARGIN }
}

async function rasterize(svg: Blob, { width, height }: Pick<Area, 'width' | 'height'>): Promise<Blob> {
  const scale = Math.min(2, MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_PIXELS / (width * height)))
  const url = URL.createObjectURL(svg)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.floor(width * scale))
    canvas.height = Math.max(1, Math.floor(height * scale))
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    if (png === null) throw new AppError({ code: 'not-supported', message: 'The graph is too large for a PNG.', hint: 'Export it as SVG.' })
    return png
  } finally {
    URL.revokeObjectURL(url)
  }
}
