import { reportError } from './report-error'

/** Writes the whole graph as an image; the drawing code is loaded when it is first needed. */
export async function exportImage(format: 'svg' | 'png'): Promise<void> {
  try {
    const { exportGraphImage } = await import('../canvas/export-graph-image')
    await exportGraphImage({ format, scope: 'graph' })
  } catch (error) {
    reportError(error)
  }
}
