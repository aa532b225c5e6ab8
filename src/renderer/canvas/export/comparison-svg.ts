/** Two scenes beside each other as one SVG document, with the colours of their differences explained. */
import type { Theme } from '../canvas-store'
import { palettes } from '../palette'
import { TITLE_SIZE } from '../scene/box-size'
import type { Scene } from '../scene/scene'
import { textWidth } from '../scene/text-width'
import type { Area } from '../scene/box-index'
import type { Heat } from '../scene/heat'
import { pictureSize, sceneElement, svgDocument, text } from './scene-svg'

export interface ComparisonSide {
  readonly scene: Scene
  readonly area: Area
  readonly heat: Heat | null
  readonly title: string
}

export interface LegendEntry {
  readonly label: string
  readonly colour: string
}

export interface Picture {
  readonly svg: string
  /** Pixels at 100 %. */
  readonly width: number
  readonly height: number
}

const MARGIN = 16
const LINE = 32
const SWATCH = 10
const GAP = 24

export function comparisonSvg(sides: readonly ComparisonSide[], legend: readonly LegendEntry[], { theme, font }: { theme: Theme; font: string }): Picture {
  const palette = palettes[theme]
  const legendWidth = legend.reduce((sum, { label }) => sum + SWATCH + 6 + textWidth(label, TITLE_SIZE) + GAP, MARGIN)
  const sizes = sides.map(({ area }) => pictureSize(area))
  const width = Math.ceil(Math.max(legendWidth, sizes.reduce((sum, size) => sum + size.width, 0)))
  const height = 2 * LINE + Math.max(...sizes.map((size) => size.height))
  let left = 0
  const graphs = sides.flatMap(({ scene, area, heat, title }, index) => {
    const x = left
    left += sizes[index]?.width ?? 0
    return [
      sceneElement(scene, { area, theme, heat, x, y: 2 * LINE }),
      text(title, { x: x + MARGIN, y: 1.5 * LINE, fill: palette.text, size: TITLE_SIZE, weight: 600 }),
      index === 0 ? '' : `<path d="M${x} ${LINE}V${height}" stroke="${palette.boxLine}"/>`,
    ]
  })
  let at = MARGIN
  const entries = legend.flatMap(({ label, colour }) => {
    const x = at
    at += SWATCH + 6 + textWidth(label, TITLE_SIZE) + GAP
    return [`<rect x="${x}" y="${(LINE - SWATCH) / 2}" width="${SWATCH}" height="${SWATCH}" rx="2" fill="${colour}"/>`, text(label, { x: x + SWATCH + 6, y: LINE / 2, fill: palette.text, size: TITLE_SIZE })]
  })
  const ground = `<rect width="${width}" height="${height}" fill="${palette.surface}"/><path d="M0 ${LINE}H${width}" stroke="${palette.boxLine}"/>`
  return { svg: svgDocument({ width, height, font }, [ground, ...entries, ...graphs].filter((part) => part !== '')), width, height }
}
