import fontUrl from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url'
import { AppError } from '#shared/errors'
import { focusedCanvas } from './canvas-store'
import { sceneSvg } from './export/scene-svg'
import type { Area } from './scene/box-index'
import type { Scene } from './scene/scene'
import { visibleArea } from './viewport'
import { modelBaseName } from '../format/format-type'
import { handOver } from '../session/hand-over'
import { activeDocument, useSessionStore } from '../stores/session-store'

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
 * Hands the graph over as a file, named after the model. PNG is drawn at twice the size where that is possible and made
 * smaller where the graph is too large for one picture; SVG has no limit.
 * Throws AppError `bad-usage` where no graph is shown, `not-supported` where the browser cannot draw it.
 */
export async function exportGraphImage({ format, scope }: ImageOptions): Promise<void> {
  const { scene, viewport, theme, heat } = focusedCanvas().getState()
  if (scene === null) throw new AppError({ code: 'bad-usage', message: 'No graph is shown.', hint: 'Open a model and switch to its graph first.' })
  const area = scope === 'view' ? visibleArea(viewport, viewport) : wholeArea(scene)
  const svg = new Blob([sceneSvg(scene, { area, theme, heat, font: await readAsDataUrl(fontUrl) })], { type: 'image/svg+xml' })
  const document = activeDocument(useSessionStore.getState())
  const name = document === null ? 'graph' : modelBaseName(document.summary.path)
  handOver(format === 'svg' ? svg : await rasterize(svg, area), `${name}.${format}`)
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

async function rasterize(svg: Blob, { width, height }: Area): Promise<Blob> {
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
