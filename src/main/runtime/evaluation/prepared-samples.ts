/** Calibration samples of data that has to be prepared for a model: pictures, sounds, texts, table rows. */
import { basename } from 'node:path'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import { describePreprocessing, type Preprocessing } from '#shared/evaluation/preprocessing'
import type { Model } from '#shared/onnx/records'
import type { CalibrationData } from '../../passes/pass'
import { chooseCard, openEvaluationData } from './open-evaluation-data'

export interface PreparedOptions {
  /** Guessed from model and data where null. */
  readonly card: Preprocessing | null
  readonly modelPath?: string
  readonly signal?: AbortSignal
  readonly report?: (diagnostic: Diagnostic) => void
}

/**
 * The samples that evaluation would see, without labels; those that cannot be read are left out and told of once. Throws AppError what
 * opening throws; iterating throws `invalid-data` where no sample can be used.
 */
export async function openPreparedSamples(path: string, model: Model, { card: given, modelPath, signal, report = () => undefined }: PreparedOptions): Promise<CalibrationData> {
  const card = given ?? (await chooseCard(path, model))
  const data = await openEvaluationData({ path, labelsPath: null, labels: 'none', model, modelPath: modelPath ?? path, card })
  if (!given) {
    report({
      severity: 'info',
      code: 'guessed-preprocessing',
      message: `How the data is prepared was guessed: ${describePreprocessing(card)}.`,
      hint: 'Ranges are right only if the model was trained so: choose the preprocessing in the Evaluation panel, or give it with --card.',
    })
  }
  let isTold = false
  const tell = (problems: readonly string[]) => {
    if (isTold || problems.length === 0) return
    isTold = true
    report({ severity: 'warning', code: 'samples-left-out', message: `${problems.length} of ${data.sampleCount} samples were left out: ${problems.slice(0, 3).join('; ')}${problems.length > 3 ? '; …' : ''}.` })
  }
  return {
    sampleCount: data.sampleCount,
    synthetic: false,
    description: `${path}: ${data.description}; ${describePreprocessing(card)}`,
    async *samples(reading) {
      const problems: string[] = []
      for await (const sample of data.samples(0, { ...reading, signal })) {
        signal?.throwIfAborted()
        if ('problem' in sample) problems.push(`'${sample.name}' ${sample.problem}`)
        else yield sample.feeds
      }
      if (problems.length === data.sampleCount) throw new AppError({ code: 'invalid-data', message: `None of the ${problems.length} samples in '${basename(path)}' can be used; the first, ${problems[0] ?? ''}.` })
      tell(problems)
    },
  }
}
