import type { Diagnostic } from '#shared/diagnostic'
import type { DataSource } from '#shared/ipc/jobs'
import { ModelDocument } from '#shared/onnx/document'
import type { PruneCurves } from '#shared/prune'
import { Recipe } from '#shared/recipe'
import { openCalibrationData } from '../../runtime/calibration-data'
import { openModelFile } from '../../runtime/model-file'
import { createOrtRunner } from '../../runtime/ort-runner'
import type { PassContext } from '../pass'
import { runRecipe } from '../run-recipe'
import type { TaskContext } from '../task-context'
import { followChannels } from './channel-graph'
import { planGroups } from './plan'
import { measureCurves } from './sensitivity-curves'
import { type Importance, scoreUnits } from './unit-scores'

export interface CurvesParams {
  readonly modelPath: string
  readonly data: DataSource
  readonly importance: Importance
  readonly roundTo: number
  /** At most so many samples. */
  readonly samples: number
  /** Counts tried of each group. */
  readonly steps: number
}

/** Cuts less than this leave nothing to see. */
const MOST_OF_GROUP = 0.9

/**
 * Opens a model and measures what its outputs lose as each group of layers is cut alone, without recovery.
 * Throws AppError `cancelled`, and what opening, reading data and running throw.
 */
export async function analyzeCurves({ modelPath, data: source, importance, roundTo, samples, steps }: CurvesParams, { scratchFolder, signal, progress }: TaskContext): Promise<PruneCurves> {
  progress('reading', 0)
  const file = openModelFile(modelPath)
  try {
    const diagnostics: Diagnostic[] = [...file.diagnostics]
    const runner = createOrtRunner({ scratchFolder })
    const calibration = await openCalibrationData(source, file.model, { runner, signal, modelPath, report: (found) => void diagnostics.push(found) })
    const document = new ModelDocument(file.model)
    const context: PassContext = { calibration, runner, float: null, signal, report: (found) => void diagnostics.push(found), progress }
    await runRecipe(document, cleanUp, { ...context, progress: () => undefined })
    const graph = followChannels(document)
    const scores = await scoreUnits(document, graph, { method: importance, context, limit: samples })
    const planned = planGroups(graph.groups, { roundTo, mostOfGroup: MOST_OF_GROUP })
    const curves = await measureCurves(document, graph, { planned, scores, context, limit: samples, steps })
    return {
      path: file.path,
      curves: curves.map(({ group, points }) => ({
        layers: group.producers.map(({ node }) => ({ nodeId: node.id, nodeName: node.name })),
        channels: group.units.length * group.unitWidth,
        points: points.map(({ count, error }) => ({ channels: count * group.unitWidth, error })),
      })),
      conditions: `One group of layers cut at a time, nothing fitted after, on ${Math.min(samples, calibration.sampleCount)} of ${calibration.sampleCount} samples (${calibration.description}).`,
      diagnostics,
    }
  } finally {
    file.close()
  }
}

/** Ids of nodes outlive these, so that results can be shown on the model as it was opened. */
const cleanUp = Recipe.parse([{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }])
