import { mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { DataSource, OptimizeReport } from '#shared/ipc/jobs'
import type { LayerQuality, OutputError } from '#shared/measurement'
import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import type { Recipe } from '#shared/recipe'
import packageInfo from '../../../package.json'
import { openCalibrationData } from '../runtime/calibration-data'
import { metricOpener } from '../runtime/evaluation/open-metric'
import { hashModelFile, openModelFile, saveModelFile } from '../runtime/model-file'
import type { ModelRunner } from '../runtime/model-runner'
import { createOrtRunner } from '../runtime/ort-runner'
import { measureOutputError } from '../runtime/output-error'
import { peakMemoryBytes } from '../runtime/process-memory'
import { floatWeights } from './float-weights'
import { findFloatKernels, summarizeKernels } from './kernel-summary'
import type { CalibrationData, PassContext } from './pass'
import { fixedDims } from './recipe-dims'
import { measureLatencyBeside } from './quick-latency'
import { resolveRecipe, withDefaults } from './resolve-recipe'
import { budgetFinding, hasQuantized, runFindings } from './run-findings'
import { runRecipe } from './run-recipe'
import { separateSharedWeights } from './separate-shared-weights'
import { layersToKeepFloat } from './sensitivity/layers-to-keep-float'
import type { TaskContext } from './task-context'

export interface OptimizeParams {
  readonly inputPath: string
  /** Written at the end, atomically; external data goes beside it. */
  readonly outputPath: string
  readonly recipe: Recipe
  readonly data: DataSource
  /** Values for symbolic dimensions of synthetic inputs, by symbol or as `input:axis`. */
  readonly dims?: Readonly<Record<string, number>>
  /** Time the result beside its source, for about two seconds. Default true. */
  readonly measureLatency?: boolean
}

/** Shares of the whole job at which each part begins. */
const MEASURING = 0.7
const SAVING = 0.95
const MAX_MEASURED_SAMPLES = 64
/** Below this, noise is a third of the signal: decisions made from such outputs change. */
const LOW_SQNR_DB = 10

/**
 * Opens a model, runs a recipe on it, measures what that did to the outputs, and saves the result. The same inputs give the same bytes.
 * Where it fails or is cancelled, no file is left behind and an older file at `outputPath` is whole.
 *
 * Throws AppError `invalid-recipe`, `cancelled`, and what opening, reading data, running and saving throw.
 */
export async function optimizeModel(params: OptimizeParams, context: TaskContext): Promise<OptimizeReport> {
  const started = performance.now()
  const diagnostics: Diagnostic[] = []
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic)
  const steps = resolveRecipe(params.recipe)
  const runner = createOrtRunner({ scratchFolder: context.scratchFolder })
  context.progress('reading', 0)
  const source = openModelFile(params.inputPath)
  try {
    diagnostics.push(...source.diagnostics)
    const needsData = steps.some(({ pass }) => pass.calibration === 'required')
    const data = await openData(params, { model: source.model, runner, needsData, report, signal: context.signal })
    const document = new ModelDocument(source.model)
    const passContext: PassContext = {
      calibration: data,
      runner,
      float: null,
      signal: context.signal,
      report,
      openMetric: metricOpener({ data: params.data, model: source.model, modelPath: params.inputPath, runner, signal: context.signal }),
      progress: (phase, fraction, ...rest) => context.progress(phase, fraction === null ? null : fraction * MEASURING, ...rest),
    }
    const passes = await runRecipe(document, params.recipe, passContext)
    for (const finding of runFindings(passes, { data: needsData ? data : null, model: source.model })) report(finding)
    const measured = await measure(document, { params, context, runner, data, layers: passes.findLast(({ layers }) => layers.length > 0)?.layers ?? [], report })
    const missed = budgetFinding(steps, measured.outputError)
    if (missed) report(missed)
    const latency = params.measureLatency !== false && measured.runs && data ? await measureLatencyBeside(document, { runner, source: params.inputPath, data, integers: hasQuantized(passes), signal: context.signal, report }) : null
    context.progress('saving', SAVING)
    const result = await saveResult(document.model, params.outputPath, { runner, mustLoad: measured.runs, context })
    const left = floatWeights(document.model, result.sizeBytes)
    if (left) report(left)
    if (result.sizeBytes > source.sizeBytes) report({ severity: 'warning', code: 'larger-than-source', message: `The result is ×${(result.sizeBytes / source.sizeBytes).toFixed(2)} the size of the source.`, hint: 'Nodes and scales that were added take more than weights save here: leave small layers float, or give each weight one scale.' })
    return {
      tool: `${packageInfo.name} ${packageInfo.version}`,
      source: { path: source.path, sha256: await hashModelFile(source.path), sizeBytes: source.sizeBytes },
      result,
      sizeRatio: result.sizeBytes / source.sizeBytes,
      recipe: withDefaults(params.recipe, steps),
      data: data?.description ?? 'none',
      passes,
      outputError: measured.outputError,
      outputErrorConditions: measured.conditions,
      kernels: measured.kernels,
      latency,
      phone: null,
      diagnostics,
      durationMs: performance.now() - started,
      peakMemoryBytes: peakMemoryBytes(),
    }
  } finally {
    source.close()
  }
}

interface DataNeeds {
  readonly model: Model
  readonly runner: ModelRunner
  readonly needsData: boolean
  readonly signal: AbortSignal
  readonly report: (diagnostic: Diagnostic) => void
}

