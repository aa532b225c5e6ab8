/** What `search-precision` must keep to. */
import { AppError } from '#shared/errors'
import { metricText, metricTraits } from '#shared/evaluation/metric'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { measureOutputError } from '../../runtime/output-error'
import type { PassContext } from '../pass'
import { decisionsOf } from '../recovery/decisions'
import type { SearchOptions } from '../search-precision'

/** Stands for outputs that are equal. */
export const EQUAL_DB = 200

export interface PrecisionBudget {
  /** How good a model is, the higher the better. */
  score(candidate: ModelDocument): Promise<number>
  /** The least score that will do. */
  readonly target: number
  /** A score for people. */
  text(score: number): string
}

interface BudgetNeeds {
  readonly chosen: SearchOptions
  readonly context: PassContext
}

/** Throws AppError `invalid-data` without data, or without labels of the metric's kind where accuracy is asked for; `not-supported` where there are no decisions. */
export async function openBudget(float: Model, { chosen, context }: BudgetNeeds): Promise<PrecisionBudget> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Searching for precision needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const { budget, samples, targetSqnrDb, targetAgreement } = chosen
  switch (budget) {
    case 'sqnr':
      return {
        target: targetSqnrDb,
        text: (score) => `outputs at ${score.toFixed(1)} dB`,
        async score(candidate) {
          const errors = await measureOutputError({ runner, reference: float, candidate, data: calibration, limit: samples, signal })
          return Math.min(EQUAL_DB, ...errors.map(({ sqnrDb }) => sqnrDb ?? EQUAL_DB))
        },
      }
    case 'agreement': {
      const own = await decisionsOf(float, { context, limit: samples })
      return {
        target: targetAgreement,
        text: (score) => `${(100 * score).toFixed(2)} % of decisions the same`,
        score: async (candidate) => shareAlike(await decisionsOf(candidate, { context, limit: samples }), own),
      }
    }
    case 'accuracy':
      return accuracyBudget(float, { chosen, context })
  }
}

/** All labelled samples count: figures of few of them move in large steps. */
async function accuracyBudget(float: Model, { chosen: { metric, labelledData, maxAccuracyLoss }, context }: BudgetNeeds): Promise<PrecisionBudget> {
  const { openMetric } = context
  if (!openMetric) throw new Error('internal: no metric can be opened here')
  const { unit, better } = metricTraits[metric]
  const sign = better === 'higher' ? 1 : -1
  try {
    const opened = await openMetric(metric, labelledData)
    const own = await opened.evaluate(float)
    return {
      target: sign * own - maxAccuracyLoss * (unit === 'share' ? 1 : Math.abs(own)),
      text: (score) => `${metric} ${metricText(metric, sign * score)}`,
      score: async (candidate) => sign * (await opened.evaluate(candidate)),
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'invalid-data') throw error
    throw new AppError(
      { code: error.code, message: `No ${metric} can be kept to: ${error.message}`, hint: "Name data with labels for this metric under 'labelledData', or choose the budget 'agreement' or 'sqnr', which need none." },
      { cause: error },
    )
  }
}

/** 1 where there is nothing to compare. */
function shareAlike(found: readonly number[], right: readonly number[]): number {
  return right.length === 0 ? 1 : found.filter((choice, at) => choice === right[at]).length / right.length
}
