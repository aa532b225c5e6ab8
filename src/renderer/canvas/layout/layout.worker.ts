/** Runs the layout off the window's thread. One list of requests in, one answer out; arrays change hands without being copied. */
import { layeredLayout } from './layered-layout'
import type { LayoutRequest, LayoutResult } from './layout-graph'

export type LayoutAnswer = { ok: true; results: LayoutResult[] } | { ok: false; message: string }

/** The worker's own scope; the DOM's types know only the window's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<readonly LayoutRequest[]>) => void) | null
  postMessage(answer: LayoutAnswer, transfer: Transferable[]): void
}

const scope = self as unknown as WorkerScope

scope.onmessage = (event) => {
  try {
    const results = event.data.map(layeredLayout)
    const arrays = results.flatMap((result) => Object.values(result).filter((value) => ArrayBuffer.isView(value)))
    scope.postMessage({ ok: true, results }, arrays.map((array) => array.buffer))
  } catch (error) {
    scope.postMessage({ ok: false, message: error instanceof Error ? error.message : String(error) }, [])
  }
}
