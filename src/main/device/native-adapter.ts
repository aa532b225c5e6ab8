/** Our runner on a phone's CPU: its files go to a folder of this run's own, which is gone afterwards, however it ends. */
import { writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import type { KernelProfile } from '#shared/measurement'
import { kernelsOfProfile } from '../runtime/kernel-profiles'
import { withUniqueNodeNames } from '../runtime/kernel-attribution'
import { openModelFile, saveModelFile } from '../runtime/model-file'
import { type AdapterRequest, type DeviceAdapter, endlessError, type PreparedRun, type PrepareRequest, type RunFigures, wiredPhone } from './device-adapter'
import { openDeviceRuntime } from './device-runtime'
import { installRuntime } from './install-runtime'
import type { CommandResult, Phone } from './phone'
import { ownFolder, removeFolder } from './phone-folders'
import { pushVerified } from './push-verified'
import { quoteShell } from './quote-shell'
import { decodeSets, decodeTensors, encodeSets, encodeTensors } from './tensor-file'

/** The runner says every second that it is alive. */
const STALL_MS = 6000
/** Short: it is also done where the phone has just gone away. */
const END_MS = 500
/** No data file of a model is named so. */
const MODEL_NAME = '.edgefit-model.onnx'
/** Of the runner's runs with the profiler on: the first are not like the others. */
const PROFILE_WARMUP = 2

const RunnerLine = z.discriminatedUnion('event', [
  z.object({ event: z.literal('alive') }),
  z.object({ event: z.literal('loaded'), loadMs: z.number() }),
  z.object({ event: z.literal('run'), done: z.number() }),
  z.object({ event: z.literal('window'), atMs: z.number(), runs: z.number(), p50Ms: z.number() }),
  z.object({ event: z.literal('error'), message: z.string() }),
  z.object({ event: z.literal('endless'), ms: z.number() }),
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

export const nativeAdapter: DeviceAdapter = {
  name: 'native',
  isRepeatable: true,
  exactIntegers: ({ abis }) => !abis.includes('x86_64'),
  async probe({ facts, runtimeFolder }) {
    openDeviceRuntime(runtimeFolder, facts.abis)
  },
  prepare,
}

/** Pushes runtime, model and inputs, and compares their SHA-256 on the phone: what came in part is never run. */
async function prepare(request: PrepareRequest): Promise<PreparedRun> {
  const phone = wiredPhone(request)
  const runtime = openDeviceRuntime(request.runtimeFolder, request.facts.abis)
  const installed = await installRuntime(phone, runtime, { signal: request.signal, onBytes: request.onBytes })
  const folder = ownFolder('run')
  // A phone that is away now is swept with the next deploy.
  const cleanUp = () => removeFolder(phone, folder).catch(() => undefined)
  try {
    await pushFiles(phone, folder, request)
    const places = { folder, runtimeFolder: installed.folder, loader: runtime.loader }
    return {
      runtime: `onnxruntime ${runtime.onnxruntime}, native ${runtime.abi}`,
      pushedRuntimeBytes: installed.pushedBytes,
      async run() {
        const figures = await startRunner(phone, places, request, timingWords(request, folder)).catch(async (error: unknown) => {
          await endRunner(phone, folder)
          throw error
        })
        return request.options.kernels ? { ...figures, kernels: await pullKernels(phone, folder, request) } : figures
      },
      async runEach(feeds) {
        await pushVerified(phone, folder, [{ source: encodeSets(feeds), name: 'inputs' }], request)
        // Timing is over: what this takes is not told.
        await startRunner(phone, places, { ...request, onPhase: () => undefined }, [`sets=${String(feeds.length)}`]).catch(async (error: unknown) => {
          await endRunner(phone, folder)
          throw error
        })
        return decodeSets(await phone.pull(`${folder}/outputs`, request.signal), feeds.length)
      },
      read: async () => decodeTensors(await phone.pull(`${folder}/outputs`, request.signal)),
      cleanUp,
    }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

/** Closing the connection has ended it, unless it hangs where no other signal reaches it. */
async function endRunner(phone: Phone, folder: string): Promise<void> {
  await phone.run(`kill -9 "$(cat ${quoteShell(`${folder}/pid`)})"`, END_MS).catch(() => undefined)
}

async function pushFiles(phone: Phone, folder: string, request: AdapterRequest): Promise<void> {
  const model = await modelToPush(request)
  await pushVerified(
    phone,
    folder,
    [
      { source: model.path, name: `model/${MODEL_NAME}` },
      ...model.externalFiles.map((path) => ({ source: path, name: `model/${relative(dirname(model.path), path).split(sep).join('/')}` })),
      { source: encodeTensors(request.feeds), name: 'inputs' },
    ],
    request,
  )
}

/** Kernels are found again by the names of nodes, so each needs one of its own. */
async function modelToPush({ model, options, scratchFolder }: AdapterRequest): Promise<{ path: string; externalFiles: readonly string[] }> {
  if (!options.kernels) return model
  return saveModelFile(withUniqueNodeNames(model.model), join(scratchFolder, 'named.onnx'))
}

interface RunnerPlaces {
  readonly folder: string
  readonly runtimeFolder: string
  readonly loader: string
}

function timingWords({ options }: AdapterRequest, folder: string): string[] {
  const { warmup, runs, sustainedSeconds, kernels } = options
  return [`warmup=${String(warmup)}`, `runs=${String(runs)}`, `seconds=${String(sustainedSeconds)}`, ...(kernels ? [`profile=${folder}/profile`] : [])]
}

/** @param what the runner's own words for what it is to do. */
async function startRunner(phone: Phone, { folder, runtimeFolder, loader }: RunnerPlaces, { facts, options, patienceMs, signal, onPhase, onWindow }: PrepareRequest, what: readonly string[]): Promise<RunFigures> {
  const words = [
    `${folder}/model/${MODEL_NAME}`,
    `${folder}/inputs`,
    `${folder}/outputs`,
    ...what,
    `threads=${String(threadsOn(options))}`,
    `exact=${nativeAdapter.exactIntegers(facts) ? '1' : '0'}`,
    `patience=${String(Math.ceil(patienceMs))}`,
  ]
  // `exec`: closing the connection ends the program itself, not a shell around it.
  const command = `cd ${quoteShell(runtimeFolder)} && echo $$ > ${quoteShell(`${folder}/pid`)} && HOME=${quoteShell(folder)} TMPDIR=${quoteShell(folder)} ORT_DISABLE_TELEMETRY=1 exec ${placement(options)}./${loader} --library-path . ./runner ${words.map(quoteShell).join(' ')}`
  let figures: Extract<RunnerLine, { event: 'done' }> | null = null
  let refused: string | null = null
  const givingUp = new AbortController()
  onPhase('starting', null)
  const result = await phone.follow(command, {
    signal: AbortSignal.any([signal, givingUp.signal]),
    stallMs: STALL_MS,
    onLine(text) {
      const line = parseLine(text)
      if (line?.event === 'run') onPhase('running', line.done / options.runs, `${String(line.done)} / ${String(options.runs)}`)
      else if (line?.event === 'window') {
        onWindow({ atMs: line.atMs, runs: line.runs, p50Ms: line.p50Ms })
        onPhase('sustained', Math.min(1, line.atMs / 1000 / options.sustainedSeconds), `${(line.atMs / 1000).toFixed(0)} / ${String(options.sustainedSeconds)} s, ${line.p50Ms.toFixed(2)} ms`)
      } else if (line?.event === 'error') refused = line.message
      // Not waiting for its end: what hangs in a driver ends late or never.
      else if (line?.event === 'endless') givingUp.abort(endlessError(`the phone '${phone.serial}'`, line.ms))
      else if (line?.event === 'done') figures = line
    },
  })
  if (refused !== null) throw runnerError(phone.serial, refused)
  if (figures === null || result.exitCode !== 0) throw crashError(phone.serial, result)
  const { loadMs, firstRunMs, peakMemoryBytes, baselineMemoryBytes, samplesMs } = figures as Extract<RunnerLine, { event: 'done' }>
  return { loadMs, firstRunMs, peakMemoryBytes, baselineMemoryBytes, samplesMs, kernels: [] }
}

/** Left to itself onnxruntime binds its threads to cores of its own choice. */
function threadsOn({ threads, cores }: AdapterRequest['options']): number {
  return threads === 0 && cores.length > 0 ? cores.length : threads
}

/** What goes before a program that gives way to others, or keeps to some cores (taskset of toybox and of util-linux: a mask in hexadecimal). */
function placement({ cores, niceness }: AdapterRequest['options']): string {
  const mask = cores.reduce((bits, core) => bits | (1n << BigInt(core)), 0n)
  return `${niceness > 0 ? `nice -n ${String(niceness)} ` : ''}${mask > 0n ? `taskset ${mask.toString(16)} ` : ''}`
}

async function pullKernels(phone: Phone, folder: string, { model, scratchFolder, signal, onPhase }: AdapterRequest): Promise<KernelProfile[]> {
  onPhase('profiling', null)
  const place = (name: string) => join(scratchFolder, name)
  // The weights lie beside the graph; only their file's presence is asked for, by its name.
  for (const name of ['profile', 'profile.onnx']) writeFileSync(place(name), await phone.pull(`${folder}/${name}`, signal))
  const named = withUniqueNodeNames(model.model)
  const optimized = openModelFile(place('profile.onnx'))
  try {
    return await kernelsOfProfile({ model: model.model, named, optimized: optimized.model, profilePath: place('profile'), skipRuns: PROFILE_WARMUP })
  } finally {
    optimized.close()
  }
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
