import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { DeployAdapter, DeployProvider, type DeployOptions, type DeployResult, NETWORK_SERIAL } from '#shared/deploy'
import { type MetricName, metricNames, metricText } from '#shared/evaluation/metric'
import { AppError, type ErrorData, toErrorData } from '#shared/errors'
import type { JobProgress } from '#shared/ipc/jobs'
import type { CliContext } from './cli-context'
import { factsText } from './devices-command'
import { ExitWith } from './exit-with'
import { dataSource, jsonOption, wholeNumber } from './options'
import { printJson, say } from './output'
import { type Session, withSession } from './session'
import { bytesText, latencyText, outputErrorText, table } from './text'

interface DeployCommandOptions {
  device?: string
  all?: true
  network?: true
  runtime?: DeployOptions['adapter']
  provider?: DeployOptions['provider']
  runs: number
  warmup: number
  threads?: number
  cores: number[]
  nice: number
  kernels?: true
  sustained: number
  manifest?: string
  evaluate?: string
  labels?: string
  metric: MetricName
  limit?: number
  input?: string
  json?: true
}

/** Of one phone: what came of it, or why nothing did. */
type Outcome = { readonly serial: string } & ({ readonly result: DeployResult } | { readonly error: ErrorData })

export function deployCommand(context: CliContext): Command {
  return new Command('deploy')
    .alias('run-on')
    .description('Run a model on a phone over adb, with latency, memory and its outputs held against this computer’s.')
    .argument('<model>', 'an ONNX model')
    .option('--device <serial>', 'which phone; `edgefit devices` lists them. May be left out where there is one')
    .option('--all', 'every phone that is ready, at the same time')
    .option('--network', 'any device with a browser on this network: prints the address to open on it, and listens there until it is done')
    .addOption(new Option('--runtime <name>', 'how it runs there; chosen by what the phone is where it is left out').choices(DeployAdapter.options))
    .addOption(new Option('--provider <name>', 'cpu for native, wasm or webgpu for the browser').choices(DeployProvider.options))
    .option('--runs <n>', 'measured runs', wholeNumber(1, 100_000), 50)
    .option('--warmup <n>', 'runs before them that do not count', wholeNumber(0, 10_000), 5)
    .option('--threads <n>', 'threads; 0 lets onnxruntime choose; by what the phone is where it is left out', wholeNumber(0, 256))
    .option('--cores <list>', 'numbers of the cores to run on, for example 4-7 or 0,2', coreList, [])
    .option('--nice <n>', 'give way to other programs: 0 to 19', wholeNumber(0, 19), 0)
    .option('--kernels', 'also what each kernel costs, in a second session with the profiler on')
    .option('--sustained <time>', 'go on for so long (90s, 5m), with temperature, clocks and current', duration, 0)
    .option('--manifest <path>', 'a program of your own, described in JSON; goes with --runtime custom')
    .option('--evaluate <data>', 'afterwards the accuracy on this data, computed on the phone, beside this computer’s')
    .option('--labels <file>', 'labels in a file of their own, for --evaluate')
    .addOption(new Option('--metric <name>', 'what --evaluate measures').choices(metricNames).default('top-1'))
    .option('--limit <n>', 'evaluate so many samples only', wholeNumber(1, 100_000_000))
    .option('--input <path>', 'a folder, an .npz, an .npy or test_data_set_* folders; random inputs where it is left out')
    .addOption(jsonOption())
    .action(async (model: string, chosen: DeployCommandOptions) => {
      const outcomes = await withSession(context, async (session) => {
        const serials = await chosenSerials(session, chosen)
        const progress = chosen.network ? announceAddress() : undefined
        return Promise.all(serials.map((serial) => deployTo(session, { serial, model: resolve(model), chosen, progress })))
      })
      report(outcomes, chosen)
    })
}

async function chosenSerials({ request }: Session, { device, all, network }: DeployCommandOptions): Promise<string[]> {
  if ([device, all, network].filter((choice) => choice !== undefined).length > 1) throw new AppError({ code: 'bad-usage', message: 'Only one of --device, --all and --network can be given.' })
  if (network) return [NETWORK_SERIAL]
  if (device !== undefined) return [device]
  const { devices, problem } = await request('devices.list', {})
  if (problem) throw new AppError({ code: 'not-found', message: problem.message, ...(problem.hint !== null && { hint: problem.hint }) })
  const ready = devices.filter(({ state }) => state === 'ready').map(({ serial }) => serial)
  if (ready.length === 0) throw new AppError({ code: 'not-found', message: 'No phone is ready.', hint: '`edgefit devices` says what each one waits for.' })
  if (all || ready.length === 1) return ready
  throw new AppError({ code: 'bad-usage', message: `Several phones are ready: ${ready.join(', ')}.`, hint: 'Name one with --device, or run on all of them with --all.' })
}

interface DeployTo {
  readonly serial: string
  readonly model: string
  readonly chosen: DeployCommandOptions
  readonly progress: ((progress: JobProgress) => void) | undefined
}

