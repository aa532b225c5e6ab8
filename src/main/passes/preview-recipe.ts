import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { JobParams, RecipePreview } from '#shared/ipc/jobs'
import { ModelDocument } from '#shared/onnx/document'
import { planMemory } from '#shared/onnx/memory/plan-memory'
import { openCalibrationData } from '../runtime/calibration-data'
import { metricOpener } from '../runtime/evaluation/open-metric'
import { openModelFile } from '../runtime/model-file'
import { createOrtRunner } from '../runtime/ort-runner'
import type { TaskContext } from './task-context'
import type { CalibrationData } from './pass'
import { fixedDims } from './recipe-dims'
import { runRecipe } from './run-recipe'

/**
 * Runs a recipe on a model, checks of passes that must keep results included, and tells what came of it; nothing is written. Throws
 * AppError `invalid-recipe`, `cancelled`, and what opening, reading data and running throw.
 */
export async function previewRecipe({ modelPath, recipe, data, dims }: JobParams<'preview'>, context: TaskContext): Promise<RecipePreview> {
  const diagnostics: Diagnostic[] = []
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic)
  const { signal, scratchFolder } = context
  const runner = createOrtRunner({ scratchFolder })
  context.progress('reading', 0)
  const source = openModelFile(modelPath)
  try {
    const sizes = { ...dims, ...fixedDims(recipe) }
    const calibration = await orNull(openCalibrationData(data, source.model, { runner, signal, report, modelPath, dims: sizes }), report)
    const document = new ModelDocument(source.model)
    const memoryBefore = planMemory(document, { dims: sizes })
    const nodesBefore = nodeCount(document)
    const passes = await runRecipe(document, recipe, { calibration, runner, float: null, signal, report, openMetric: metricOpener({ data, model: source.model, modelPath, runner, signal }), progress: (phase, fraction, detail) => context.progress(phase, fraction, detail) })
    return { recipe, passes, nodesBefore, nodesAfter: nodeCount(document), memoryBefore, memoryAfter: planMemory(document, { dims: sizes }), data: calibration?.description ?? 'none', diagnostics }
  } finally {
    source.close()
  }
}

/** Made-up data cannot be had for a model that onnxruntime refuses; then nothing is compared, and the preview says so. */
async function orNull(opening: Promise<CalibrationData>, report: (diagnostic: Diagnostic) => void): Promise<CalibrationData | null> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled') throw error
    report({ severity: 'warning', code: 'not-verified', message: `Outputs could not be compared: ${error.message}`, ...(error.hint !== undefined && { hint: error.hint }) })
    return null
  }
}

function nodeCount(document: ModelDocument): number {
  return document.graphs().reduce((total, { nodes }) => total + nodes.length, 0)
}
