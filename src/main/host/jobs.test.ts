import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RequestParams } from '#shared/ipc/contract'
import type { JobResult } from '#shared/ipc/jobs'
import { sample } from './testing/sample'
import { createTestShell, type TestClient, type TestShell } from './testing/test-shell'

let studio: TestShell
let client: TestClient
let folder: string

beforeEach(() => {
  studio = createTestShell()
  client = studio.client('window')
  folder = mkdtempSync(join(tmpdir(), 'edgefit-out-'))
})

afterEach(async () => {
  await studio.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const dynamicInt8 = { name: 'small', passes: [{ pass: 'quantize-dynamic' }] }

function optimizeJob(more: { outputPath?: string; keepVariant?: boolean } = {}): RequestParams<'job.start'> {
  return { kind: 'optimize', params: { modelPath: sample.model, recipe: dynamicInt8, data: { kind: 'synthetic', samples: 2 }, ...more } }
}

/** Minutes of work, so that it is always stopped in the middle. */
function longJob(): Extract<RequestParams<'job.start'>, { kind: 'profile' }> {
  return { kind: 'profile', params: { modelPath: sample.model, options: { runs: 100_000 }, data: { kind: 'synthetic', samples: 1 } } }
}

const isRunning = (jobId: string) => client.next('job', (event) => event.jobId === jobId && event.type === 'progress')
const leftInJobsFolder = () => (existsSync(studio.home.jobsFolder) ? readdirSync(studio.home.jobsFolder) : [])

test('a job tells queued, progress and exactly one end', async () => {
  const { jobId } = await client.request('job.start', optimizeJob())
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'done' })
  const types = client.jobEvents(jobId).map(({ type }) => type)
  expect(types[0]).toBe('queued')
  expect(types.at(-1)).toBe('done')
  expect(types.slice(1, -1).length).toBeGreaterThan(0)
  expect(new Set(types.slice(1, -1))).toEqual(new Set(['progress']))
  expect(leftInJobsFolder()).toEqual([])
})

test('a finished optimization is a variant on disk, and the same job again lands in the same place', async () => {
  const first = await client.request('job.start', optimizeJob())
  const { result } = (await client.jobEnd(first.jobId)) as unknown as { result: JobResult<'optimize'> }
  await client.next('variants', ({ modelPath }) => modelPath === sample.model)
  const [variant] = await client.request('variants.list', { modelPath: sample.model })
  expect(variant).toEqual(result.variant)
  const bytes = readFileSync(variant?.modelPath ?? '')
  const second = await client.request('job.start', optimizeJob())
  await client.jobEnd(second.jobId)
  const after = await client.request('variants.list', { modelPath: sample.model })
  expect(after.map(({ id }) => id)).toEqual([variant?.id])
  expect(readFileSync(after[0]?.modelPath ?? '').equals(bytes)).toBe(true)
})

test('a result that is not kept is written where it was asked for, and only there', async () => {
  const outputPath = join(folder, 'small.onnx')
  const { jobId } = await client.request('job.start', optimizeJob({ outputPath, keepVariant: false }))
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'done' })
  expect(readdirSync(folder)).toEqual(['small.onnx'])
  expect(await client.request('variants.list', { modelPath: sample.model })).toEqual([])
})

test('jobs run one after the other, in the order they were started', async () => {
  const ids: string[] = []
  for (let count = 0; count < 3; count++) ids.push((await client.request('job.start', optimizeJob())).jobId)
  await Promise.all(ids.map((id) => client.jobEnd(id)))
  const order = client.events.flatMap((event) => (event.name === 'job' && event.payload.type !== 'queued' ? [event.payload.jobId] : []))
  expect(order.filter((id, at) => id !== order[at - 1])).toEqual(ids)
})

test('cancelling stops minutes of work at once, ends the process and leaves nothing behind', async () => {
  const { jobId } = await client.request('job.start', longJob())
  await isRunning(jobId)
  const pid = studio.shell.pids().job ?? 0
  await client.request('job.cancel', { jobId })
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(client.jobEvents(jobId).at(-1)).toMatchObject({ type: 'cancelled' })
  expect(leftInJobsFolder()).toEqual([])
})

test('a job waiting in the queue is cancelled without ever running, and the next one runs', async () => {
  const running = await client.request('job.start', longJob())
  const waiting = await client.request('job.start', optimizeJob())
  const after = await client.request('job.start', optimizeJob())
  await client.request('job.cancel', { jobId: waiting.jobId })
  expect(client.jobEvents(waiting.jobId).map(({ type }) => type)).toEqual(['queued', 'cancelled'])
  await client.request('job.cancel', { jobId: running.jobId })
  expect(await client.jobEnd(after.jobId)).toMatchObject({ type: 'done' })
})

