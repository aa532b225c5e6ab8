import { toErrorData } from '#shared/errors'
import type { Diagnostic } from '#shared/diagnostic'
import type { DataSource, ProfileOptions } from '#shared/ipc/jobs'
import type { ComparisonResult, Conditions, LatencyStatistics } from '#shared/measurement'
import { ModelDocument } from '#shared/onnx/document'
import { countOps } from '#shared/onnx/view/summarize-model'
import type { Model } from '#shared/onnx/records'
import { separateSharedWeights } from '../passes/separate-shared-weights'
import { openCalibrationData } from './calibration-data'
import { measurementConditions } from './device-conditions'
import { summarizeLatency } from './latency'
import { hashModelFile, type ModelFile, openModelFile } from './model-file'
import { modelInputs } from './model-inputs'
import type { Feeds, ModelRunner } from './model-runner'
import { createOrtRunner } from './ort-runner'
import { measureOutputError } from './output-error'
import { firstSample } from './profile-model'
import { latencyRatio, timeInTurns } from './time-in-turns'

export interface CompareModelsOptions {
  /** Path of the reference. */
  readonly a: string
  readonly b: string
  readonly options: ProfileOptions
  /** Inputs of both models. */
  readonly data: DataSource
  readonly scratchFolder: string
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((phase: string, fraction: number | null, detail?: string) => void) | undefined
}

/**
 * Sizes, operators, output error of `b` against `a` over all samples, and the latency of both on the first sample.
 *
 * The models take turns, A B A B …, so that a change of the machine's speed meets both; the ratio is taken pair by pair.
 * onnxruntime's threads sleep between inferences here, or those of one model would spin while the other is timed.
 * Where one of them does not run, what could be compared is in the result and a diagnostic says why the rest is not.
 *
 * Throws AppError where a model or the data cannot be read, and `cancelled`.
 */
export async function compareModels({ a, b, options, data: source, scratchFolder, signal, progress = () => undefined }: CompareModelsOptions): Promise<ComparisonResult> {
  const runner = createOrtRunner({ scratchFolder })
  progress('reading', null)
  const fileA = openModelFile(a)
  try {
    const fileB = openModelFile(b)
    try {
      const diagnostics: Diagnostic[] = []
      const sideA = await describeSide(fileA, signal)
      const sideB = await describeSide(fileB, signal)
      const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic)
      const measured = await measureBoth({ runner, fileA, fileB, options, source, signal, progress, report })
      return {
        a: { ...sideA, latency: measured?.latencyA ?? null },
        b: { ...sideB, latency: measured?.latencyB ?? null },
        sizeRatio: sideB.sizeBytes / sideA.sizeBytes,
        outputError: measured?.outputError ?? [],
        latencyRatio: measured?.latencyRatio ?? null,
        conditions: measured?.conditions ?? null,
        diagnostics,
      }
    } finally {
      fileB.close()
    }
  } finally {
    fileA.close()
  }
}

async function describeSide({ path, model, sizeBytes }: ModelFile, signal: AbortSignal | undefined): Promise<Omit<ComparisonResult['a'], 'latency'>> {
  const opCounts = countOps(new ModelDocument(model))
  return {
    path,
    sizeBytes,
    sha256: await hashModelFile(path, signal),
    nodeCount: Object.values(opCounts).reduce((sum, count) => sum + count, 0),
    opCounts,
  }
}

interface BothModels {
  readonly runner: ModelRunner
  readonly fileA: ModelFile
  readonly fileB: ModelFile
  readonly options: ProfileOptions
  readonly source: DataSource
  readonly signal: AbortSignal | undefined
  readonly progress: NonNullable<CompareModelsOptions['progress']>
  readonly report: (diagnostic: Diagnostic) => void
}

interface Measured {
  readonly outputError: ComparisonResult['outputError']
  readonly latencyA: LatencyStatistics
  readonly latencyB: LatencyStatistics
  readonly latencyRatio: ComparisonResult['latencyRatio']
  readonly conditions: Conditions
}

