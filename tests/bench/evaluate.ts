import { existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tensor as OrtTensor } from 'onnxruntime-node'
import sharp from 'sharp'
import { argMax } from '#shared/evaluation/classification'
import { numbersFromBytes, rawTensor } from '#shared/onnx/tensor-data'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { openNpzArrays } from '../../src/main/runtime/data-array'
import { evaluateModel } from '../../src/main/runtime/evaluation/evaluate-model'
import { openModelFile } from '../../src/main/runtime/model-file'
import { loadOnnxruntime } from '../../src/main/runtime/onnxruntime'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { toOrtTensor } from '../../src/main/runtime/ort-tensor'
import { writeNpy } from '../../src/main/runtime/write-npy'
import { type Bench, type Figure, spreadOf } from './bench'

const ROUNDS = 7
const PICTURES = 10_000

export const evaluate: Bench = {
  name: 'evaluate',
  title: 'Evaluation: against a bare onnxruntime-node loop on tensors in memory, and a folder of 10 000 pictures',
  async *run({ repository, scratch }) {
    for (const model of ['mobilenet', 'resnet', 'resnet-wide']) yield* againstLoop(repository, scratch, model)
    yield* largeFolder(repository, scratch)
  },
}

interface Taken {
  readonly wallMs: number
  readonly processorMs: number
  /** Of the thread that drives the model alone; what others do beside it does not count. Null where the system does not tell. */
  readonly threadMs: number | null
  /** Wall clock before the first answer. */
  readonly startMs: number
}

interface SameSamples {
  readonly modelPath: string
  readonly feeds: readonly Record<string, OrtTensor>[]
  /** What ours reads: the very tensors of `feeds` as they are, and the sample's own file, unpacked and widened from bytes on the way. */
  readonly sources: readonly { readonly name: string; readonly dataPath: string; readonly labelsPath: string | null }[]
}

/**
 * The same 1 000 samples in the same order, with the same session options and one thread, in turns within each round. Timed from the first
 * answer to the last, as throughput is.
 */
async function* againstLoop(repository: string, scratch: string, model: string): AsyncGenerator<Figure> {
  const folder = join(repository, 'resources/samples/digits')
  const same = await sameSamples(join(folder, `${model}.onnx`), join(folder, 'evaluation.npz'), scratch)
  const works = [() => bareLoop(same), ...same.sources.map((source) => () => evaluation({ modelPath: same.modelPath, ...source, scratch }))]
  const rounds: Taken[][] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const times = new Map<number, Taken>()
    // Each begins a round in turn, so that what follows another gains nothing by it.
    for (let turn = 0; turn < works.length; turn++) {
      const at = (round + turn) % works.length
      const time = await works[at]?.()
      if (time) times.set(at, time)
    }
    // The first round warms the compiler.
    if (round > 0) rounds.push([...times].toSorted(([a], [b]) => a - b).map(([, time]) => time))
  }
  for (const [at, { name }] of same.sources.entries()) {
    const shares = (figure: 'wallMs' | 'processorMs' | 'threadMs') => rounds.map(([bare, ...ours]) => (ours[at]?.[figure] ?? NaN) / (bare?.[figure] ?? NaN))
    const start = spreadOf(rounds.map((times) => times[at + 1]?.startMs ?? NaN)).value
    yield { name: `${model}, ${name}: wall clock of ours / bare loop`, unit: '×', ...spreadOf(shares('wallMs')), atMost: 1.11, note: `throughput ≥ 0.9 is time ≤ 1.11; one thread; first answer after ${start.toFixed(0)} ms` }
    if (rounds.every((times) => times.every(({ threadMs }) => threadMs !== null))) {
      yield { name: `${model}, ${name}: processor time of the thread that runs the model, ours / bare loop`, unit: '×', ...spreadOf(shares('threadMs')), note: 'what wall clock comes to where another core is free for reading' }
    }
    yield { name: `${model}, ${name}: processor time of ours / bare loop`, unit: '×', ...spreadOf(shares('processorMs')), note: 'all threads, those that read and unpack included' }
  }
}

async function sameSamples(modelPath: string, dataPath: string, scratch: string): Promise<SameSamples> {
  const ort = await loadOnnxruntime()
  const file = openModelFile(modelPath)
  const feeds: Record<string, OrtTensor>[] = []
  const values: Uint8Array[] = []
  let dims: readonly number[] = []
  for await (const sample of (await openCalibrationData({ kind: 'path', path: dataPath }, file.model)).samples()) {
    for (const [name, value] of sample) {
      feeds.push({ [name]: toOrtTensor(ort, value) })
      values.push(value.bytes)
      dims = value.dims
    }
  }
  file.close()
  const labels = (await openNpzArrays(dataPath)).find(({ name }) => name === 'label')
  if (!labels) throw new Error(`${dataPath} has no labels.`)
  const [imagesPath, labelsPath] = [join(scratch, 'tensors.npy'), join(scratch, 'labels.npy')]
  await writeNpy(imagesPath, rawTensor('image', 'float32', [feeds.length, ...dims.slice(1)], Buffer.concat(values)), null)
  for await (const { bytes } of labels.read(feeds.length, 1)) await writeNpy(labelsPath, rawTensor('label', labels.dataType, [feeds.length], bytes), null)
  return { modelPath, feeds, sources: [{ name: 'the same tensors', dataPath: imagesPath, labelsPath }, { name: 'deflated bytes', dataPath, labelsPath: null }] }
}

