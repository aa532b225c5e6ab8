import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { AppError } from '#shared/errors'
import type { GraphPicture } from '#shared/graph-picture'

/** So many pixels take a quarter gigabyte while they are drawn. */
const MAX_PIXELS = 64_000_000
const MAX_SIDE = 32_767
const SCALE = 2
/** Smaller, and no word can be read. */
const LEAST_SCALE = 0.5

// Not called `require`: the bundler declares that name itself.
const resolver = createRequire(import.meta.url)
const LATIN = 'latin'
const SCRIPTS = [LATIN, 'latin-ext', 'greek', 'cyrillic']

/** The picture as PNG, at twice the size where that is possible. Throws AppError `not-supported` where it would be too large to be read. */
export async function rasterize({ svg, width, height }: GraphPicture): Promise<Uint8Array> {
  const scale = Math.min(SCALE, MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_PIXELS / (width * height)))
  if (scale < LEAST_SCALE) {
    throw new AppError({ code: 'not-supported', message: `The picture is ${width} × ${height} px, too large for a PNG that can be read.`, hint: 'Write an SVG instead, which has no limit of size.' })
  }
  await loadRasterizer()
  // The font has no such sign.
  const drawing = new Resvg(svg.replaceAll('▸', '›'), {
    font: { fontBuffers: SCRIPTS.map(fontFile), defaultFontFamily: 'Inter', sansSerifFamily: 'Inter' },
    fitTo: { mode: 'zoom', value: scale },
  })
  try {
    const image = drawing.render()
    const png = image.asPng()
    image.free()
    return png
  } finally {
    drawing.free()
  }
}

/** The window's font, for text in an SVG. */
export function fontDataUrl(): string {
  return `data:font/woff2;base64,${Buffer.from(fontFile(LATIN)).toString('base64')}`
}

let loading: Promise<void> | null = null

/** Once in a process: the module refuses a second time. */
function loadRasterizer(): Promise<void> {
  loading ??= initWasm(readFileSync(resolver.resolve('@resvg/resvg-wasm/index_bg.wasm')))
  return loading
}

function fontFile(script: string): Uint8Array {
  return new Uint8Array(readFileSync(resolver.resolve(`@fontsource-variable/inter/files/inter-${script}-wght-normal.woff2`)))
}
