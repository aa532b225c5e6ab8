/** One metric taken of many forms of a model, for searches that keep to a budget. */
import { basename, dirname, resolve } from 'node:path'
import { AppError } from '#shared/errors'
import { type MetricName, metricTraits, type Outcome } from '#shared/evaluation/metric'
import { metricValue } from '#shared/evaluation/metric-value'
import type { Preprocessing } from '#shared/evaluation/preprocessing'
import type { DataSource } from '#shared/ipc/jobs'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import type { ModelRunner } from '../model-runner'
import { findAlphabet } from './class-names'
import { formOutcome } from './form-outcome'
import { dataKind, isCardFor } from './data-kind'
import { chooseCard, openEvaluationData } from './open-evaluation-data'

/** Metrics of labels; those of another model's outputs say nothing about a float model by itself. */
export type LabelledMetric = Exclude<MetricName, 'cosine' | 'sqnr'>

export interface MetricOptions {
  readonly metric: LabelledMetric
  /** Samples with labels: whatever can be evaluated on. */
  readonly dataPath: string
  /** How the data is prepared, where it is of that kind; else as the model says, or as can be guessed. */
  readonly card?: Preprocessing | undefined
  /** The model as it was opened: inputs and preprocessing are its own. */
  readonly model: Model
  /** Where it lies: tokenizers and alphabets beside it are found. */
  readonly modelPath: string
  readonly runner: ModelRunner
  readonly signal: AbortSignal
}

export interface OpenMetric {
  /** The metric's figure over all samples, with integer kernels that do not saturate. Samples without a usable label count for nothing. */
  evaluate(candidate: Model | ModelDocument): Promise<number>
}

/**
 * Throws AppError `not-found`, `not-supported` or `invalid-data` where the data cannot be read or has no labels; evaluating throws
 * `invalid-data` where no sample has a label of the metric's kind, `runtime-rejected`, and `cancelled`.
 */
export async function openMetric({ metric, dataPath, card: given, model, modelPath, runner, signal }: MetricOptions): Promise<OpenMetric> {
  const card = given && isCardFor(given, dataKind(dataPath)) ? given : await chooseCard(dataPath, model)
  const data = await openEvaluationData({ path: dataPath, labelsPath: null, labels: metricTraits[metric].labels, model, modelPath, card })
  const alphabet = findAlphabet(modelPath, dataPath)
  const frame = card.kind === 'image' ? card : null
  return {
    async evaluate(candidate) {
      const running = await runner.load(candidate, { exactIntegers: true })
      try {
        const outcomes: Outcome[] = []
        let problem: string | null = null
        for await (const sample of data.samples(0, { reuseMemory: true, signal })) {
          signal.throwIfAborted()
          const outcome = 'problem' in sample ? sample : formOutcome({ metric, name: sample.name, label: sample.label, outputs: await running.run(sample.feeds), reference: null, alphabet, frame })
          if ('problem' in outcome) problem ??= `sample ${sample.name} ${outcome.problem}`
          else outcomes.push(outcome)
        }
        const value = metricValue(metric, outcomes)
        if (Number.isNaN(value)) throw new AppError({ code: 'invalid-data', message: `There is no ${metric} on '${basename(dataPath)}'${problem === null ? '' : `: ${problem}`}.` })
        return value
      } finally {
        await running.close()
      }
    },
  }
}

/** Opens metrics for a job: at a path of its own, relative ones beginning beside the job's data, or where it is empty on that data itself. */
export function metricOpener({ data, ...options }: Omit<MetricOptions, 'metric' | 'dataPath' | 'card'> & { readonly data: DataSource }): (metric: LabelledMetric, dataPath: string) => Promise<OpenMetric> {
  return async (metric, dataPath) => {
    if (data.kind === 'path') return openMetric({ ...options, metric, card: data.card, dataPath: dataPath === '' ? data.path : resolve(dirname(data.path), dataPath) })
    if (dataPath === '') throw new AppError({ code: 'invalid-data', message: 'Random inputs have no labels.' })
    return openMetric({ ...options, metric, dataPath: resolve(dataPath) })
  }
}
