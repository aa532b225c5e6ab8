import { spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'vite'
import { z } from 'zod'
import { ProfileOptions } from '#shared/ipc/jobs'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { JOB_FLAGS } from '../../src/main/host/jobs'
import { compareModels } from '../../src/main/runtime/compare-models'
import { mobileNetV2 } from '../fixtures/mobilenet-v2'
import { type Bench, type BenchContext, type Figure, spreadOf } from './bench'

const SAMPLES = 100
const MANY_SAMPLES = 1000
const PAIRS = 3
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
    const [ours, theirs] = [join(context.scratch, 'ours.onnx'), join(context.scratch, 'theirs.onnx')]

    const python = process.env['EDGEFIT_PEER_PYTHON']
    const hasPeer = python !== undefined && existsSync(python)
    const [own, peer]: [Outcome[], Outcome[]] = [[], []]
    // In turns and as often as each other: a change of the machine's load meets both.
    for (let pair = 0; pair < PAIRS; pair++) {
      own.push(runOurs(context, program, [model, data, ours, String(SAMPLES)]))
      if (hasPeer) peer.push(outcomeOf(python, ['-W', 'ignore', join(context.repository, 'tests/bench/peers/ort_quantize_timed.py'), model, data, theirs, String(SAMPLES)], context))
    }
    const seconds = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.seconds)
    const megabytes = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.peakBytes / 2 ** 20)
    yield { name: 'time', unit: 's', ...spreadOf(seconds(own)), note: 'imports not counted' }
    yield { name: 'peak resident size', unit: 'MB', ...spreadOf(megabytes(own)), note: 'of the whole process' }
    if (hasPeer) {
      yield { name: "the reference's time", unit: 's', ...spreadOf(seconds(peer)), note: 'imports not counted' }
      yield { name: "the reference's peak", unit: 'MB', ...spreadOf(megabytes(peer)) }
      const ratios = (of: (outcomes: readonly Outcome[]) => number[]) => spreadOf(of(own).map((value, at) => value / (of(peer)[at] as number)))
      yield { name: "time beside the reference's, pair by pair", unit: '×', ...ratios(seconds), atMost: 1 / 3 }
      yield { name: "peak beside the reference's, pair by pair", unit: '×', ...ratios(megabytes), atMost: 0.5 }
      yield await latencyFigure(context, theirs, ours)
    }
    const few = runOurs(context, program, [model, data, ours, '10'])
    const many = runOurs(context, program, [model, data, ours, String(MANY_SAMPLES)])
    yield { name: `peak with ${MANY_SAMPLES} samples beside that with 10`, unit: '×', value: many.peakBytes / few.peakBytes, runs: 1, atMost: 1.05 }
  },
}

async function latencyFigure(context: BenchContext, theirs: string, ours: string): Promise<Figure> {
  const runs = context.runs * 4
  const { latencyRatio } = await compareModels({ a: theirs, b: ours, options: ProfileOptions.parse({ runs }), data: { kind: 'synthetic', samples: 1 }, scratchFolder: context.scratch })
  if (!latencyRatio) throw new Error('the two results did not run')
  return { name: "latency of our int8 model beside the reference's", unit: '×', value: latencyRatio.p50, p10: latencyRatio.p10, p90: latencyRatio.p90, runs, atMost: 1.02 }
}

/** As the studio runs a job: bundled, with the flags of job processes. */
async function bundled({ repository }: BenchContext): Promise<string> {
  // Within the repository, so that onnxruntime-node is found.
  const outDir = join(repository, 'node_modules/.cache/edgefit-bench')
  await build({
    root: repository,
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: { '#shared': join(repository, 'src/shared') } },
    ssr: { noExternal: true, external: ['onnxruntime-node'] },
    build: { ssr: join(repository, 'tests/bench/quantize-process.ts'), outDir, emptyOutDir: true, target: 'node20' },
  })
  return join(outDir, 'quantize-process.js')
}

function runOurs(context: BenchContext, program: string, args: readonly string[]): Outcome {
  return outcomeOf(process.execPath, [...JOB_FLAGS, program, ...args], context)
}

function outcomeOf(program: string, args: readonly string[], { repository }: BenchContext): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: repository, encoding: 'utf8', env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } })
  if (status !== 0) throw new Error(`${program} ended with code ${String(status)}: ${stderr.slice(-500)}`)
  return Outcome.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
}

/** Float32 samples in 0…1, from a fixed seed; written piece by piece. */
async function writeSamples(path: string, count: number): Promise<void> {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${INPUT.join(', ')}), }`.padEnd(117) + '\n'
  const file = createWriteStream(path)
  file.write(Buffer.concat([Uint8Array.of(0x93), Buffer.from('NUMPY'), Uint8Array.of(1, 0, header.length, 0), Buffer.from(header)]))
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
