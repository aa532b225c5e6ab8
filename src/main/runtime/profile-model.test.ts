import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { ProfileOptions } from '#shared/ipc/jobs'
import { ComparisonResult, ProfileResult } from '#shared/measurement'
import { ownModelsFolder, sharedModelsFolder } from '../../../tests/fixtures/shared-models'
import { compareModels } from './compare-models'
import { openModelFile } from './model-file'
import { profileModel } from './profile-model'

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-profile-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))

const resnet = join(ownModelsFolder, 'digits/resnet.onnx')
const mobilenet = join(ownModelsFolder, 'digits/mobilenet.onnx')
const calibration = { kind: 'path', path: join(ownModelsFolder, 'digits/calibration.npz') } as const
const options = ProfileOptions.parse({ runs: 12, warmup: 2, threads: 1 })

test('a profile has its conditions, ordered percentiles and kernels whose shares add up to one', async () => {
  const phases = new Set<string>()
  const result = await profileModel({ path: resnet, options, data: calibration, scratchFolder, progress: (phase) => phases.add(phase) })
  // It crosses process boundaries as JSON.
  expect(ProfileResult.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
  expect(result.conditions).toMatchObject({ provider: 'cpu', threads: 1, warmup: 2, runs: 12 })
  expect(result.conditions.runtime).toMatch(/^onnxruntime-node \d+\.\d+/)
  expect(result.conditions.inputs).toContain('calibration.npz')
  expect(result.samplesMs).toHaveLength(12)
  const { minMs, p10Ms, p50Ms, p90Ms, p95Ms, maxMs } = result.latency
  const ordered = [minMs, p10Ms, p50Ms, p90Ms, p95Ms, maxMs]
  expect(ordered.toSorted((a, b) => a - b)).toEqual(ordered)
  expect(result.peakMemoryBytes).toBeGreaterThan(result.baselineMemoryBytes)
  expect(result.kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
  expect([...phases]).toEqual(expect.arrayContaining(['reading', 'loading', 'warming-up', 'profiling']))
})

test('kernels name nodes of the model by the ids that opening it gives', async () => {
  const result = await profileModel({ path: mobilenet, options: { ...options, runs: 2 }, data: { kind: 'synthetic', samples: 1 }, scratchFolder })
  const file = openModelFile(mobilenet)
  const byId = new Map(file.model.graph.nodes.map((node) => [node.id, node]))
  file.close()
  const nodes = result.kernels.flatMap((kernel) => kernel.nodes)
  expect(nodes.length).toBeGreaterThan(80)
  for (const { id, name, opType } of nodes) expect(byId.get(id)).toMatchObject({ name, opType })
  expect(result.conditions.inputs).toMatch(/^synthetic/)
})

test('a trace is a Trace Event file whose kernels name their nodes', async () => {
  const tracePath = join(scratchFolder, 'trace.json')
  await profileModel({ path: resnet, options: { ...options, runs: 1 }, data: { kind: 'synthetic', samples: 1 }, scratchFolder, tracePath })
  const trace = JSON.parse(readFileSync(tracePath, 'utf8')) as { otherData: { model: string }; traceEvents: { cat?: string; ph: string; name: string; args: { nodes?: string[] } }[] }
  expect(trace.otherData.model).toBe('resnet.onnx')
  const kernels = trace.traceEvents.filter(({ cat }) => cat === 'Node')
  expect(kernels.length).toBeGreaterThan(10)
  expect(kernels.some(({ ph, args }) => ph === 'X' && (args.nodes ?? []).some((node) => node.startsWith('Conv ')))).toBe(true)
})

test('data that does not fit, and what is no model, are said before anything runs', async () => {
  const wrong = { kind: 'path', path: join(ownModelsFolder, 'digits/resnet.onnx') } as const
  await expect(profileModel({ path: resnet, options, data: wrong, scratchFolder })).rejects.toMatchObject({ code: 'not-supported' })
  await expect(profileModel({ path: calibration.path, options, data: { kind: 'synthetic', samples: 1 }, scratchFolder })).rejects.toBeInstanceOf(AppError)
})

test('a profile stops when it is told to', async () => {
  const controller = new AbortController()
  const work = profileModel({ path: resnet, options: { ...options, runs: 100_000 }, data: calibration, scratchFolder, signal: controller.signal, progress: (phase) => phase === 'running' && controller.abort() })
  await expect(work).rejects.toMatchObject({ name: 'AbortError' })
})

test('two models are compared in size, operators, outputs and time, in turns', async () => {
  const result = await compareModels({ a: resnet, b: mobilenet, options, data: calibration, scratchFolder })
  expect(ComparisonResult.parse(JSON.parse(JSON.stringify(result)))).toEqual(result)
  expect(result.a).toMatchObject({ sizeBytes: 1543720, nodeCount: 48 })
  expect(result.a.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(result.b.opCounts.Conv).toBe(32)
  expect(result.sizeRatio).toBeCloseTo(result.b.sizeBytes / result.a.sizeBytes, 12)
  expect(result.outputError).toMatchObject([{ output: 'logits', elements: 2560 }])
  expect(result.latencyRatio?.p50).toBeGreaterThan(0)
  expect(result.conditions?.runs).toBe(12)
  expect(result.diagnostics).toEqual([])
})

test('a model compared with itself has no output error', async () => {
  const { outputError } = await compareModels({ a: resnet, b: resnet, options: { ...options, runs: 3 }, data: { kind: 'synthetic', samples: 2 }, scratchFolder })
  expect(outputError).toMatchObject([{ sqnrDb: null, maxAbs: 0 }])
})

describe.skipIf(!existsSync(sharedModelsFolder))('models of other people', () => {
  test('where one does not run, sizes and operators are still compared and the reason is given', async () => {
    const foreign = join(sharedModelsFolder, 'awkward/espcn_brevitas_quant.onnx')
    const result = await compareModels({ a: foreign, b: foreign, options, data: { kind: 'synthetic', samples: 1 }, scratchFolder })
    expect(result).toMatchObject({ latencyRatio: null, conditions: null, outputError: [], b: { nodeCount: 22 } })
    expect(result.diagnostics).toMatchObject([{ severity: 'error', code: 'did-not-run', message: expect.stringContaining('Quant') as string }])
  })

  test('models with different inputs are compared as far as that goes', async () => {
    const other = join(sharedModelsFolder, 'segmentation/sed_unet_224.onnx')
    const result = await compareModels({ a: resnet, b: other, options, data: { kind: 'synthetic', samples: 1 }, scratchFolder })
    expect(result.latencyRatio).toBeNull()
    expect(result.diagnostics).toMatchObject([{ code: 'different-inputs', message: expect.stringContaining("'input'") as string }])
  })

  test.for(['audio/silero_vad.onnx', 'transformer/tiny_gpt2_ms_fp32.onnx', 'tabular/sklearn_randomforest_zipmap.onnx', 'awkward/multitype.onnx', 'detection/nms_yolov8.onnx'])(
    '%s is profiled',
    async (file) => {
      const result = await profileModel({ path: join(sharedModelsFolder, file), options: { ...options, runs: 2 }, data: { kind: 'synthetic', samples: 1 }, scratchFolder })
      expect(result.kernels.length).toBeGreaterThan(0)
      expect(result.kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
    },
  )
})
