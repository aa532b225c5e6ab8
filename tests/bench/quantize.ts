import { spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { z } from 'zod'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import { Recipe } from '#shared/recipe'
import { JOB_ENVIRONMENT, JOB_FLAGS } from '../../src/main/host/jobs'
import { runRecipe } from '../../src/main/passes/run-recipe'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { openModelFile, saveModelFile } from '../../src/main/runtime/model-file'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import type { RunningModel } from '../../src/main/runtime/model-runner'
import { firstSample } from '../../src/main/runtime/profile-model'
import { mobileNetV2 } from '../fixtures/mobilenet-v2'
import { type Bench, type BenchContext, type Figure, spreadOf } from './bench'

const SAMPLES = 100
const MANY_SAMPLES = 1000
const PAIRS = 7
const MEMORY_PAIRS = 5
const LATENCY_RUNS = 200
const WARMUP = 10
const INPUT = [3, 224, 224] as const

const Outcome = z.object({ seconds: z.number(), peakBytes: z.number() })
type Outcome = z.infer<typeof Outcome>

/**
 * Static quantization of a model of MobileNetV2's shape, here and by ONNX Runtime's Python quantizer with the same settings and samples,
 * in turns. EDGEFIT_PEER_PYTHON names a Python with tests/bench/peers/requirements.txt; without it only ours is measured.
 */
export const quantize: Bench = {
  name: 'quantize',
  title: `Static int8 of a model of MobileNetV2's shape (14 MB, 224², ${SAMPLES} samples), against ONNX Runtime's Python quantizer`,
  async *run(context) {
    const model = join(context.scratch, 'mobilenet-v2.onnx')
    const data = join(context.scratch, 'samples.npy')
    writeFileSync(model, joinPieces(encodeModel(mobileNetV2())))
    await writeSamples(data, MANY_SAMPLES)
    const program = await bundled(context)
    const [ours, oursExact, theirs] = [join(context.scratch, 'ours.onnx'), join(context.scratch, 'exact.onnx'), join(context.scratch, 'theirs.onnx')]

    const python = process.env['EDGEFIT_PEER_PYTHON']
    const hasPeer = python !== undefined && existsSync(python)
    const [own, exact, peer]: [Outcome[], Outcome[], Outcome[]] = [[], [], []]
    // In turns and as often as each other: a change of the machine's load meets both.
    for (let pair = 0; pair < PAIRS; pair++) {
      // Both write new files: we look through one that is replaced, the reference does not.
      for (const path of [ours, oursExact, theirs]) rmSync(path, { force: true })
      own.push(runOurs(context, program, [model, data, ours, String(SAMPLES)]))
      exact.push(runOurs(context, program, [model, data, oursExact, String(SAMPLES), 'exact']))
      if (hasPeer) peer.push(outcomeOf(python, ['-W', 'ignore', join(context.repository, 'tests/bench/peers/ort_quantize_timed.py'), model, data, theirs, String(SAMPLES)], context))
    }
    const seconds = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.seconds)
    const megabytes = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.peakBytes / 2 ** 20)
    yield { name: 'time', unit: 's', ...spreadOf(seconds(own)), note: 'imports not counted' }
    yield { name: 'time with exact ranges', unit: 's', ...spreadOf(seconds(exact)), note: 'to the last bit those of the reference on one thread' }
    yield { name: 'peak resident size', unit: 'MB', ...spreadOf(megabytes(own)), note: 'of the whole process' }
    if (hasPeer) {
      yield { name: "the reference's time", unit: 's', ...spreadOf(seconds(peer)), note: 'imports not counted' }
      yield { name: "the reference's peak", unit: 'MB', ...spreadOf(megabytes(peer)) }
      const ratios = (outcomes: readonly Outcome[], of: (outcomes: readonly Outcome[]) => number[]) => spreadOf(of(outcomes).map((value, at) => value / (of(peer)[at] as number)))
      yield { name: "time beside the reference's, pair by pair", unit: '×', ...ratios(own, seconds), atMost: 1 / 3 }
      yield { name: "time with exact ranges beside the reference's", unit: '×', ...ratios(exact, seconds) }
      yield { name: "peak beside the reference's, pair by pair", unit: '×', ...ratios(own, megabytes), atMost: 0.5 }
      yield await latencyFigure(context, { name: "MobileNetV2's shape", theirs, ours })
      yield* sampleLatencies(context, program, python)
    }
    const peakOf = (samples: number) => runOurs(context, program, [model, data, ours, String(samples)]).peakBytes
    const growth = Array.from({ length: MEMORY_PAIRS }, () => ({ few: peakOf(10), many: peakOf(MANY_SAMPLES) }))
    // Peaks of the same run differ by 5 % and more, so medians are compared, not pairs.
    const value = spreadOf(growth.map(({ many }) => many)).value / spreadOf(growth.map(({ few }) => few)).value
    yield { name: `peak with ${MANY_SAMPLES} samples beside that with 10, medians`, unit: '×', value, runs: MEMORY_PAIRS, atMost: 1.05 }
  },
}