/** Takes wall clock, and processor time, which other work on the machine does not stretch, from the moment `first` is called. */
async function taken(work: (first: () => void) => Promise<unknown>): Promise<Taken> {
  const begunAt = performance.now()
  let [startedAt, used, usedHere] = [NaN, process.cpuUsage(), threadTime()]
  await work(() => {
    if (Number.isNaN(startedAt)) [startedAt, used, usedHere] = [performance.now(), process.cpuUsage(), threadTime()]
  })
  const { user, system } = process.cpuUsage(used)
  const here = threadTime()
  return { wallMs: performance.now() - startedAt, processorMs: (user + system) / 1000, threadMs: here === null || usedHere === null ? null : here - usedHere, startMs: startedAt - begunAt }
}

/** Milliseconds that this thread has run, as Linux counts them. */
function threadTime(): number | null {
  const path = '/proc/thread-self/schedstat'
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e6 : null
}

function evaluation({ modelPath, dataPath, labelsPath, scratch }: { modelPath: string; dataPath: string; labelsPath: string | null; scratch: string }): Promise<Taken> {
  return taken((first) => evaluateModel({ modelPath, dataPath, labelsPath, metric: 'top-1', threads: 1, runner: createOrtRunner({ scratchFolder: scratch }), onPartial: first }))
}

function bareLoop({ modelPath, feeds }: SameSamples): Promise<Taken> {
  return taken(async (first) => {
    const ort = await loadOnnxruntime()
    const session = await ort.InferenceSession.create(modelPath, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4, extra: { session: { x64quantprecision: '1' } } })
    for (const feed of feeds) {
      const outputs = await session.run(feed)
      argMax((outputs['logits']?.data ?? []) as Float32Array)
      first()
    }
    await session.release()
  })
}

async function* largeFolder(repository: string, scratch: string): AsyncGenerator<Figure> {
  const digits = join(repository, 'resources/samples/digits')
  const folder = join(scratch, 'pictures')
  await writePictures(join(digits, 'evaluation.npz'), folder)
  const startedAt = performance.now()
  let firstMs = 0
  let early = 0
  let highest = 0
  const result = await evaluateModel({
    modelPath: join(digits, 'mobilenet.onnx'),
    dataPath: folder,
    metric: 'top-1',
    runner: createOrtRunner({ scratchFolder: scratch }),
    onPartial({ samples }) {
      if (firstMs === 0) firstMs = performance.now() - startedAt
      const { rss } = process.memoryUsage()
      if (samples <= 1000) early = rss
      highest = Math.max(highest, rss)
    },
  })
  const top1 = `top-1 ${((result.value ?? 0) * 100).toFixed(2)} %`
  yield { name: `${PICTURES} pictures, first result`, unit: 's', value: firstMs / 1000, runs: 1, atMost: 2, note: top1 }
  yield { name: `${PICTURES} pictures, all of them`, unit: 's', value: result.durationMs / 1000, runs: 1, note: `${((result.samples / result.durationMs) * 1000).toFixed(0)} pictures/s, of which ${(result.inferenceMs / 1000).toFixed(1)} s inference` }
  yield { name: 'highest resident size / that within the first 1 000', unit: '×', value: highest / early, runs: 1, note: `${(early / 1e6).toFixed(0)} MB and ${(highest / 1e6).toFixed(0)} MB` }
}

/** The evaluation images as PNG, ten links to each, in folders of classes. */
async function writePictures(dataPath: string, folder: string): Promise<void> {
  const arrays = await openNpzArrays(dataPath)
  const [images, labels] = [arrays.find(({ name }) => name === 'image'), arrays.find(({ name }) => name === 'label')]
  if (!images || !labels) throw new Error(`${dataPath} has no images with labels.`)
  const [count = 0, channels = 0, height = 0, width = 0] = images.dims
  const size = channels * height * width
  let classes: Uint8Array = new Uint8Array()
  for await (const { bytes } of labels.read(count, 1)) classes = bytes
  let at = 0
  for await (const { bytes } of images.read(size, count)) {
    const planes = numbersFromBytes('uint8', bytes, size)
    const pixels = Uint8Array.from({ length: size }, (_, index) => Number(planes[(index % channels) * width * height + Math.floor(index / channels)]))
    const own = join(folder, String(classes[at] ?? 0))
    mkdirSync(own, { recursive: true })
    const path = join(own, `${at}-0.png`)
    writeFileSync(path, await sharp(pixels, { raw: { width, height, channels: 3 } }).png().toBuffer())
    for (let copy = 1; copy < PICTURES / count; copy++) linkSync(path, join(own, `${at}-${copy}.png`))
    at++
  }
}
