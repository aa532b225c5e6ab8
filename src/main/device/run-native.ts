/** Our runner on a phone's CPU: its files go to a folder of this run's own, which is gone afterwards, however it ends. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { z } from 'zod'
import type { DeployOptions } from '#shared/device'
import { AppError } from '#shared/errors'
import type { Feeds, TensorValue } from '../runtime/model-runner'
import type { DeviceRuntime } from './device-runtime'
import { expectDone, hashFiles } from './install-runtime'
import type { CommandResult, Phone } from './phone'
import { ownFolder, removeFolder } from './phone-folders'
import { quoteShell } from './quote-shell'
import { decodeTensors, encodeTensors } from './tensor-file'

/** The runner says every second that it is alive. */
const STALL_MS = 8000
/** Short: it is also done where the phone has just gone away. */
const END_MS = 500
/** No data file of a model is named so. */
const MODEL_NAME = '.edgefit-model.onnx'

const RunnerLine = z.discriminatedUnion('event', [
  z.object({ event: z.literal('alive') }),
  z.object({ event: z.literal('loaded'), loadMs: z.number() }),
  z.object({ event: z.literal('run'), done: z.number() }),
  z.object({ event: z.literal('error'), message: z.string() }),
  z.object({
    event: z.literal('done'),
    loadMs: z.number(),
    firstRunMs: z.number(),
    peakMemoryBytes: z.number(),
    baselineMemoryBytes: z.number(),
    samplesMs: z.array(z.number()).min(1),
  }),
])
type RunnerLine = z.infer<typeof RunnerLine>
type RunnerFigures = Omit<Extract<RunnerLine, { event: 'done' }>, 'event'>

export interface NativeRunOptions {
  readonly runtime: DeviceRuntime
  /** On the phone. */
  readonly runtimeFolder: string
  readonly model: { readonly path: string; readonly externalFiles: readonly string[] }
  readonly feeds: Feeds
  readonly options: Pick<DeployOptions, 'runs' | 'warmup' | 'threads'>
  /** Integer kernels that do not saturate, on x86 without VNNI. */
  readonly exactIntegers: boolean
  readonly signal: AbortSignal
  /** Called with each piece that goes to the phone. */
  readonly onBytes: (bytes: number) => void
  /** `done` runs of those that count; null while the model is loaded. */
  readonly onRun: (done: number | null) => void
}

export interface NativeRun extends RunnerFigures {
  readonly outputs: Map<string, TensorValue>
}

/**
 * Pushes model and inputs, compares their SHA-256 on the phone, runs and brings the outputs home.
 * Throws AppError runtime-rejected (onnxruntime's reason), engine-crashed, out-of-memory, disk-full, device-lost, cancelled.
 */
export async function runNative(phone: Phone, run: NativeRunOptions): Promise<NativeRun> {
  const folder = ownFolder('run')
  try {
    await pushFiles(phone, folder, run)
    run.signal.throwIfAborted()
    const figures = await startRunner(phone, folder, run).catch(async (error: unknown) => {
      await endRunner(phone, folder)
      throw error
    })
    return { ...figures, outputs: decodeTensors(await phone.pull(`${folder}/outputs`, run.signal)) }
  } finally {
    // A phone that is away now is swept with the next deploy.
    await removeFolder(phone, folder).catch(() => undefined)
  }
}

/** Closing the connection has ended it, unless it hangs where no other signal reaches it. */
async function endRunner(phone: Phone, folder: string): Promise<void> {
  await phone.run(`kill -9 "$(cat ${quoteShell(`${folder}/pid`)})"`, END_MS).catch(() => undefined)
}

