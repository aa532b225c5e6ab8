/** Asks the layout worker. A newer request supersedes the one under way. */
import type { Disposer } from '#shared/disposer'
import { distinctRequests } from './distinct-requests'
import type { LayoutRequest, LayoutResult } from './layout-graph'
import type { LayoutAnswer } from './layout.worker'

/** A worker busy with a superseded request longer than this is ended; a shorter one is let finish, as starting anew costs more. */
const PATIENCE_MS = 100

export interface LayoutClient {
  /** Arranges several graphs, one answer each in their order, equal ones sharing theirs; null when a newer request took its place. */
  layout(requests: readonly LayoutRequest[]): Promise<LayoutResult[] | null>
  dispose: Disposer
}

interface Pending {
  requests: readonly LayoutRequest[]
  /** Which answer belongs to each of the requests that were asked for. */
  places: readonly number[]
  startedAt: number
  resolve: (results: LayoutResult[] | null) => void
  reject: (error: Error) => void
}

/** `start` makes the worker; it is called at once, so that the first layout does not wait for it. */
export function createLayoutClient(start: () => Worker): LayoutClient {
  let worker = start()
  let running: Pending | null = null
  let superseded = false
  let next: Pending | null = null

  const listen = () => {
    worker.onmessage = (event: MessageEvent<LayoutAnswer>) => finish(event.data)
    worker.onerror = (event) => finish({ ok: false, message: event.message })
  }
  const run = (pending: Pending) => {
    running = { ...pending, startedAt: performance.now() }
    superseded = false
    const arrays = pending.requests.flatMap((request) => Object.values(request).filter((value) => ArrayBuffer.isView(value)))
    worker.postMessage(pending.requests, [...new Set(arrays.map((array) => array.buffer))])
  }
  const finish = (answer: LayoutAnswer) => {
    const done = running
    running = null
    if (done !== null && !superseded) {
      if (answer.ok) done.resolve(done.places.flatMap((place) => answer.results[place] ?? []))
      else done.reject(new Error(`internal: the layout failed: ${answer.message}`))
    }
    const following = next
    next = null
    if (following !== null) run(following)
  }
  const supersede = () => {
    next?.resolve(null)
    next = null
    if (running === null || superseded) return
    running.resolve(null)
    superseded = true
  }
  listen()

  return {
    layout: (requests) =>
      new Promise((resolve, reject) => {
        supersede()
        const { distinct, places } = distinctRequests(requests)
        const pending: Pending = { requests: distinct, places, startedAt: 0, resolve, reject }
        if (running === null) return run(pending)
        if (performance.now() - running.startedAt > PATIENCE_MS) {
          worker.terminate()
          worker = start()
          listen()
          return run(pending)
        }
        next = pending
      }),
    dispose: () => {
      supersede()
      worker.terminate()
    },
  }
}
