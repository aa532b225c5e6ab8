import type { Diagnostic } from '#shared/diagnostic'
import type { PassReport } from '#shared/ipc/jobs'
import type { OutputError } from '#shared/measurement'
import type { Model } from '#shared/onnx/records'
import { modelInputs } from '../runtime/model-inputs'
import type { CalibrationData } from './pass'
import type { ResolvedStep } from './resolve-recipe'

const STATIC = new Set(['quantize-static', 'search-precision'])
const QUANTIZING = new Set([...STATIC, 'quantize-dynamic', 'quantize-weights'])
/** Operators that hold or compute integers, as the passes that quantize put them in. */
const INTEGER_OPERATOR = /Quantize|QLinear|Integer|^QAttention$|NBits/

const GIVE_DATA = 'Give calibration data: a folder, an .npz or .npy file, or test_data_set folders.'

/** Whether a recipe was to quantize, and put integers into the model. */
export function hasQuantized(passes: readonly PassReport[]): boolean {
  return passes.some(({ pass, opChanges }) => QUANTIZING.has(pass) && Object.entries(opChanges).some(([opType, change]) => change > 0 && INTEGER_OPERATOR.test(opType)))
}

/** What is to be said of a whole run of a recipe, on data that it needs: that nothing came of it, or that the data was too little to decide on. */
export function runFindings(passes: readonly PassReport[], { data, model }: { readonly data: CalibrationData | null; readonly model: Model }): Diagnostic[] {
  const quantized = hasQuantized(passes)
  if (!quantized && passes.some(({ pass }) => QUANTIZING.has(pass))) {
    return [
      {
        severity: 'warning',
        code: 'nothing-quantized',
        message: 'Nothing was quantized: no layer of this model has a form in integers that the recipe makes.',
        hint: 'What is in integers or in 16-bit float already stays as it is; what else stays float is told with its reason.',
      },
    ]
  }
  const hasRanges = quantized && passes.some(({ pass }) => STATIC.has(pass))
  if (data?.synthetic === true) {
    const message = hasRanges
      ? 'The ranges of activations were taken from random inputs: the model will be less accurate than with real data.'
      : 'What to change was decided on random inputs: the model will be less accurate than with real data.'
    return [{ severity: 'warning', code: 'synthetic-calibration', message, hint: GIVE_DATA }]
  }
  if (!hasRanges || data?.sampleCount !== 1) return []
  const inputs = modelInputs(model).map(({ name }) => `'${name}'`).join(', ')
  return [
    {
      severity: 'warning',
      code: 'one-sample',
      message: `The ranges of activations were taken from a single sample of ${inputs}: what goes beyond it is cut off.`,
      hint: 'Give some dozens of samples that differ as real ones do.',
    },
  ]
}

/** That the finished model is below the SQNR it was to keep: the search looks at fewer samples, and what comes behind it moves outputs too. */
export function budgetFinding(steps: readonly ResolvedStep[], outputError: readonly OutputError[]): Diagnostic | null {
  const search = steps.find(({ pass }) => pass.name === 'search-precision')
  if (search?.options['budget'] !== 'sqnr') return null
  const wanted = Number(search.options['targetSqnrDb'])
  const found = Math.min(...outputError.map(({ sqnrDb }) => sqnrDb ?? Infinity))
  if (found >= wanted) return null
  return {
    severity: 'warning',
    code: 'budget-not-kept',
    message: `The finished model is at ${found.toFixed(1)} dB, wanted were ${wanted.toFixed(1)} dB.`,
    hint: 'The search looks at fewer samples than the result is measured on: give it more of them, or ask for a little more.',
  }
}