/** Null where one of the models does not run; `report` has been told why. */
async function measureBoth({ runner, fileA, fileB, options, source, signal, progress, report }: BothModels): Promise<Measured | null> {
  try {
    const data = await openCalibrationData(source, fileA.model, { dims: options.dims, runner, modelPath: fileA.path, ...(signal && { signal }) })
    const different = differentInput(fileA.model, fileB.model)
    if (different !== null) {
      report({ severity: 'error', code: 'different-inputs', message: `Outputs and latency were not compared: ${different}.`, hint: 'Compare models that take the same inputs.' })
      return null
    }
    const outputError = await despiteSharedWeights(fileA, fileB, (reference, candidate) =>
      measureOutputError({
        runner,
        reference,
        candidate,
        data,
        ...(signal && { signal }),
        progress: (done, total) => progress('comparing', (0.5 * done) / total, `${done} / ${total}`),
        report,
      }),
    )
    const times = await timeBoth({ runner, pathA: fileA.path, pathB: fileB.path, feeds: await firstSample(data), options, signal, progress })
    const { provider, threads, warmup, runs } = options
    return {
      outputError,
      latencyA: summarizeLatency(times.map(([timeA]) => timeA)),
      latencyB: summarizeLatency(times.map(([, timeB]) => timeB)),
      latencyRatio: latencyRatio(times),
      conditions: await measurementConditions({ provider, threads, warmup, runs, inputs: data.description }),
    }
  } catch (error) {
    const { code, message, hint } = toErrorData(error)
    // Data that cannot be read is the caller's to mend; a model that does not run is a finding about that model.
    if (code !== 'runtime-rejected' && code !== 'not-supported') throw error
    report({ severity: 'error', code: 'did-not-run', message, ...(hint !== undefined && { hint }) })
    return null
  }
}

/** See `separate-shared-weights.ts`: where a model fails, both are tried again with weights of their own for each node. */
async function despiteSharedWeights<Result>(a: ModelFile, b: ModelFile, compare: (reference: string | ModelDocument, candidate: string | ModelDocument) => Promise<Result>): Promise<Result> {
  try {
    return await compare(a.path, b.path)
  } catch (error) {
    if (toErrorData(error).code !== 'runtime-rejected') throw error
    const documents = [new ModelDocument(a.model), new ModelDocument(b.model)] as const
    let changes = 0
    for (const document of documents) changes += (await document.transact('separate-shared-weights', separateSharedWeights)).changes.length
    if (changes === 0) throw error
    return compare(...documents)
  }
}

/** Why what is fed to `a` cannot be fed to `b`, or null. */
function differentInput(a: Model, b: Model): string | null {
  const given = new Map(modelInputs(a).map((input) => [input.name, input]))
  for (const input of modelInputs(b)) {
    const other = given.get(input.name)
    if (!other) return `the second model has an input '${input.name}' that the first has not`
    if (other.dataType !== input.dataType) return `input '${input.name}' is ${other.dataType} in the first model and ${input.dataType} in the second`
  }
  return null
}

interface Turns {
  readonly runner: ModelRunner
  readonly pathA: string
  readonly pathB: string
  readonly feeds: Feeds
  readonly options: ProfileOptions
  readonly signal: AbortSignal | undefined
  readonly progress: NonNullable<CompareModelsOptions['progress']>
}

/** Pairs of times in ms. */
async function timeBoth({ runner, pathA, pathB, feeds, options, signal, progress }: Turns): Promise<[number, number][]> {
  const { runs, warmup, threads } = options
  progress('loading', 0.5)
  const modelA = await runner.loadFile(pathA, { threads, sleepBetweenRuns: true })
  try {
    const modelB = await runner.loadFile(pathB, { threads, sleepBetweenRuns: true })
    try {
      const tell = (run: number) => progress(run < 0 ? 'warming-up' : 'running', 0.5 + (0.5 * (run + warmup + 1)) / (runs + warmup), `${Math.max(0, run + 1)} / ${runs}`)
      return await timeInTurns(modelA, modelB, feeds, { runs, warmup, signal, progress: tell })
    } finally {
      await modelB.close()
    }
  } finally {
    await modelA.close()
  }
}
