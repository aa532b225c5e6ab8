/** What `search-precision` must keep to. */
import { AppError } from '#shared/errors'
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

/** Throws AppError `invalid-data` without data, or without a label for each decision where accuracy is asked for; `not-supported` where there are no decisions. */
export async function openBudget(float: Model, { chosen, context }: BudgetNeeds): Promise<PrecisionBudget> {
  const { calibration, runner, signal } = context
  const { budget, samples, targetSqnrDb, targetAgreement, maxAccuracyLoss } = chosen
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Searching for precision needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  if (budget === 'sqnr') {
    return {
      target: targetSqnrDb,
      text: (score) => `outputs at ${score.toFixed(1)} dB`,
      async score(candidate) {
        const errors = await measureOutputError({ runner, reference: float, candidate, data: calibration, limit: samples, signal })
        return Math.min(EQUAL_DB, ...errors.map(({ sqnrDb }) => sqnrDb ?? EQUAL_DB))
      },
    }
  }
  // Accuracy moves in steps of one sample: few of them would say nothing.
  const limit = budget === 'accuracy' ? calibration.sampleCount : samples
  const own = await decisionsOf(float, { context, limit })
  const right = budget === 'accuracy' ? await labelsFor(own, context) : own
  return {
    target: budget === 'accuracy' ? shareAlike(own, right) - maxAccuracyLoss : targetAgreement,
    text: (score) => `${(100 * score).toFixed(2)} % of decisions ${budget === 'accuracy' ? 'right' : 'the same'}`,
    score: async (candidate) => shareAlike(await decisionsOf(candidate, { context, limit }), right),
  }
}

async function labelsFor(decisions: readonly number[], { calibration }: PassContext): Promise<readonly number[]> {
  const labels = (await calibration?.labels?.()) ?? null
  const hint = "Give an .npz file with an array 'label' of one class for each sample, or choose the budget 'agreement'."
  if (!labels) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no labels, so no accuracy can be kept to.', hint })
  if (labels.length !== decisions.length) throw new AppError({ code: 'invalid-data', message: `The calibration data has ${labels.length} labels, but the model decides ${decisions.length} times.`, hint })
  return labels
}

/** 1 where there is nothing to compare. */
function shareAlike(found: readonly number[], right: readonly number[]): number {
  return right.length === 0 ? 1 : found.filter((choice, at) => choice === right[at]).length / right.length
}
