import type { ImageOptions } from '../canvas/export-graph-image'
import { reportError } from './report-error'

/** Writes the graph, or what is seen of it, as an image; the drawing code is loaded when it is first needed. */
export async function exportImage(options: ImageOptions): Promise<void> {
  try {
    const { exportGraphImage } = await import('../canvas/export-graph-image')
    await exportGraphImage(options)
  } catch (error) {
    reportError(error)
  }
}