/** The sample models, cleaned up first, as the reference asks for too. */
async function* sampleLatencies(context: BenchContext, program: string, python: string): AsyncGenerator<Figure> {
  const samples = join(context.repository, 'resources/samples/digits')
  const data = join(context.scratch, 'digits.npy')
  await writePictures(join(samples, 'calibration.npz'), data)
  for (const name of ['resnet', 'resnet-wide', 'mobilenet']) {
    const [model, ours, theirs] = ['', '-ours', '-theirs'].map((suffix) => join(context.scratch, `${name}${suffix}.onnx`)) as [string, string, string]
    await writeCleaned(join(samples, `${name}.onnx`), model, context)
    runOurs(context, program, [model, data, ours, '64'])
    outcomeOf(python, ['-W', 'ignore', join(context.repository, 'tests/bench/peers/ort_quantize_timed.py'), model, data, theirs, '64'], context)
    yield await latencyFigure(context, { name, theirs, ours })
  }
}

async function writeCleaned(source: string, path: string, { scratch }: BenchContext): Promise<void> {
  const file = openModelFile(source)
  try {
    const document = new ModelDocument(file.model)
    const context = { calibration: null, runner: createOrtRunner({ scratchFolder: scratch }), float: null, signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
    await runRecipe(document, Recipe.parse(['fold-constants', 'eliminate-dead-nodes', 'fold-batch-normalization', 'fuse-bias-add'].map((pass) => ({ pass }))), context)
    await saveModelFile(document.model, path)
  } finally {
    file.close()
  }
}

/** The samples of an archive as one float32 array, for a peer that reads nothing else. */
async function writePictures(source: string, path: string): Promise<void> {
  const model = openModelFile(join(dirname(source), 'resnet.onnx'))
  try {
    const data = await openCalibrationData({ kind: 'path', path: source }, model.model)
    const pictures: Uint8Array[] = []
    for await (const feeds of data.samples()) for (const { bytes } of feeds.values()) pictures.push(bytes.slice())
    writeFileSync(path, Buffer.concat([npyHeader(pictures.length, [3, 48, 48]), ...pictures]))
  } finally {
    model.close()
  }
}

/** Processor time on one thread, run for run in turns: what other work on the machine hardly touches. */
async function latencyFigure(context: BenchContext, { name, theirs, ours }: { name: string; theirs: string; ours: string }): Promise<Figure> {
  const runner = createOrtRunner({ scratchFolder: context.scratch })
  const file = openModelFile(ours)
  const [a, b] = [await runner.loadFile(theirs, { threads: 1 }), await runner.loadFile(ours, { threads: 1 })]
  try {
    const feeds = await firstSample(await openCalibrationData({ kind: 'synthetic', samples: 1 }, file.model, { runner }))
    const timed = async (model: RunningModel) => {
      const started = process.cpuUsage()
      await model.run(feeds)
      const { user, system } = process.cpuUsage(started)
      return user + system
    }
    const ratios: number[] = []
    for (let run = -WARMUP; run < LATENCY_RUNS; run++) {
      const reference = await timed(a)
      const own = await timed(b)
      if (run >= 0) ratios.push(own / reference)
    }
    return { name: `latency of our int8 model beside the reference's, ${name}`, unit: '×', ...spreadOf(ratios), atMost: 1.02, note: 'processor time on one thread' }
  } finally {
    await a.close()
    await b.close()
    file.close()
  }
}

/** As the studio runs a job: bundled without its libraries, with the flags of job processes. */
async function bundled({ repository }: BenchContext): Promise<string> {
  // Within the repository, so that libraries are found.
  const outDir = join(repository, 'node_modules/.cache/edgefit-bench')
  await build({
    root: repository,
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: { '#shared': join(repository, 'src/shared') } },
    build: { ssr: join(repository, 'tests/bench/quantize-process.ts'), outDir, emptyOutDir: true, target: 'node20' },
  })
  return join(outDir, 'quantize-process.js')
}

function runOurs(context: BenchContext, program: string, args: readonly string[]): Outcome {
  return outcomeOf(process.execPath, [...JOB_FLAGS, program, ...args], { ...context, environment: JOB_ENVIRONMENT })
}

function outcomeOf(program: string, args: readonly string[], { repository, environment }: BenchContext & { readonly environment?: Readonly<Record<string, string>> }): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: repository, encoding: 'utf8', env: { ...process.env, ORT_DISABLE_TELEMETRY: '1', ...environment } })
  if (status !== 0) throw new Error(`${program} ended with code ${String(status)}: ${stderr.slice(-500)}`)
  return Outcome.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
}

function npyHeader(count: number, dims: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dims.join(', ')}), }`.padEnd(117) + '\n'
  return Buffer.concat([Uint8Array.of(0x93), Buffer.from('NUMPY'), Uint8Array.of(1, 0, header.length, 0), Buffer.from(header)])
}

/** Float32 samples in 0…1, from a fixed seed; written piece by piece. */
async function writeSamples(path: string, count: number): Promise<void> {
  const file = createWriteStream(path)
  file.write(npyHeader(count, INPUT))
  let state = 1
  for (let sample = 0; sample < count; sample++) {
    const values = new Float32Array(INPUT.reduce((product, dim) => product * dim, 1))
    for (let at = 0; at < values.length; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      values[at] = (state >>> 8) / 2 ** 24
    }
    if (!file.write(new Uint8Array(values.buffer))) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
}
