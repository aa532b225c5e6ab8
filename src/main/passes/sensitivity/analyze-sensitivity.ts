import type { DataSource } from '#shared/ipc/jobs'
import type { Diagnostic } from '#shared/diagnostic'
import type { SensitivityResult } from '#shared/measurement'
import { ModelDocument } from '#shared/onnx/document'
import { Recipe } from '#shared/recipe'
import { openCalibrationData } from '../../runtime/calibration-data'
import { openModelFile } from '../../runtime/model-file'
import { createOrtRunner } from '../../runtime/ort-runner'
import { measureOutputError } from '../../runtime/output-error'
import type { PassContext } from '../pass'
import { snapshotModel } from '../recovery/snapshot-model'
import { runRecipe } from '../run-recipe'
import type { TaskContext } from '../task-context'
import { measureSensitivity } from './measure-sensitivity'

export interface SensitivityParams {
  readonly modelPath: string
  readonly data: DataSource
  /** Options of quantize-static. */
  readonly options: Readonly<Record<string, unknown>>
  /** At most so many samples are compared. */
  readonly samples: number
}

/** Shares of the job: cleaning up, quantizing, then layer by layer. */
const QUANTIZED = 0.2

/**
 * Opens a model, quantizes it statically, and measures what each layer costs by itself.
 *
 * Throws AppError `invalid-recipe` for options that quantize-static does not have, `cancelled`, and what opening, reading data and
 * running throw.
 */
export async function analyzeSensitivity({ modelPath, data: source, options, samples }: SensitivityParams, { scratchFolder, signal, progress }: TaskContext): Promise<SensitivityResult> {
  progress('reading', 0)
  const file = openModelFile(modelPath)
  try {
    const diagnostics: Diagnostic[] = [...file.diagnostics]
    const runner = createOrtRunner({ scratchFolder })
    const calibration = await openCalibrationData(source, file.model, { runner, signal, modelPath, report: (found) => void diagnostics.push(found) })
    const document = new ModelDocument(file.model)
    const part = (from: number, to: number): PassContext['progress'] => (phase, fraction, detail) => progress(phase, fraction === null ? null : from + (to - from) * fraction, detail)
    const context: PassContext = { calibration, runner, float: null, signal, report: (found) => void diagnostics.push(found), progress: part(0, QUANTIZED / 2) }
    await runRecipe(document, cleanUp, context)
    const float = snapshotModel(document)
    const quantizing = Recipe.parse([{ pass: 'quantize-static', options }])
    const [report] = await runRecipe(document, quantizing, { ...context, progress: part(QUANTIZED / 2, QUANTIZED) })
    diagnostics.push(...(report?.diagnostics ?? []))
    const layers = await measureSensitivity({ float, quantized: document.model, context: { ...context, progress: part(QUANTIZED, 1) }, limit: samples })
    const errors = await measureOutputError({ runner, reference: float, candidate: document, data: calibration, limit: samples, signal, report: (found) => void diagnostics.push(found) })
    const count = Math.min(samples, calibration.sampleCount)
    return {
      path: file.path,
      layers,
      allQuantizedDb: Math.min(200, ...errors.map(({ sqnrDb }) => sqnrDb ?? 200)),
      conditions: `One layer at a time in integers, the rest float, on ${count} of ${calibration.sampleCount} samples (${calibration.description}), with integer kernels that do not saturate (exactIntegers).`,
      diagnostics,
    }
  } finally {
    file.close()
  }
}

/** Ids of nodes outlive these, so that results can be shown on the model as it was opened. */
const cleanUp = Recipe.parse([{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }])
