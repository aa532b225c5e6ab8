import type { AccuracyOnPhone, DeployOptions } from '#shared/deploy'
import { AppError } from '#shared/errors'
import { metricTraits } from '#shared/evaluation/metric'
import type { EvaluationData } from '../runtime/evaluation/evaluation-data'
import { evaluateModel } from '../runtime/evaluation/evaluate-model'
import { chooseCard, openEvaluationData } from '../runtime/evaluation/open-evaluation-data'
import { type ModelFile } from '../runtime/model-file'
import type { Feeds, ModelRunner, TensorValue } from '../runtime/model-runner'
import type { PreparedRun } from './device-adapter'

/** Samples that go to the phone in one file, and the most bytes of them. */
const BATCH_SAMPLES = 256
const BATCH_BYTES = 48e6

export interface AccuracyOptions {
  readonly file: ModelFile
  readonly accuracy: NonNullable<DeployOptions['accuracy']>
  readonly prepared: PreparedRun
  /** Of this computer, for the figure beside. */
  readonly runner: ModelRunner
  readonly exactIntegers: boolean
  readonly signal: AbortSignal
  readonly onSamples: (done: number) => void
}

/**
 * Forms a metric from what the phone computes on the samples of a data set, and from what this computer does. Samples go out
 * in batches and their outputs come home. Throws AppError not-supported where the program on the phone takes no batches or
 * the metric needs another model, and as `evaluateModel` and the adapter do.
 */
export async function accuracyOnPhone({ file, accuracy, prepared, runner, exactIntegers, signal, onSamples }: AccuracyOptions): Promise<AccuracyOnPhone> {
  const { dataPath, labelsPath, metric, limit } = accuracy
  const { runEach } = prepared
  if (!runEach) throw new AppError({ code: 'not-supported', message: 'Accuracy is taken on a phone with the native runtime only.', hint: 'Leave it out, or choose the native runtime.' })
  if (metricTraits[metric].labels === 'none') throw new AppError({ code: 'not-supported', message: `'${metric}' compares two models, which is done on this computer.`, hint: 'Choose a metric of labels, for example top-1.' })
  const card = await chooseCard(dataPath, file.model)
  const data = await openEvaluationData({ path: dataPath, labelsPath, labels: metricTraits[metric].labels, model: file.model, modelPath: file.path, card })
  const evaluation = { modelPath: file.path, dataPath, labelsPath, metric, card, limit, exactIntegers, signal, reuse: false }
  const phone = await evaluateModel({ ...evaluation, runner: phoneRunner(outputsOf(data, { runEach, limit: limit ?? Infinity, signal, onSamples })) })
  const here = await evaluateModel({ ...evaluation, runner })
  return { metric, samples: phone.samples, phone: phone.value, here: here.value, interval: phone.interval, data: data.description }
}

interface BatchOptions {
  readonly runEach: NonNullable<PreparedRun['runEach']>
  readonly limit: number
  readonly signal: AbortSignal
  readonly onSamples: (done: number) => void
}

/** Outputs of each usable sample in order, the next batch run when it is asked for. */
async function* outputsOf(data: EvaluationData, { runEach, limit, signal, onSamples }: BatchOptions): AsyncGenerator<Map<string, TensorValue>, void> {
  let batch: Feeds[] = []
  let bytes = 0
  let seen = 0
  let done = 0
  const flush = async (): Promise<Map<string, TensorValue>[]> => {
    const outputs = batch.length === 0 ? [] : await runEach(batch)
    done += batch.length
    onSamples(done)
    batch = []
    bytes = 0
    return outputs
  }
  for await (const sample of data.samples(0, { signal })) {
    if (seen++ >= limit) break
    if ('problem' in sample) continue
    batch.push(sample.feeds)
    bytes += [...sample.feeds.values()].reduce((sum, value) => sum + value.bytes.length, 0)
    if (batch.length >= BATCH_SAMPLES || bytes >= BATCH_BYTES) yield* await flush()
  }
  yield* await flush()
}

/** Gives out what the phone computed, in the order in which samples are asked for. */
function phoneRunner(outputs: AsyncGenerator<Map<string, TensorValue>, void>): ModelRunner {
  const running = {
    inputNames: [],
    outputNames: [],
    async run() {
      const next = await outputs.next()
      if (next.done) throw new Error('internal: more samples are asked for than were run')
      return next.value
    },
    endProfiling: () => null,
    close: async () => void (await outputs.return()),
  }
  return { load: async () => running, loadFile: async () => running }
}