async function deployTo({ runJob }: Session, { serial, model, chosen, progress }: DeployTo): Promise<Outcome> {
  const { runs, warmup, threads, cores, nice, kernels, sustained, runtime, provider, manifest, input, evaluate, labels, metric, limit } = chosen
  const options = {
    runs,
    warmup,
    cores,
    niceness: nice,
    kernels: kernels === true,
    sustainedSeconds: sustained,
    threads: threads ?? null,
    adapter: runtime ?? null,
    provider: provider ?? null,
    accuracy: evaluate === undefined ? null : { dataPath: resolve(evaluate), labelsPath: labels === undefined ? null : resolve(labels), metric, limit: limit ?? null },
    manifestPath: manifest === undefined ? null : resolve(manifest),
  }
  try {
    return { serial, result: await runJob<'deploy'>({ kind: 'deploy', params: { modelPath: model, serial, options, data: dataSource(input, 1) } }, progress) }
  } catch (error) {
    if (chosen.all !== true) throw error
    return { serial, error: toErrorData(error) }
  }
}

/** The address is shown once, whole: it is to be typed or opened. */
function announceAddress(): (progress: JobProgress) => void {
  let told = false
  return ({ phase, detail }) => {
    if (told || phase !== 'waiting-for-browser') return
    told = true
    say(`Open on the other device: ${detail}`)
  }
}

/** One phone: its result alone. --all: an entry for each; where one failed, so has the command. */
function report(outcomes: readonly Outcome[], { all, json }: DeployCommandOptions): void {
  if (json) printJson(all ? outcomes : outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []))[0])
  else say(outcomes.map((outcome) => ('result' in outcome ? deployText(outcome.result) : `${outcome.serial}: ${outcome.error.message}`)).join('\n\n'))
  if (outcomes.some((outcome) => 'error' in outcome)) throw new ExitWith(1)
}

function deployText({ facts, conditions, latency, desktop, pushed, outputError, sustained, accuracy, kernels, plan, ...figures }: DeployResult): string {
  const milliseconds = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} ms`)
  return [
    table([
      ['Phone', factsText(facts)],
      ['Latency', latencyText(latency)],
      ['Here', latencyText(desktop.latency)],
      ['Load', `${milliseconds(figures.loadMs)}, first run ${milliseconds(figures.firstRunMs)}`],
      ...(figures.peakMemoryBytes === null ? [] : [['Memory', `peak ${bytesText(figures.peakMemoryBytes)}${figures.baselineMemoryBytes === null ? '' : `, before loading ${bytesText(figures.baselineMemoryBytes)}`}`]]),
      ['Pushed', `model ${bytesText(pushed.modelBytes)}${pushed.runtimeBytes === 0 ? '' : `, runtime ${bytesText(pushed.runtimeBytes)}`}${pushed.bytesPerSecond === null ? '' : `, ${bytesText(pushed.bytesPerSecond)}/s`}`],
      ['Taken', `${conditions.runtime}, ${conditions.provider}, threads ${String(conditions.threads)}, ${String(conditions.runs)} runs after ${String(conditions.warmup)}; inputs: ${conditions.inputs}`],
      ...(accuracy === null ? [] : [['Accuracy', accuracyText(accuracy)]]),
      ...(sustained === null ? [] : [['Sustained', sustainedText(sustained)]]),
      ...kernels.toSorted((a, b) => b.p50Ms - a.p50Ms).slice(0, 5).map(({ opType, kernel, p50Ms, share }) => ['Kernel', `${p50Ms.toFixed(3)} ms, ${(share * 100).toFixed(1)} %: ${opType} ${kernel}`]),
      ['Chosen', plan.reasons.map(({ why }) => why.en).join('\n')],
    ]),
    '',
    outputErrorText(outputError),
  ].join('\n')
}

function accuracyText({ metric, samples, phone, here }: NonNullable<DeployResult['accuracy']>): string {
  const figure = (value: number | null) => (value === null ? '–' : metricText(metric, value))
  return `${metric} ${figure(phone)} on the phone, ${figure(here)} here, ${String(samples)} samples`
}

function sustainedText({ seconds, samples, slowdown, throttled, energyPerInferenceMj }: NonNullable<DeployResult['sustained']>): string {
  const warmest = Math.max(...samples.flatMap(({ hottestC, batteryC }) => hottestC ?? batteryC ?? []))
  return [
    `${String(seconds)} s, latency at the end ${slowdown.toFixed(2)} × that at the beginning`,
    throttled === null ? 'no throttling seen' : `throttled (by ${throttled})`,
    Number.isFinite(warmest) ? `up to ${warmest.toFixed(1)} °C` : 'the phone tells no temperature',
    energyPerInferenceMj === null ? 'energy not known (charging, or not told)' : `${energyPerInferenceMj.toFixed(2)} mJ an inference`,
  ].join(', ')
}

/** `4-7` and `0,2,5`. */
function coreList(text: string): number[] {
  const parts = text.split(',').map((part) => /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part))
  const cores = parts.flatMap((part) => {
    const first = Number(part?.[1] ?? Number.NaN)
    const last = Number(part?.[2] ?? first)
    if (!(first <= last && last <= 255)) throw new InvalidArgumentError('Give numbers of cores, for example 4-7 or 0,2.')
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
  return [...new Set(cores)]
}

function duration(text: string): number {
  const [, number, unit] = /^(\d+)(s|m)?$/.exec(text) ?? []
  const seconds = Number(number) * (unit === 'm' ? 60 : 1)
  if (!(seconds >= 1 && seconds <= 7200)) throw new InvalidArgumentError('Give a time from 1s to 120m, for example 5m.')
  return seconds
}
