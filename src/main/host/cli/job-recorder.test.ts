import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobEvent } from '#shared/ipc/jobs'
import { openJobRecorder, type RecordTargets } from './job-recorder'
import { type TraceRequest, traceRequest } from './otlp-spans'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'edgefit-recorder-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const queued = (jobId: string): JobEvent => ({ type: 'queued', jobId, kind: 'profile', title: 'model.onnx', modelPath: '/models/model.onnx', revision: null, at: '2026-01-01T00:00:00Z' })
const progress = (jobId: string, phase: string): JobEvent => ({ type: 'progress', jobId, progress: { phase, fraction: null, detail: '' } })
const done = (jobId: string): JobEvent => ({ type: 'done', jobId, result: { p50: 1 }, durationMs: 12 })
const failed = (jobId: string): JobEvent => ({ type: 'failed', jobId, error: { code: 'not-found', message: 'gone' }, durationMs: 3 })

async function record(targets: RecordTargets, events: readonly JobEvent[]): Promise<void> {
  const recorder = openJobRecorder(targets, '1.2.3')
  for (const event of events) recorder.receive(event)
  await recorder.close()
}

describe('records of jobs', () => {
  it('are CloudEvents 1.0, one JSON document a line', async () => {
    const file = join(folder, 'events.jsonl')
    await record({ events: file }, [queued('a'), progress('a', 'running'), done('a')])
    const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ type }) => type)).toEqual(['edgefit.job.queued', 'edgefit.job.progress', 'edgefit.job.done'])
    for (const line of lines) expect(line).toMatchObject({ specversion: '1.0', source: '/edgefit/jobs', subject: 'a', datacontenttype: 'application/json' })
    expect(new Set(lines.map(({ id }) => id)).size).toBe(3)
    expect(lines.every(({ time }) => !Number.isNaN(Date.parse(String(time))))).toBe(true)
    expect(lines[2]?.['data']).toEqual({ result: { p50: 1 }, durationMs: 12 })
  })

  it('are spans: one for each job that ended, and its phases under it', () => {
    const timed = [queued('a'), progress('a', 'loading'), progress('a', 'running'), progress('a', 'running'), done('a'), queued('b'), failed('b'), queued('c')].map((event, at) => ({ event, atMs: 1_700_000_000_000 + at }))
    const [{ scopeSpans: [{ spans }] }] = traceRequest(timed, '1').resourceSpans
    expect(spans.map(({ name }) => name)).toEqual(['job profile', 'loading', 'running', 'job profile'])
    const [job, loading, running, other] = spans
    expect(job).toMatchObject({ startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000004000000', status: { code: 1 } })
    expect(loading).toMatchObject({ parentSpanId: job?.spanId, startTimeUnixNano: '1700000000001000000', endTimeUnixNano: '1700000000002000000' })
    expect(running?.endTimeUnixNano).toBe(job?.endTimeUnixNano)
    expect(other).toMatchObject({ status: { code: 2, message: 'not-found: gone' } })
    for (const { traceId, spanId } of spans) expect([traceId, spanId]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{16}$/)])
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  })

  it('go into a file, or to the collector that is named', async () => {
    const file = join(folder, 'spans.json')
    await record({ otlp: file }, [queued('a'), done('a')])
    expect((JSON.parse(readFileSync(file, 'utf8')) as TraceRequest).resourceSpans[0].resource.attributes[0]).toEqual({ key: 'service.name', value: { stringValue: 'edgefit' } })
    const got: { url: string | undefined; type: string | undefined; body: string }[] = []
    let status = 200
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        got.push({ url: request.url, type: request.headers['content-type'], body })
        response.writeHead(status).end('{}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
      await record({ otlp: address }, [queued('a'), done('a')])
      await record({ otlp: `${address}/own/path` }, [queued('a'), done('a')])
      expect(got.map(({ url, type }) => [url, type])).toEqual([['/v1/traces', 'application/json'], ['/own/path', 'application/json']])
      expect((JSON.parse(got[0]?.body ?? '') as TraceRequest).resourceSpans[0].scopeSpans[0].spans).toHaveLength(1)
      status = 503
      await expect(record({ otlp: address }, [queued('a'), done('a')])).rejects.toMatchObject({ code: 'bad-usage', message: expect.stringContaining('503') as string })
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('are not made unless asked for, and say where they cannot be written', async () => {
    await record({}, [queued('a'), done('a')])
    expect(() => openJobRecorder({ events: join(folder, 'absent/events.jsonl') }, '1')).toThrow(expect.objectContaining({ code: 'not-found' }))
  })
})
