/** onnxruntime-web in a phone's browser, through a tunnel that adb opens, or over the network where the person asks for it. */
import { createRequire } from 'node:module'
import { networkInterfaces } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import type { DeviceFacts } from '#shared/device'
import { AppError } from '#shared/errors'
import { findAppRoot } from '../host/app-root'
import type { TensorValue } from '../runtime/model-runner'
import { type AdapterRequest, type DeviceAdapter, endlessError, type PreparedRun, type PrepareRequest, type RunFigures } from './device-adapter'
import { browserName } from './browser-name'
import { type BrowserServer, startBrowserServer } from './browser-server'
import type { Phone } from './phone'
import { quoteShell } from './quote-shell'
import { decodeTensors, encodeTensors } from './tensor-file'

/** The page says every second that it is there; a browser may be busy with something else for a while. */
const SILENCE_MS = 8000
/** The first inference on a GPU waits for its shaders to be compiled. */
const SHADERS_MS = 60_000
/** From the address to the page: a browser's first start, or a person with a camera. */
const OPEN_MS = { adb: 30_000, network: 300_000 }

const PageEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('alive') }),
  z.object({ event: z.literal('loaded'), threads: z.number().int(), userAgent: z.string().max(1000), cores: z.number().int().min(1).max(4096) }),
  z.object({ event: z.literal('run'), done: z.number() }),
  z.object({ event: z.literal('window'), atMs: z.number(), runs: z.number(), p50Ms: z.number() }),
  z.object({ event: z.literal('error'), message: z.string() }),
  z.object({ event: z.literal('endless'), ms: z.number() }),
  z.object({ event: z.literal('done'), loadMs: z.number(), firstRunMs: z.number(), samplesMs: z.array(z.number()).min(1) }),
])
type PageEvent = z.infer<typeof PageEvent>

export const browserAdapter: DeviceAdapter = {
  name: 'browser',
  isRepeatable: false,
  exactIntegers: () => true,
  async probe({ phone, options }) {
    if (options.kernels) throw new AppError({ code: 'not-supported', message: 'A browser does not tell what each kernel costs.', hint: 'Leave the kernels out, or choose the native runtime.' })
    if (phone === null) lanAddress()
  },
  prepare,
}

async function prepare(request: PrepareRequest): Promise<PreparedRun> {
  const run = createPageRun(request)
  const server = await startBrowserServer({
    address: request.phone === null ? lanAddress() : '127.0.0.1',
    pageFolder: join(findAppRoot(import.meta.dirname), 'resources/device/browser'),
    runtimeFolder: dirname(createRequire(import.meta.url).resolve('onnxruntime-web')),
    task: { provider: request.options.provider, warmup: request.options.warmup, runs: request.options.runs, threads: request.options.threads, seconds: request.options.sustainedSeconds, patienceMs: request.patienceMs + (request.options.provider === 'webgpu' ? SHADERS_MS : 0) },
    modelPath: request.model.path,
    externalData: request.model.externalFiles.map((path) => ({ path, name: relative(dirname(request.model.path), path).split(sep).join('/') })),
    inputs: encodeTensors(request.feeds),
    onEvent: run.receive,
    onOutputs: run.takeOutputs,
    onOpen: () => run.opened(),
    onBytes: request.onBytes,
  })
  let tunnel: number | null = null
  try {
    tunnel = request.phone && (await request.phone.openTunnel(server.port))
  } catch (error) {
    await server.close()
    throw error
  }
  return {
    get runtime() {
      return run.runtime()
    },
    pushedRuntimeBytes: 0,
    async run() {
      await openPage(request, server, tunnel)
      return run.ended
    },
    read: async () => run.outputs(),
    learnt: () => (request.phone === null ? run.facts() : {}),
    async cleanUp() {
      run.stop()
      await server.close()
      // A phone that is away has closed it.
      if (tunnel !== null) await request.phone?.closeTunnel(tunnel).catch(() => undefined)
    },
  }
}

async function openPage({ phone, onPhase }: AdapterRequest, server: BrowserServer, tunnel: number | null): Promise<void> {
  if (phone === null || tunnel === null) return onPhase('waiting-for-browser', null, `http://${lanAddress()}:${String(server.port)}${server.path}`)
  onPhase('waiting-for-browser', null)
  await startBrowser(phone, `http://127.0.0.1:${String(tunnel)}${server.path}`)
}

/** Throws AppError not-supported where nothing on the phone opens an address. */
async function startBrowser(phone: Phone, url: string): Promise<void> {
  const { exitCode, stdout, stderr } = await phone.run(`am start -a android.intent.action.VIEW -d ${quoteShell(url)}`)
  const said = `${stdout}\n${stderr}`
  if (exitCode === 0 && !/^Error\b/m.test(said)) return
  throw new AppError({ code: 'not-supported', message: `The phone '${phone.serial}' opened no browser: ${said.replaceAll(url, 'the address').trim()}`, hint: 'Install a browser, or unlock the phone.' })
}

