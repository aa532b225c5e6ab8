import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { argMax } from '#shared/evaluation/classification'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import { openCalibrationData } from '../../src/main/runtime/calibration-data'
import { openNpzArrays } from '../../src/main/runtime/data-array'
import { evaluateModel } from '../../src/main/runtime/evaluation/evaluate-model'
import { openModelFile } from '../../src/main/runtime/model-file'
import { loadOnnxruntime } from '../../src/main/runtime/onnxruntime'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { toOrtTensor } from '../../src/main/runtime/ort-tensor'
import { type Bench, type Figure, spreadOf } from './bench'

const PAIRS = 3
const PICTURES = 10_000

export const evaluate: Bench = {
  name: 'evaluate',
  title: 'Evaluation: against a bare onnxruntime-node loop on tensors in memory, and a folder of 10 000 pictures',
  async *run({ repository, scratch }) {
    for (const model of ['resnet-wide', 'resnet', 'mobilenet']) yield await againstLoop(repository, scratch, model)
    yield* largeFolder(repository, scratch)
  },
}

/** Both load the model and answer the same 1 000 samples, in turns; ours reads and converts them too. */
async function againstLoop(repository: string, scratch: string, model: string): Promise<Figure> {
  const folder = join(repository, 'resources/samples/digits')
  const [modelPath, dataPath] = [join(folder, `${model}.onnx`), join(folder, 'evaluation.npz')]
  const [ratios, wall]: [number[], number[]] = [[], []]
  for (let pair = 0; pair <= PAIRS; pair++) {
    const bare = await bareLoop(modelPath, dataPath)
    const ours = await taken(() => evaluateModel({ modelPath, dataPath, metric: 'top-1', threads: 1, runner: createOrtRunner({ scratchFolder: scratch }) }))
    // The first pair warms the compiler.
    if (pair === 0) continue
    ratios.push(ours.processorMs / bare.processorMs)
    wall.push(ours.wallMs / bare.wallMs)
  }
  const { value, p10 = 0, p90 = 0 } = spreadOf(wall)
  return { name: `${model}, processor time of ours / bare loop`, unit: '×', ...spreadOf(ratios), atMost: 1.11, note: `throughput ≥ 0.9 is time ≤ 1.11; one thread; wall clock ${value.toFixed(2)} (${p10.toFixed(2)}–${p90.toFixed(2)}) ×` }
}

/** Wall clock, and processor time, which other work on the machine does not stretch. */
async function taken(work: () => Promise<unknown>): Promise<{ wallMs: number; processorMs: number }> {
  const [startedAt, used] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(used)
  return { wallMs: performance.now() - startedAt, processorMs: (user + system) / 1000 }
}

async function bareLoop(modelPath: string, dataPath: string): Promise<{ wallMs: number; processorMs: number }> {
  const ort = await loadOnnxruntime()
  const file = openModelFile(modelPath)
  const data = await openCalibrationData({ kind: 'path', path: dataPath }, file.model)
  const feeds: Record<string, ReturnType<typeof toOrtTensor>>[] = []
  for await (const sample of data.samples()) feeds.push(Object.fromEntries([...sample].map(([name, value]) => [name, toOrtTensor(ort, value)])))
  file.close()
  return taken(async () => {
    const session = await ort.InferenceSession.create(modelPath, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4, extra: { session: { x64quantprecision: '1' } } })
    for (const feed of feeds) {
      const outputs = await session.run(feed)
      argMax((outputs['logits']?.data ?? []) as Float32Array)
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