test('a job process killed by the system fails its job with what happened and what to do, and the next job runs', async () => {
  const killed = await client.request('job.start', longJob())
  const next = await client.request('job.start', optimizeJob())
  await isRunning(killed.jobId)
  process.kill(studio.shell.pids().job ?? 0, 'SIGKILL')
  expect(await client.jobEnd(killed.jobId)).toMatchObject({
    type: 'failed',
    error: { code: 'engine-crashed', message: expect.stringContaining('SIGKILL') as string, hint: expect.stringContaining('memory') as string },
  })
  expect(await client.jobEnd(next.jobId)).toMatchObject({ type: 'done' })
  expect(client.jobEvents(killed.jobId).filter(({ type }) => type === 'failed')).toHaveLength(1)
})

test('what a killed process left of a file it was writing is removed, and nothing else', async () => {
  const names = ['.trace.json.0123456789ab.tmp', '.other.json.0123456789ab.tmp', '.trace.json.tmp']
  for (const name of names) writeFileSync(join(folder, name), '')
  const job = longJob()
  const { jobId } = await client.request('job.start', { kind: 'profile', params: { ...job.params, tracePath: join(folder, 'trace.json') } })
  await isRunning(jobId)
  process.kill(studio.shell.pids().job ?? 0, 'SIGKILL')
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'failed' })
  expect(readdirSync(folder).toSorted()).toEqual(names.slice(1).toSorted())
})

test('an engine killed in the middle of a job costs the job nothing, and variants are still there', async () => {
  await client.request('model.open', { path: sample.model })
  const { jobId } = await client.request('job.start', optimizeJob())
  process.kill(studio.shell.pids().engine ?? 0, 'SIGKILL')
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'done' })
  await client.next('engine', ({ state }) => state === 'restarted')
  expect(await client.request('variants.list', { modelPath: sample.model })).toHaveLength(1)
})

test('closing a window cancels what it started and leaves the jobs of others alone', async () => {
  const other = studio.client('other')
  const mine = await client.request('job.start', longJob())
  const theirs = await other.request('job.start', optimizeJob())
  await isRunning(mine.jobId)
  await studio.shell.closeClient('window')
  expect(client.jobEvents(mine.jobId).at(-1)).toMatchObject({ type: 'cancelled' })
  expect(await other.jobEnd(theirs.jobId)).toMatchObject({ type: 'done' })
})

test("a window can neither see nor cancel another window's job", async () => {
  const other = studio.client('other')
  const { jobId } = await client.request('job.start', longJob())
  await expect(other.request('job.cancel', { jobId })).rejects.toMatchObject({ code: 'not-found' })
  expect(other.jobEvents(jobId)).toEqual([])
  await client.request('job.cancel', { jobId })
})

test('a job that cannot be done fails with the reason', async () => {
  const { jobId } = await client.request('job.start', { kind: 'optimize', params: { modelPath: join(folder, 'absent.onnx'), recipe: dynamicInt8, data: { kind: 'synthetic' } } })
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'failed', error: { code: 'not-found', message: expect.stringContaining('absent.onnx') as string } })
})

test('a variant is copied out, kept measurements are found again, and removing it removes its files', async () => {
  const { jobId } = await client.request('job.start', optimizeJob())
  await client.jobEnd(jobId)
  const [variant] = await client.request('variants.list', { modelPath: sample.model })
  if (!variant) throw new Error('no variant')
  const path = join(folder, 'saved.onnx')
  const { sizeBytes } = await client.request('variants.export', { modelPath: sample.model, variantId: variant.id, path })
  expect(readFileSync(path).equals(readFileSync(variant.modelPath))).toBe(true)
  expect(sizeBytes).toBe(variant.report.result.sizeBytes)

  expect(await client.request('profiles.latest', { modelPath: variant.modelPath })).toBeNull()
  for (const modelPath of [variant.modelPath, sample.model]) {
    const profiled = await client.request('job.start', { kind: 'profile', params: { modelPath, options: { runs: 2, warmup: 0 }, data: { kind: 'synthetic', samples: 1 } } })
    const end = (await client.jobEnd(profiled.jobId)) as unknown as { result: unknown }
    expect(await client.request('profiles.latest', { modelPath })).toEqual(end.result)
  }
  const [measured] = await client.request('variants.list', { modelPath: sample.model })
  expect(measured?.profile?.latency.p50Ms).toBeGreaterThan(0)

  await client.request('variants.remove', { modelPath: sample.model, variantId: variant.id })
  expect(existsSync(variant.modelPath)).toBe(false)
  expect(await client.request('variants.list', { modelPath: sample.model })).toEqual([])
})