/** The page's side of one run, as its events tell of it. */
function createPageRun({ phone, options, signal, onPhase, onWindow }: AdapterRequest) {
  let loaded: Extract<PageEvent, { event: 'loaded' }> | null = null
  let outputs: Uint8Array | null = null
  let settle: { resolve: (figures: RunFigures) => void; reject: (error: unknown) => void } = { resolve: () => undefined, reject: () => undefined }
  const ended = new Promise<RunFigures>((resolve, reject) => (settle = { resolve, reject }))
  ended.catch(() => undefined)
  const giveUp = (message: string) => () => settle.reject(new AppError({ code: 'device-lost', message, hint: 'Keep the page in front and the screen on, then try again.' }))
  let timer = setTimeout(giveUp('The page was not opened on the phone.'), phone === null ? OPEN_MS.network : OPEN_MS.adb)
  const listen = () => {
    clearTimeout(timer)
    timer = setTimeout(giveUp(`The page on the phone has not been heard of for ${String(SILENCE_MS / 1000)} s.`), SILENCE_MS)
  }
  const onAbort = () => settle.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })

  function receive(value: unknown): void {
    const { data } = PageEvent.safeParse(value)
    // What is not the page's own words is left out.
    if (!data) return
    listen()
    if (data.event === 'loaded') loaded = data
    else if (data.event === 'run') onPhase('running', data.done / options.runs, `${String(data.done)} / ${String(options.runs)}`)
    else if (data.event === 'window') {
      onWindow({ atMs: data.atMs, runs: data.runs, p50Ms: data.p50Ms })
      onPhase('sustained', Math.min(1, data.atMs / 1000 / options.sustainedSeconds), `${(data.atMs / 1000).toFixed(0)} / ${String(options.sustainedSeconds)} s, ${data.p50Ms.toFixed(2)} ms`)
    } else if (data.event === 'error') settle.reject(pageError(data.message))
    else if (data.event === 'endless') settle.reject(endlessError(phone ? `the phone '${phone.serial}'` : 'the other device', data.ms))
    else if (data.event === 'done') settle.resolve({ samplesMs: data.samplesMs, loadMs: data.loadMs, firstRunMs: data.firstRunMs, peakMemoryBytes: null, baselineMemoryBytes: null, kernels: [] })
  }

  return {
    ended,
    receive,
    opened() {
      listen()
      onPhase('starting', null)
    },
    takeOutputs: (bytes: Uint8Array) => void (outputs = bytes),
    outputs(): Map<string, TensorValue> {
      if (outputs === null) throw new AppError({ code: 'truncated', message: 'The page on the phone gave no outputs.', hint: 'Try again.' })
      return decodeTensors(outputs)
    },
    runtime: () => `onnxruntime-web ${runtimeVersion()}, ${options.provider}${options.provider === 'wasm' && loaded ? `, ${String(loaded.threads)} ${loaded.threads === 1 ? 'thread' : 'threads'}` : ''}${loaded ? `, ${browserName(loaded.userAgent).browser}` : ''}`,
    facts: (): Partial<DeviceFacts> => (loaded ? { model: browserName(loaded.userAgent).device, cores: Array.from({ length: loaded.cores }, () => ({ maxMHz: null })) } : {}),
    stop() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

function pageError(message: string): AppError {
  if (/no WebGPU|GPU adapter/.test(message)) return new AppError({ code: 'not-supported', message: `The browser on the phone gives no WebGPU: ${message}`, hint: 'Run it with WebAssembly, or over the cable: on a network, pages have no WebGPU.' })
  if (/memory|alloc/i.test(message)) return new AppError({ code: 'out-of-memory', message: `The browser on the phone has not enough memory for this model: ${message}`, hint: 'Quantize the model, or close other pages.' })
  return new AppError({ code: 'runtime-rejected', message: `onnxruntime-web on the phone does not run this model: ${message}`, hint: 'Try the native runtime, or another provider.' })
}

function runtimeVersion(): string {
  const require = createRequire(import.meta.url)
  // Its package.json is not among its exports; it lies beside the folder of what is.
  return z.object({ version: z.string() }).parse(require(join(dirname(require.resolve('onnxruntime-web')), '../package.json'))).version
}

/** This computer's address on the first network it is on. Throws AppError not-supported. */
function lanAddress(): string {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found) return found.address
  throw new AppError({ code: 'not-supported', message: 'This computer is on no network.', hint: 'Connect it to the network that the phone is on.' })
}
