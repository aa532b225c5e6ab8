import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, expect, it } from 'vitest'
import { ImagePreprocessing, PREPROCESSING_KEY, preprocessingOf } from '#shared/evaluation/preprocessing'
import { openModelFile } from '../runtime/model-file'
import { sample } from './testing/sample'
import { createTestShell } from './testing/test-shell'

const studio = createTestShell()
afterAll(() => studio.dispose())
const dataPath = sample.calibration.replace('calibration', 'evaluation')

it('evaluates as a job that shows figures on the way, keeps the result, and finds it again', async () => {
  const client = studio.client('window')
  const params = { modelPath: sample.model, dataPath, metric: 'top-1', limit: 60 } as const
  const { jobId } = await client.request('job.start', { kind: 'evaluate', params })
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'done', result: { samples: 60, cached: false } })
  const shown = client.jobEvents(jobId).flatMap((event) => (event.type === 'progress' ? (event.progress.evaluation ?? []) : []))
  expect(shown[0]).toMatchObject({ metric: 'top-1', skipped: 0 })
  expect(await client.request('evaluation.list', { modelPath: sample.model })).toMatchObject([{ samples: 60, metric: 'top-1', data: { path: dataPath } }])
  const again = await client.request('job.start', { kind: 'evaluate', params })
  expect(await client.jobEnd(again.jobId)).toMatchObject({ type: 'done', result: { cached: true } })
})

it('describes data, shows its samples, and exports variants with the card that was chosen', async () => {
  const client = studio.client('window')
  const setup = await client.request('evaluation.describe', { modelPath: sample.model, dataPath })
  expect(setup).toMatchObject({ kind: 'tensors', sampleCount: 1000, card: { kind: 'tensor', input: 'image', scale: 1 / 255 }, cardFrom: 'guess' })
  const pictures = await client.request('evaluation.thumbnails', { dataPath, names: ['0', '7', 'no number'] })
  expect(Object.keys(pictures)).toEqual(['0', '7'])
  expect(pictures['7']).toMatch(/^data:image\/jpeg;base64,/)
  await client.request('evaluation.keepCard', { modelPath: sample.model, card: setup.card })
  expect(await client.request('evaluation.card', { modelPath: sample.model })).toEqual(setup.card)
  const { jobId } = await client.request('job.start', { kind: 'optimize', params: { modelPath: sample.model, recipe: { name: 'fold', passes: [{ pass: 'fold-constants' }] }, data: { kind: 'synthetic' } } })
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'done' })
  const [variant] = await client.request('variants.list', { modelPath: sample.model })
  const path = join(studio.home.folder, 'exported.onnx')
  await client.request('variants.export', { modelPath: sample.model, variantId: variant?.id ?? '', path })
  const exported = openModelFile(path)
  expect(preprocessingOf(exported.model.metadata)).toEqual(setup.card)
  expect(exported.model.metadata.filter(({ key }) => key === PREPROCESSING_KEY)).toHaveLength(1)
  exported.close()
})

it('calibrates with pictures as they were said to be prepared in evaluation', async () => {
  const client = studio.client('window')
  const folder = join(studio.home.folder, 'pictures')
  mkdirSync(folder)
  await sharp({ create: { width: 48, height: 48, channels: 3, background: '#336699' } }).png().toFile(join(folder, 'one.png'))
  const card = { ...ImagePreprocessing.parse({ kind: 'image', input: 'image', width: 48, height: 48 }), mean: [0.5], std: [0.25] }
  await client.request('evaluation.keepCard', { modelPath: sample.model, card })
  const params = { modelPath: sample.model, recipe: { name: 'int8', passes: [{ pass: 'quantize-static' }] }, data: { kind: 'path', path: folder } } as const
  const { jobId } = await client.request('job.start', { kind: 'optimize', params })
  expect(await client.jobEnd(jobId)).toMatchObject({ type: 'done', result: { report: { data: expect.stringContaining('(x/255 − 0.5) / 0.25') as string } } })
})
