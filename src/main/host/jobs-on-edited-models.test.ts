/** Jobs on models with edits that are not saved. */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RequestParams } from '#shared/ipc/contract'
import type { JobResult } from '#shared/ipc/jobs'
import { openModelFile, saveModelFile } from '../runtime/model-file'
import { sample } from './testing/sample'
import { createTestShell, type TestClient, type TestShell } from './testing/test-shell'

let studio: TestShell
let client: TestClient
let folder: string
let modelPath: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-edited-jobs-'))
  modelPath = join(folder, 'model.onnx')
  cpSync(sample.model, modelPath)
  writeFileSync(join(folder, 'classes.txt'), [...'0123456789'].map((digit) => `digit ${digit}`).join('\n'))
  studio = createTestShell()
  client = studio.client('window')
})

afterEach(async () => {
  await studio.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const synthetic = { kind: 'synthetic', samples: 1 } as const
const profileJob = (): RequestParams<'job.start'> => ({ kind: 'profile', params: { modelPath, options: { runs: 3, warmup: 1 }, data: synthetic } })
const optimizeJob = (): RequestParams<'job.start'> => ({ kind: 'optimize', params: { modelPath, recipe: { name: 'small', passes: [{ pass: 'quantize-dynamic' }] }, data: synthetic } })

async function resultOf(request: RequestParams<'job.start'>): Promise<{ revision: number | null; result: unknown }> {
  const { jobId } = await client.request('job.start', request)
  const end = await client.jobEnd(jobId)
  if (end.type !== 'done') throw new Error(`the job ${end.type}: ${JSON.stringify(end)}`)
  const [queued] = client.jobEvents(jobId)
  return { revision: queued?.type === 'queued' && queued.modelPath === modelPath ? queued.revision : NaN, result: end.result }
}

/** The first Relu is taken out, and what it gave comes from what it read. */
async function openEdited(): Promise<{ documentId: string; mainGraphId: number; removed: number }> {
  const { documentId, mainGraphId } = await client.request('model.open', { path: modelPath })
  const view = await client.request('model.graph', { documentId, graphId: mainGraphId })
  const relu = view.nodes.find(({ opType }) => opType === 'Relu')
  if (!relu) throw new Error('the sample has no Relu')
  await client.request('document.edit', { documentId, commands: [{ kind: 'removeNodes', nodes: [relu.id], mode: 'reconnect' }] })
  return { documentId, mainGraphId, removed: relu.id }
}

test('a profile is of the model as it is shown, its nodes by the ids that the window knows', async () => {
  const { documentId, mainGraphId, removed } = await openEdited()
  const { revision, result } = await resultOf(profileJob())
  expect(revision).toBe(1)
  const shown = new Map((await client.request('model.graph', { documentId, graphId: mainGraphId })).nodes.map(({ id, opType }) => [id, opType]))
  const timed = (result as JobResult<'profile'>).kernels.flatMap(({ nodes }) => nodes)
  expect(timed.length).toBeGreaterThan(10)
  for (const { id, opType } of timed) expect(shown.get(id)).toBe(opType)
  expect(shown.has(removed)).toBe(false)
  // The file was left alone, and nothing is said of it.
  const { rows } = await client.request('variants.table', { modelPaths: [modelPath] })
  expect(rows).toMatchObject([{ modelPath, revision: 1, latencies: [{ p50Ms: (result as JobResult<'profile'>).latency.p50Ms }] }])
  await client.request('document.undo', { documentId })
  expect((await client.request('variants.table', { modelPaths: [modelPath] })).rows).toMatchObject([{ revision: null, latencies: [] }])
  await client.request('model.close', { documentId, draft: 'discard' })
  expect(readdirSync(studio.home.jobsFolder)).toEqual([])
  expect(readdirSync(join(studio.home.draftsFolder, 'snapshots'))).toEqual([])
}, 60_000)

test('a variant of unsaved edits is listed with the model, says so until they are saved, and can be removed', async () => {
  const { documentId } = await openEdited()
  const { result } = await resultOf(optimizeJob())
  const { report, variant } = result as JobResult<'optimize'>
  expect(report.source).toMatchObject({ path: modelPath, revision: 1 })
  const listed = () => client.request('variants.list', { modelPath })
  expect((await listed()).map(({ id, report: { source } }) => ({ id, revision: source.revision }))).toEqual([{ id: variant?.id, revision: 1 }])
  await client.request('model.save', { documentId, path: modelPath })
  expect((await listed()).map(({ id, report: { source } }) => ({ id, revision: source.revision }))).toEqual([{ id: variant?.id, revision: undefined }])
  await client.request('variants.remove', { modelPath, variantId: variant?.id ?? '' })
  expect(await listed()).toEqual([])
}, 60_000)

test('evaluation and trying take the edits too, with what lies beside the model', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  await client.request('document.edit', { documentId, commands: [{ kind: 'renameValue', from: 'image', to: 'picture' }] })
  const dataPath = join(sample.calibration, '../evaluation.npz')
  const { card } = await client.request('evaluation.describe', { modelPath, dataPath })
  const { revision, result } = await resultOf({ kind: 'evaluate', params: { modelPath, dataPath, metric: 'top-1', card, limit: 40 } })
  expect(revision).toBe(1)
  expect(result).toMatchObject({ model: { path: modelPath }, samples: 40 })
  expect((result as JobResult<'evaluate'>).classNames?.[3]).toBe('digit 3')
  const picture = join(folder, 'picture.png')
  await sharp({ create: { width: 48, height: 48, channels: 3, background: 'grey' } }).png().toFile(picture)
  const tried = await client.request('try.run', { modelPath, paths: [modelPath], input: { kind: 'file', path: picture }, runs: 1 })
  expect(tried.answers).toMatchObject([{ path: modelPath, error: null }])
}, 60_000)

test('a model with its data in a file beside it is profiled with its edits', async () => {
  const file = openModelFile(sample.model)
  const { externalFiles } = await saveModelFile(file.model, modelPath, { maxMessageBytes: 100_000 })
  file.close()
  expect(externalFiles).toHaveLength(1)
  await openEdited()
  const { revision, result } = await resultOf(profileJob())
  expect(revision).toBe(1)
  expect((result as JobResult<'profile'>).samplesMs).toHaveLength(3)
}, 60_000)
