/** Models kept loaded so that an answer comes at once, and run side by side on one input. */
import { readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { AppError, toErrorData } from '#shared/errors'
import type { TryAnswer, TryDescription, TryInput, TryOutput, TryPortable, TryRead, TryReading, TryResult, TryRun } from '#shared/samples/try'
import { dataTypeName } from '#shared/onnx/data-type'
import { findAppRoot } from '../../host/app-root'
import { readSampleManifest } from '../../host/samples'
import { summarizeLatency } from '../../runtime/latency'
import { type ModelFile, openModelFile } from '../../runtime/model-file'
import type { Feeds, ModelRunner, RunningModel, TensorValue } from '../../runtime/model-runner'
import { onnxruntimeLabel } from '../../runtime/onnxruntime'
import { createOrtRunner } from '../../runtime/ort-runner'
import { numbersOf } from '../../runtime/evaluation/read-prediction'
import { openExamples, type PreparedInput, readInput } from './read-input'
import { fromPortable, toPortable } from './portable-tensor'
import { readOutput } from './read-output'
import { resolveTask, type ResolvedTask } from './resolve-task'
import { openTokenizer } from './tokens'
import { translate } from './translate'

/** More stay loaded only while they run together. */
const MOST_LOADED = 10
/** Runs beyond the first, of all models together: a person waits for the answer. */
const TIMING_MS = 500
/** As text the model is a third larger, and the window holds it twice. */
const MOST_PORTABLE_BYTES = 64_000_000
const START_TOKEN = 2
const END_TOKEN = 3

export interface TryModels {
  describe(modelPath: string): Promise<TryDescription>
  /** Throws AppError where the input does not fit the task; a model that does not run is an answer with an error. */
  run(request: TryRun): Promise<TryResult>
  /** Throws AppError `not-supported` where the task is not one run of one model, or the model too large for the window. */
  portable(request: { readonly modelPath: string; readonly path: string; readonly input: TryInput }): Promise<TryPortable>
  read(request: TryRead): Promise<TryReading>
}

interface Loaded {
  readonly running: Promise<RunningModel>
  readonly stamp: string
}

/** One inference, or all of those that a translation takes. */
type Inference = () => Promise<{ outputs: ReadonlyMap<string, TensorValue>; text: string | null }>

export function createTryModels({ scratchFolder }: { readonly scratchFolder: string }): TryModels {
  const runner: ModelRunner = createOrtRunner({ scratchFolder })
  const loaded = new Map<string, Loaded>()
  const samples = readSampleManifest(findAppRoot(import.meta.dirname))

  /** In the order of last use; a file that changed is loaded anew. */
  async function load(path: string): Promise<RunningModel> {
    const info = statSync(path, { throwIfNoEntry: false })
    if (!info) throw new AppError({ code: 'not-found', message: `'${basename(path)}' is no longer there.` })
    const stamp = `${info.mtimeMs} ${info.size}`
    const known = loaded.get(path)
    loaded.delete(path)
    if (known?.stamp === stamp) {
      loaded.set(path, known)
      return known.running
    }
    if (known) await (await known.running).close()
    const running = runner.loadFile(path, { exactIntegers: true, sleepBetweenRuns: true })
    const entry = { running, stamp }
    loaded.set(path, entry)
    running.catch(() => loaded.get(path) === entry && loaded.delete(path))
    return running
  }

  /** Loads what the first input will need while the person looks for one. What is wrong with a model is told when it runs. */
  function warmUp(modelPath: string, { task, folder }: ResolvedTask): void {
    const needed = task.kind === 'translate-text' ? [task.encoder, task.decoder, task.decoderWithPast].map((name) => join(folder, name)) : [modelPath]
    for (const path of needed) load(path).catch(() => undefined)
    if (task.kind === 'understand-text' || task.kind === 'translate-text') openTokenizer(join(folder, task.tokenizer))
  }

  async function unloadOld(inUse: ReadonlySet<string>): Promise<void> {
    for (const [path, { running }] of [...loaded]) {
      if (loaded.size <= MOST_LOADED) return
      if (inUse.has(path)) continue
      loaded.delete(path)
      await (await running).close()
    }
  }

  async function inferenceOf(path: string, resolved: ResolvedTask, { feeds }: PreparedInput, own: string): Promise<Inference> {
    const { task, folder } = resolved
    if (task.kind !== 'translate-text') {
      const running = await load(path)
      const fed = underOwnName(feeds, running.inputNames)
      return async () => ({ outputs: await running.run(fed), text: null })
    }
    // The model tried takes the place of the one it came from; the two others are the sample's.
    const part = (name: string) => load(basename(own) === name ? path : join(folder, name))
    const models = { encoder: await part(task.encoder), decoder: await part(task.decoder), decoderWithPast: await part(task.decoderWithPast) }
    const options = { tokenizer: join(folder, task.tokenizer), maxTokens: task.maxTokens, start: START_TOKEN, end: END_TOKEN }
    return async () => ({ outputs: new Map(), text: await translate(models, feeds, options) })
  }

  return {
    async describe(modelPath) {
      return withModel(modelPath, async (file) => {
        const resolved = resolveTask({ modelPath, model: file.model, samples })
        const examples = await openExamples({ modelPath, model: file.model, resolved })
        warmUp(modelPath, resolved)
        return { task: resolved.task, examples: examples?.sampleCount ?? 0 }
      })
    },
    async run({ modelPath, paths, input, runs }) {
      return withModel(modelPath, async (file) => {
        const resolved = resolveTask({ modelPath, model: file.model, samples })
        const shown = await withInputModel(file, resolved, (model) => readInput(input, { modelPath, model, resolved, runner }))
        const answers = await answerAll(paths, runs, {
          prepare: (path) => inferenceOf(path, resolved, shown, modelPath),
          read: async ({ outputs, text }) => (text === null ? readOutput(outputs, resolved, shown.tokens) : { kind: 'text', text }),
        })
        await unloadOld(new Set(paths))
        return { preview: shown.preview, expected: shown.expected, answers, runtime: await onnxruntimeLabel() }
      })
    },
    async portable({ modelPath, path, input }) {
      const { shown } = await prepare(modelPath, input)
      return withModel(path, async ({ sizeBytes, externalFiles }) => {
        if (sizeBytes > MOST_PORTABLE_BYTES || externalFiles.length > 0) throw new AppError({ code: 'not-supported', message: 'The model is too large to be run in the window.' })
        return { model: readFileSync(path).toString('base64'), feeds: [...shown.feeds].map(([name, value]) => toPortable(name, value)) }
      })
    },
    async read({ modelPath, input, outputs }) {
      const { resolved, shown } = await prepare(modelPath, input)
      const own = new Map(outputs.map((tensor) => [tensor.name, fromPortable(tensor)]))
      const sqnrDb = outputSqnr(await (await load(modelPath)).run(shown.feeds), own)
      return { output: await readOutput(own, resolved, shown.tokens), sqnrDb: sqnrDb === Infinity ? null : sqnrDb, sameAsFirst: sqnrDb === Infinity }
    },
  }

  async function prepare(modelPath: string, input: TryInput): Promise<{ resolved: ResolvedTask; shown: PreparedInput }> {
    return withModel(modelPath, async ({ model }) => {
      const resolved = resolveTask({ modelPath, model, samples })
      if (resolved.task.kind === 'translate-text') throw new AppError({ code: 'not-supported', message: 'Translation takes three models, which the window does not run together.' })
      return { resolved, shown: await readInput(input, { modelPath, model, resolved, runner }) }
    })
  }

  /** Texts to translate are the encoder's input, whichever of the models is tried. */
  async function withInputModel<Result>(file: ModelFile, { task, folder }: ResolvedTask, use: (model: ModelFile['model']) => Promise<Result>): Promise<Result> {
    return task.kind === 'translate-text' ? withModel(join(folder, task.encoder), (encoder) => use(encoder.model)) : use(file.model)
  }
}

async function withModel<Result>(path: string, use: (file: ModelFile) => Promise<Result>): Promise<Result> {
  const file = openModelFile(path)
  try {
    return await use(file)
  } finally {
    file.close()
  }
}

interface Steps {
  readonly prepare: (path: string) => Promise<Inference>
  readonly read: (result: Awaited<ReturnType<Inference>>) => Promise<TryOutput>
}

/** The first run gives the answer and is not timed; then the models take turns, so that what else the computer does hits all alike. */
async function answerAll(paths: readonly string[], runs: number, { prepare, read }: Steps): Promise<TryAnswer[]> {
  const tried: { path: string; infer: Inference; first: Awaited<ReturnType<Inference>>; times: number[] }[] = []
  const failed = new Map<string, TryAnswer>()
  let onceMs = 0
  for (const path of paths) {
    try {
      const infer = await prepare(path)
      const first = await infer()
      const start = performance.now()
      await infer()
      onceMs += performance.now() - start
      tried.push({ path, infer, first, times: [] })
    } catch (error) {
      const data = toErrorData(error)
      if (data.code === 'internal') throw error
      failed.set(path, { path, output: null, error: data, latency: null, sqnrDb: null, sameAsFirst: false })
    }
  }
  const affordable = Math.max(1, Math.min(runs, Math.floor(TIMING_MS / Math.max(onceMs, 0.01))))
  for (let run = 0; run < affordable; run++) {
    for (const { infer, times } of tried) {
      const start = performance.now()
      await infer()
      times.push(performance.now() - start)
    }
  }
  const reference = tried.find(({ path }) => path === paths[0])
  const answers = new Map(failed)
  for (const { path, first, times } of tried) {
    const { p50Ms, p10Ms, p90Ms } = summarizeLatency(times)
    const sqnrDb = reference === undefined ? null : outputSqnr(reference.first.outputs, first.outputs)
    answers.set(path, {
      path,
      output: await read(first),
      error: null,
      latency: { p50Ms, p10Ms, p90Ms, runs: times.length },
      sqnrDb: sqnrDb === Infinity ? null : sqnrDb,
      sameAsFirst: sqnrDb === Infinity || (reference !== undefined && reference.first.text !== null && reference.first.text === first.text),
    })
  }
  return paths.map((path) => {
    const answer = answers.get(resolve(path)) ?? answers.get(path)
    if (!answer) throw new AppError({ code: 'not-found', message: `'${path}' was not tried.` })
    return answer
  })
}

/** dB over all float outputs together; infinite where all are equal, null where there is nothing to compare. */
function outputSqnr(reference: ReadonlyMap<string, TensorValue>, candidate: ReadonlyMap<string, TensorValue>): number | null {
  let [signal, noise, elements] = [0, 0, 0]
  for (const [name, value] of reference) {
    const other = candidate.get(name)
    if (!other || value.strings || dataTypeName(value.dataType) === null || other.bytes.length !== value.bytes.length) continue
    const [a, b] = [numbersOf(new Map([[name, value]])).values, numbersOf(new Map([[name, other]])).values]
    elements += a.length
    for (let at = 0; at < a.length; at++) {
      signal += Number(a[at]) ** 2
      noise += (Number(a[at]) - Number(b[at])) ** 2
    }
  }
  if (elements === 0) return null
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise)
}

/** A model whose only input was renamed takes what the model it comes from is given. */
function underOwnName(feeds: Feeds, inputNames: readonly string[]): Feeds {
  const [name] = inputNames
  const [value] = feeds.values()
  return feeds.size === 1 && inputNames.length === 1 && name !== undefined && value ? new Map([[name, value]]) : feeds
}