async function pushFiles(phone: Phone, folder: string, { model, feeds, signal, onBytes }: NativeRunOptions): Promise<void> {
  const inputs = encodeTensors(feeds)
  const files = [
    { source: model.path, name: `model/${MODEL_NAME}` },
    ...model.externalFiles.map((path) => ({ source: path, name: `model/${relative(dirname(model.path), path).split(sep).join('/')}` })),
    { source: inputs, name: 'inputs' },
  ]
  const folders = new Set(files.map(({ name }) => `${folder}/${name}`.replace(/\/[^/]*$/, '')))
  await expectDone(phone, `mkdir -p ${[...folders].map(quoteShell).join(' ')}`)
  for (const { source, name } of files) await phone.push(source, `${folder}/${name}`, { mode: 0o644, signal, onBytes })
  const expected = await Promise.all(files.map(({ source }) => hashSource(source)))
  const arrived = await hashFiles(phone, files.map(({ name }) => `${folder}/${name}`))
  const broken = files.find((_, at) => arrived[at] !== expected[at])
  if (broken) throw new AppError({ code: 'device-lost', message: `'${broken.name}' did not arrive whole on the phone.`, hint: 'Try again, with another cable or port.' })
}

async function hashSource(source: string | Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  if (typeof source === 'string') for await (const chunk of createReadStream(source)) hash.update(chunk as Uint8Array)
  else hash.update(source)
  return hash.digest('hex')
}

async function startRunner(phone: Phone, folder: string, { runtime, runtimeFolder, options, exactIntegers, signal, onRun }: NativeRunOptions): Promise<RunnerFigures> {
  const words = [`${folder}/model/${MODEL_NAME}`, `${folder}/inputs`, `${folder}/outputs`, ...[options.warmup, options.runs, options.threads, exactIntegers ? 1 : 0].map(String)]
  // `exec`: closing the connection ends the program itself, not a shell around it.
  const command = `cd ${quoteShell(runtimeFolder)} && echo $$ > ${quoteShell(`${folder}/pid`)} && HOME=${quoteShell(folder)} TMPDIR=${quoteShell(folder)} ORT_DISABLE_TELEMETRY=1 exec ./${runtime.loader} --library-path . ./runner ${words.map(quoteShell).join(' ')}`
  let figures: RunnerFigures | null = null
  let refused: string | null = null
  onRun(null)
  const result = await phone.follow(command, {
    signal,
    stallMs: STALL_MS,
    onLine(text) {
      const line = parseLine(text)
      if (line?.event === 'run') onRun(line.done)
      else if (line?.event === 'error') refused = line.message
      else if (line?.event === 'done') figures = line
    },
  })
  if (refused !== null) throw runnerError(phone.serial, refused)
  if (figures === null || result.exitCode !== 0) throw crashError(phone.serial, result)
  return figures
}

/** Null for what is not the runner's: the phone's linker may print warnings. */
function parseLine(text: string): RunnerLine | null {
  if (!text.startsWith('{"event":')) return null
  const parsed = RunnerLine.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : null
}

function runnerError(serial: string, message: string): AppError {
  if (/no space left/i.test(message)) return new AppError({ code: 'disk-full', message: `There is no room left on the phone '${serial}'.`, hint: 'Free some storage on the phone.' })
  if (/bad_alloc|allocate memory|not enough memory/i.test(message)) return new AppError({ code: 'out-of-memory', message: `The phone '${serial}' has not enough memory for this model: ${message}`, hint: 'Quantize the model, or close apps on the phone.' })
  return new AppError({ code: 'runtime-rejected', message: `onnxruntime on the phone does not run this model: ${message}`, hint: 'If the same model runs here, please report it with the report of `edgefit devices doctor`.' })
}

function crashError(serial: string, { exitCode, stderr }: CommandResult): AppError {
  // A shell tells a signal as 128 and its number; Android's low-memory killer sends 9.
  const signal = exitCode > 128 ? exitCode - 128 : null
  const said = stderr.trim().split('\n').slice(-5).join('\n')
  if (signal === 9) return new AppError({ code: 'out-of-memory', message: `The phone '${serial}' killed the program that ran the model.`, hint: 'Most often memory ran out: quantize the model, or close apps on the phone.' })
  return new AppError({
    code: 'engine-crashed',
    message: `The program that ran the model on the phone '${serial}' stopped: ${signal === null ? `exit code ${String(exitCode)}` : `signal ${String(signal)}`}${said === '' ? '' : `: ${said}`}.`,
    hint: 'Try again. If it stops again on the same model, please report it with the report of `edgefit devices doctor`.',
  })
}
