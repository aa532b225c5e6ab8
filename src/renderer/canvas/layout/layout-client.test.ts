import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLayoutClient } from './layout-client'
import { layeredLayout } from './layered-layout'
import type { LayoutRequest } from './layout-graph'

/** A worker whose thread is this one: it answers when told, so that a test can be in the middle of its work. */
class HeldWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null
  onerror: ((event: { message: string }) => void) | null = null
  readonly received: (readonly LayoutRequest[])[] = []
  ended = false

  postMessage(requests: readonly LayoutRequest[]): void {
    this.received.push(requests)
  }

  terminate(): void {
    this.ended = true
  }

  answer(): void {
    const requests = this.received.at(-1)
    if (requests) this.onmessage?.({ data: { ok: true, results: requests.map(layeredLayout) } })
  }
}

function request(nodes: number): LayoutRequest {
  return {
    direction: 'down',
    widths: new Float32Array(nodes).fill(80),
    heights: new Float32Array(nodes).fill(28),
    edgeSource: new Uint32Array(),
    edgeTarget: new Uint32Array(),
    edgeValue: new Uint32Array(),
    labelWidths: new Float32Array(),
    portalRowHeight: 20,
  }
}

function heldClient() {
  const workers: HeldWorker[] = []
  const client = createLayoutClient(() => {
    const worker = new HeldWorker()
    workers.push(worker)
    return worker as unknown as Worker
  })
  return { client, workers }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the layout client', () => {
  test('answers one request after the other from one worker', async () => {
    const { client, workers } = heldClient()
    const first = client.layout([request(2)])
    workers[0]?.answer()
    expect((await first)?.[0]?.x.length).toBe(2)
    const second = client.layout([request(3)])
    workers[0]?.answer()
    expect((await second)?.[0]?.x.length).toBe(3)
    expect(workers.length).toBe(1)
  })

  test('gives up a request for a newer one, and of three waiting answers the last', async () => {
    const { client, workers } = heldClient()
    const answers = [client.layout([request(1)]), client.layout([request(2)]), client.layout([request(3)])]
    workers[0]?.answer()
    workers[0]?.answer()
    expect((await Promise.all(answers)).map((answer) => answer?.[0]?.x.length ?? null)).toEqual([null, null, 3])
    expect(workers[0]?.received.length).toBe(2)
  })

  test('ends a worker that has been busy with an old request for long', async () => {
    const { client, workers } = heldClient()
    const old = client.layout([request(1)])
    const later = performance.now() + 500
    vi.spyOn(performance, 'now').mockReturnValue(later)
    const next = client.layout([request(2)])
    expect([workers[0]?.ended, workers.length]).toEqual([true, 2])
    workers[1]?.answer()
    expect([await old, (await next)?.[0]?.x.length]).toEqual([null, 2])
  })

  test('fails as our own bug when the layout throws', async () => {
    const { client, workers } = heldClient()
    const failing = client.layout([request(1)])
    workers[0]?.onerror?.({ message: 'no' })
    await expect(failing).rejects.toThrow('internal: the layout failed: no')
  })
})
