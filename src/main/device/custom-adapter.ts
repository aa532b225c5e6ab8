/** A person's own benchmark program on a phone, described by a JSON manifest. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { type AdapterRequest, type DeviceAdapter, type PreparedRun, type RunFigures, wiredPhone } from './device-adapter'
import type { Phone } from './phone'
import { ownFolder, removeFolder } from './phone-folders'
import { pushVerified } from './push-verified'
import { quoteShell } from './quote-shell'
import { decodeTensors, encodeTensors } from './tensor-file'

const TIME_UNITS = { s: 1000, ms: 1, us: 0.001, ns: 1e-6 } as const
const SIZE_UNITS = { B: 1, kB: 1024, MB: 1024 ** 2 } as const
/** Short: it is also done where the phone has just gone away. */
const END_MS = 500
const MODEL_NAME = 'model.onnx'

/** A regular expression whose first group is the number. */
const pattern = z.string().refine((text) => isRegExp(text) && /\((?!\?)|\(\?</.test(text), { message: 'a regular expression with a group around the number is needed' })
const Time = z.object({ pattern, unit: z.enum(['s', 'ms', 'us', 'ns']) }).strict()
const Size = z.object({ pattern, unit: z.enum(['B', 'kB', 'MB']) }).strict()

export const Manifest = z
  .object({
    name: z.string().min(1),
    /** Pushed beside each other, in this order; paths are relative to the manifest. */
    push: z.array(z.object({ path: z.string().min(1), executable: z.boolean().default(false) }).strict()).min(1),
    /** Words of the command line, each taken literally; {folder} {model} {inputs} {outputs} {runs} {warmup} {threads} are put in. */
    command: z.array(z.string()).min(1),
    environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
    /** Read from what the program prints. `latency` may be found once (a mean) or once for each run. */
    numbers: z.object({ latency: Time, load: Time.optional(), firstRun: Time.optional(), peakMemory: Size.optional() }).strict(),
    /** So long without a line, and the program is given up. */
    silenceSeconds: z.number().min(1).max(3600).default(60),
  })
  .strict()
export type Manifest = z.infer<typeof Manifest>

export const customAdapter: DeviceAdapter = {
  name: 'custom',
  isRepeatable: true,
  exactIntegers: ({ abis }) => !abis.includes('x86_64'),
  async probe({ options }) {
    const { folder, manifest } = readManifest(options.manifestPath)
    const missing = manifest.push.find(({ path }) => !existsSync(join(folder, path)))
    if (missing) throw new AppError({ code: 'not-found', message: `The manifest names '${missing.path}', which is not beside it.`, hint: 'Paths in a manifest are relative to it.' })
    if (options.sustainedSeconds > 0 || options.kernels) {
      throw new AppError({ code: 'not-supported', message: 'Sustained runs and kernels are taken with the native and the browser runtime, not with a program of your own.', hint: 'Leave them out, or choose another runtime.' })
    }
  },
  prepare,
}

async function prepare(request: AdapterRequest): Promise<PreparedRun> {
  const phone = wiredPhone(request)
  const { folder: local, manifest } = readManifest(request.options.manifestPath)
  const folder = ownFolder('run')
  // A phone that is away now is swept with the next deploy.
  const cleanUp = () => removeFolder(phone, folder).catch(() => undefined)
  try {
    const { model } = request
    await pushVerified(
      phone,
      folder,
      [
        ...manifest.push.map(({ path, executable }) => ({ source: join(local, path), name: `program/${path.split(sep).join('/')}`, executable })),
        { source: model.path, name: `model/${MODEL_NAME}` },
        ...model.externalFiles.map((path) => ({ source: path, name: `model/${relative(dirname(model.path), path).split(sep).join('/')}` })),
        { source: encodeTensors(request.feeds), name: 'inputs' },
      ],
      request,
    )
    let outputs: Uint8Array | null = null
    return {
      runtime: manifest.name,
      pushedRuntimeBytes: 0,
      async run() {
        const figures = await runProgram(phone, folder, manifest, request)
        const { exitCode } = await phone.run(`[ -f ${quoteShell(`${folder}/outputs`)} ]`)
        if (exitCode === 0) outputs = await phone.pull(`${folder}/outputs`, request.signal)
        return figures
      },
      read: async () => (outputs === null ? new Map() : decodeTensors(outputs)),
      cleanUp,
    }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

async function runProgram(phone: Phone, folder: string, manifest: Manifest, { options, signal, onPhase }: AdapterRequest): Promise<RunFigures> {
  const values: Readonly<Record<string, string>> = {
    folder: `${folder}/program`,
    model: `${folder}/model/${MODEL_NAME}`,
    inputs: `${folder}/inputs`,
    outputs: `${folder}/outputs`,
    runs: String(options.runs),
    warmup: String(options.warmup),
    threads: String(options.threads),
  }
  const environment = Object.entries(manifest.environment).map(([name, value]) => `${name}=${quoteShell(substitute(value, values))}`)
  const words = manifest.command.map((word) => quoteShell(substitute(word, values)))
  const line = `cd ${quoteShell(`${folder}/program`)} && echo $$ > ${quoteShell(`${folder}/pid`)} && ${[...environment, 'ORT_DISABLE_TELEMETRY=1'].join(' ')} exec ${words.join(' ')}`
  onPhase('running', null)
  try {
    const { stdout, stderr, exitCode } = await phone.follow(line, { signal, stallMs: manifest.silenceSeconds * 1000, onLine: () => undefined })
    const said = `${stdout}\n${stderr}`
    if (exitCode !== 0) throw new AppError({ code: 'engine-crashed', message: `'${manifest.name}' ended with exit code ${String(exitCode)} on the phone: ${lastLines(said)}`, hint: 'Try its command line in `adb shell`.' })
    return figuresOf(manifest, said)
  } catch (error) {
    await phone.run(`kill -9 "$(cat ${quoteShell(`${folder}/pid`)})"`, END_MS).catch(() => undefined)
    throw error
  }
}

/** What the patterns find. Throws AppError invalid-data where there is no latency. */
export function figuresOf({ name, numbers }: Manifest, text: string): RunFigures {
  const find = (expression: string) => [...text.matchAll(new RegExp(expression, 'gm'))].map((match) => Number(match[1])).filter(Number.isFinite)
  const time = (measure: z.infer<typeof Time> | undefined) => (measure ? find(measure.pattern).map((value) => value * TIME_UNITS[measure.unit]) : [])
  const samplesMs = time(numbers.latency)
  if (samplesMs.length === 0) {
    throw new AppError({ code: 'invalid-data', message: `The pattern for the latency finds no number in what '${name}' printed: ${lastLines(text)}`, hint: 'Correct `numbers.latency.pattern` in the manifest.' })
  }
  const memory = numbers.peakMemory && find(numbers.peakMemory.pattern)[0]
  return {
    samplesMs,
    loadMs: time(numbers.load)[0] ?? null,
    firstRunMs: time(numbers.firstRun)[0] ?? null,
    peakMemoryBytes: memory === undefined || !numbers.peakMemory ? null : memory * SIZE_UNITS[numbers.peakMemory.unit],
    baselineMemoryBytes: null,
    kernels: [],
  }
}

/** Throws AppError bad-usage, not-found, invalid-data. */
export function readManifest(path: string | null): { readonly folder: string; readonly manifest: Manifest } {
  if (path === null) throw new AppError({ code: 'bad-usage', message: 'A program of your own needs its manifest.', hint: 'Name it with --manifest; docs/devices.md has an example.' })
  if (!existsSync(path)) throw new AppError({ code: 'not-found', message: `There is no manifest '${path}'.` })
  const problem = (reason: string) => new AppError({ code: 'invalid-data', message: `'${basename(path)}' is no manifest of a program: ${reason}`, hint: 'docs/devices.md has an example.' })
  let data: unknown
  try {
    data = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw problem((error as Error).message)
  }
  const parsed = Manifest.safeParse(data)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw problem(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const outside = parsed.data.push.find(({ path: file }) => isAbsolute(file) || file.split(/[\\/]/).includes('..'))
  if (outside) throw new AppError({ code: 'path-escapes-folder', message: `The manifest names '${outside.path}', which is not within its folder.`, hint: 'Put the program beside the manifest.' })
  return { folder: dirname(path), manifest: parsed.data }
}

/** `{name}` with its value; other braces stay. */
function substitute(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? whole) : whole))
}

function isRegExp(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n') || 'nothing'
}