/** Null where made-up data cannot be had for a model (onnxruntime refuses it) and the recipe does without. */
async function openData(params: OptimizeParams, { model, runner, needsData, signal, report }: DataNeeds): Promise<CalibrationData | null> {
  try {
    const data = await openCalibrationData(params.data, model, { runner, signal, report, modelPath: params.inputPath, dims: { ...params.dims, ...fixedDims(params.recipe) } })
    return data
  } catch (error) {
    if (needsData || params.data.kind !== 'synthetic' || !(error instanceof AppError) || error.code === 'cancelled') throw error
    report({ severity: 'warning', code: 'not-verified', message: `Outputs could not be compared: ${error.message}`, ...(error.hint !== undefined && { hint: error.hint }) })
    return null
  }
}

interface Measured {
  readonly outputError: OutputError[]
  readonly conditions: string
  readonly kernels: OptimizeReport['kernels']
  /** Whether onnxruntime loads the result. */
  readonly runs: boolean
}

interface MeasureNeeds {
  readonly params: OptimizeParams
  readonly context: TaskContext
  readonly runner: ModelRunner
  readonly data: CalibrationData | null
  /** As they were compared last; empty where none were. */
  readonly layers: readonly LayerQuality[]
  readonly report: (diagnostic: Diagnostic) => void
}

async function measure(document: ModelDocument, { params, context, runner, data, layers, report }: MeasureNeeds): Promise<Measured> {
  const kernels = await readKernels(document, { runner, scratchFolder: context.scratchFolder, report })
  if (!kernels || !data) return { outputError: [], conditions: 'not measured', kernels, runs: kernels !== null }
  context.progress('measuring', MEASURING)
  const limit = Math.min(data.sampleCount, MAX_MEASURED_SAMPLES)
  const compare = () =>
    measureOutputError({
      runner,
      reference: params.inputPath,
      candidate: document,
      data,
      limit,
      signal: context.signal,
      report,
      progress: (done, total) => context.progress('measuring', MEASURING + (SAVING - MEASURING) * (done / total), `${done} / ${total}`),
    })
  const outputError = await compareDespiteSharedWeights(document, compare)
  for (const { output, sqnrDb } of outputError) if (sqnrDb !== null && sqnrDb < LOW_SQNR_DB) report(largeError({ output, sqnrDb }, layers, data))
  const conditions = `Against the source on ${limit} of ${data.sampleCount} samples (${data.description}), with integer kernels that do not saturate, as phones compute (exactIntegers).`
  return { outputError, conditions, kernels, runs: true }
}

/** See `separate-shared-weights.ts`. The document is afterwards what it was. */
async function compareDespiteSharedWeights(document: ModelDocument, compare: () => Promise<OutputError[]>): Promise<OutputError[]> {
  try {
    return await compare()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'runtime-rejected') throw error
    const separated = await document.transact('separate-shared-weights', separateSharedWeights)
    if (separated.changes.length === 0) throw error
    try {
      return await compare()
    } finally {
      document.undo(separated)
    }
  }
}

function largeError({ output, sqnrDb }: { output: string; sqnrDb: number }, layers: readonly LayerQuality[], data: CalibrationData): Diagnostic {
  const names = layersToKeepFloat(layers, LOW_SQNR_DB).flatMap(({ nodeName }) => (nodeName === '' ? [] : [`'${nodeName}'`]))
  const hint =
    names.length === 0
      ? 'Leave the first or the most sensitive layers float with excludeNodes, or give more calibration data.'
      : `Most is lost at ${names.join(', ')}: leave these layers float with excludeNodes, or let search-precision choose.`
  return {
    severity: 'warning',
    code: 'large-output-error',
    message: `Output '${output}' is far from the source's: ${sqnrDb.toFixed(1)} dB${data.synthetic ? ', on random inputs, which say little' : ''}.`,
    hint: data.synthetic ? 'Measure with real data before you judge.' : hint,
    valueName: output,
  }
}

/** Null where onnxruntime does not load the model; why is in the diagnostics already. */
async function readKernels(document: ModelDocument, needs: { runner: ModelRunner; scratchFolder: string; report: (diagnostic: Diagnostic) => void }): Promise<OptimizeReport['kernels']> {
  // onnxruntime puts large weights in a file beside it.
  const folder = await mkdtemp(join(needs.scratchFolder, 'optimized-'))
  try {
    const optimizedModelPath = join(folder, 'model.onnx')
    await (await needs.runner.load(document, { optimizedModelPath })).close()
    const optimized = openModelFile(optimizedModelPath)
    try {
      for (const diagnostic of findFloatKernels(document, optimized.model)) needs.report(diagnostic)
      return summarizeKernels(optimized.model)
    } finally {
      optimized.close()
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'runtime-rejected') return null
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface SaveNeeds {
  readonly runner: ModelRunner
  readonly mustLoad: boolean
  readonly context: TaskContext
}

/**
 * Tries a copy before anything takes the place of an older file: where onnxruntime loaded the document, it must load what is written.
 * Once the file is replaced, the job can no longer be cancelled: nothing is ever removed at the output path.
 */
async function saveResult(model: Model, path: string, { runner, mustLoad, context }: SaveNeeds): Promise<OptimizeReport['result']> {
  const { signal, scratchFolder } = context
  if (signal.aborted) throw new AppError({ code: 'cancelled', message: 'The work was cancelled.' })
  if (mustLoad) await tryFile(model, basename(path), { runner, scratchFolder, signal })
  const saved = await saveModelFile(model, path, { signal })
  return { path: saved.path, sha256: await hashModelFile(saved.path), sizeBytes: saved.sizeBytes }
}

async function tryFile(model: Model, name: string, { runner, scratchFolder, signal }: { runner: ModelRunner; scratchFolder: string; signal: AbortSignal }): Promise<void> {
  const folder = await mkdtemp(join(scratchFolder, 'result-'))
  try {
    // Under its own name: a model refers to its external data by file name.
    const trial = await saveModelFile(model, join(folder, name), { signal })
    await (await runner.loadFile(trial.path)).close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
