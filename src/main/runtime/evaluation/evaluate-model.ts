/** How good a model is on people's own data. */
import { basename } from 'node:path'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import { classFigures, confusionMatrix, macroF1 } from '#shared/evaluation/classification'
import { classPrecision, averagePrecision } from '#shared/evaluation/detection'
import type { ClassResult, EvaluationPartial, EvaluationResult, WorstSample } from '#shared/evaluation/evaluation-result'
import { type MetricName, metricTraits, type Outcome } from '#shared/evaluation/metric'
import { badness, classIous, metricInterval, metricValue } from '#shared/evaluation/metric-value'
import { toColumns } from '#shared/evaluation/outcome-columns'
import type { Preprocessing } from '#shared/evaluation/preprocessing'
import { wilsonInterval } from '#shared/evaluation/statistics'
import type { EvaluationInputs, EvaluationPart, EvaluationStore } from '../../workspace/evaluations'
import { describeDevice } from '../device-conditions'
import { hashModelFile, openModelFile } from '../model-file'
import type { ModelRunner, RunningModel } from '../model-runner'
import { onnxruntimeLabel } from '../onnxruntime'
import type { EvaluationData } from './evaluation-data'
import { findAlphabet, findClassNames } from './class-names'
import { formOutcome } from './form-outcome'
import { chooseCard, openEvaluationData } from './open-evaluation-data'

const LISTED_SKIPS = 50
const WORST = 24
/** Larger matrices say nothing to the eye. */
const MOST_CLASSES = 200
const PARTIAL_INTERVAL_MS = 250
const CHECKPOINT_INTERVAL_MS = 2000

export interface EvaluateModelOptions {
  readonly modelPath: string
  /** The model whose outputs are the truth, for metrics without labels. */
  readonly referencePath?: string | null
  readonly dataPath: string
  readonly labelsPath?: string | null
  readonly metric: MetricName
  /** Guessed from model and data where null. */
  readonly card?: Preprocessing | null
  /** Samples to look at; all by default. */
  readonly limit?: number | null
  readonly threads?: number
  /** Integer kernels as phones have them; default true. */
  readonly exactIntegers?: boolean
  readonly runner: ModelRunner
  readonly signal?: AbortSignal | undefined
  /** After samples, some times a second. */
  readonly onPartial?: ((partial: EvaluationPartial, fraction: number) => void) | undefined
  /** Where results are kept. Those found there are not run again and interrupted runs go on, unless `reuse` is false. */
  readonly store?: EvaluationStore | undefined
  readonly reuse?: boolean
}

/**
 * Runs the model over the data, one sample at a time as a phone does, and forms the metric's figure with its 95 % interval. Samples that
 * cannot be read, have no usable label or do not fit the model are left out and named in the result.
 *
 * Throws AppError `invalid-data` where no sample is left, what opening data and models throws, `runtime-rejected`, and `cancelled`.
 */
export async function evaluateModel(options: EvaluateModelOptions): Promise<EvaluationResult> {
  const { modelPath, referencePath = null, metric, runner, threads = 0, exactIntegers = true } = options
  const startedAt = performance.now()
  const comparesModels = metricTraits[metric].labels === 'none'
  if (comparesModels && referencePath === null) {
    throw new AppError({ code: 'bad-usage', message: `'${metric}' compares with the outputs of another model, and none was given.`, hint: 'Name the source model, or choose a metric of labels.' })
  }
  const file = openModelFile(modelPath)
  try {
    const card = options.card ?? (await chooseCard(options.dataPath, file.model))
    const sha256 = await hashModelFile(modelPath, options.signal)
    const reference256 = comparesModels && referencePath !== null ? await hashModelFile(referencePath, options.signal) : null
    const data = await openEvaluationData({ path: options.dataPath, labelsPath: options.labelsPath ?? null, labels: metricTraits[metric].labels, model: file.model, modelPath, card })
    const inputs: EvaluationInputs = { modelSha256: sha256, referenceSha256: reference256, dataFingerprint: await data.fingerprint(), metric, card, limit: options.limit ?? null, exactIntegers }
    const found = options.reuse === false ? null : options.store?.find(inputs)
    if (found) return { ...found, model: { ...found.model, path: file.path }, cached: true }
    const running = await runner.loadFile(modelPath, { threads, exactIntegers })
    const reference = reference256 === null || referencePath === null ? null : await runner.loadFile(referencePath, { threads, exactIntegers })
    try {
      const classNames = data.classNames ?? findClassNames({ model: file.model, modelPath, dataPath: options.dataPath })
      const progress = await runSamples({ options, inputs, data, running, reference, classNames, alphabet: findAlphabet(modelPath, options.dataPath) })
      if (progress.outcomes.length === 0) throw nothingLeft(options.dataPath, progress)
      const result: EvaluationResult = {
        model: { path: file.path, sha256, sizeBytes: file.sizeBytes },
        reference: reference256 === null || referencePath === null ? null : { path: referencePath, sha256: reference256 },
        metric,
        ...figures(metric, progress.outcomes),
        also: otherFigures(metric, progress.outcomes),
        samples: progress.outcomes.length,
        skipped: { count: progress.skipped.length, first: progress.skipped.slice(0, LISTED_SKIPS) },
        data: { path: options.dataPath, fingerprint: inputs.dataFingerprint, description: data.description, samples: data.sampleCount },
        preprocessing: card,
        classNames: classNames === null ? null : [...classNames],
        classes: classResults(metric, progress.outcomes, classNames),
        confusion: confusionOf(metric, progress.outcomes, classNames),
        worst: worstSamples(metric, progress.outcomes, classNames),
        outcomes: toColumns(progress.outcomes),
        conditions: { device: describeDevice(), runtime: await onnxruntimeLabel(), threads, exactIntegers, measuredAt: new Date().toISOString() },
        durationMs: performance.now() - startedAt,
        inferenceMs: progress.inferenceMs,
        diagnostics: findings(metric, progress, classNames),
        cached: false,
      }
      options.store?.keep(inputs, result)
      return result
    } finally {
      await reference?.close()
      await running.close()
    }
  } finally {
    file.close()
  }
}

interface Run {
  readonly options: EvaluateModelOptions
  readonly inputs: EvaluationInputs
  readonly data: EvaluationData
  readonly running: RunningModel
  readonly reference: RunningModel | null
  readonly classNames: readonly string[] | null
  readonly alphabet: readonly string[] | null
}

async function runSamples({ options, inputs, data, running, reference, classNames, alphabet }: Run): Promise<EvaluationPart> {
  const { metric, signal, onPartial, store } = options
  const done = options.reuse === false ? null : store?.part(inputs)
  const total = Math.min(options.limit ?? Infinity, data.sampleCount)
  const outcomes: Outcome[] = [...(done?.outcomes ?? [])]
  const skipped = [...(done?.skipped ?? [])]
  let inferenceMs = done?.inferenceMs ?? 0
  let seen = outcomes.length + skipped.length
  let told = -Infinity
  let kept = performance.now()
  if (seen >= total) return { outcomes, skipped, inferenceMs }
  const keep = () => store?.keepPart(inputs, { outcomes, skipped, inferenceMs })
  const stopped = (): void => {
    if (signal?.aborted !== true) return
    keep()
    signal.throwIfAborted()
  }
  for await (const sample of data.samples(seen, { reuseMemory: true })) {
    stopped()
    if ('problem' in sample) skipped.push({ name: sample.name, reason: sample.problem })
    else {
      const before = performance.now()
      const outputs = await running.run(sample.feeds)
      inferenceMs += performance.now() - before
      const truth = reference ? await reference.run(sample.feeds) : null
      const outcome = formOutcome({ metric, name: sample.name, label: sample.label, outputs, reference: truth, alphabet, frame: inputs.card.kind === 'image' ? inputs.card : null })
      if ('problem' in outcome) skipped.push({ name: sample.name, reason: outcome.problem })
      else outcomes.push(outcome)
    }
    seen++
    const now = performance.now()
    if (now - told >= PARTIAL_INTERVAL_MS) {
      told = now
      onPartial?.(partialOf({ metric, outcomes, skipped: skipped.length, classNames }), seen / total)
    }
    if (now - kept >= CHECKPOINT_INTERVAL_MS) {
      keep()
      kept = performance.now()
    }
    if (seen >= total) break
  }
  return { outcomes, skipped, inferenceMs }
}

/** Figures that cost much to form from many samples are left to the end, but for the first few. */
function partialOf({ metric, outcomes, skipped, classNames }: { metric: MetricName; outcomes: readonly Outcome[]; skipped: number; classNames: readonly string[] | null }): EvaluationPartial {
  const isShare = metric === 'top-1' || metric === 'top-5'
  const value = isShare || outcomes.length <= 2000 ? metricValue(metric, outcomes) : NaN
  return {
    metric,
    value: Number.isFinite(value) ? value : null,
    interval: isShare ? wilsonInterval(outcomes.reduce((sum, { score }) => sum + score, 0), outcomes.length) : null,
    samples: outcomes.length,
    skipped,
    worst: worstSamples(metric, outcomes, classNames),
    confusion: confusionOf(metric, outcomes, classNames),
    classNames: classNames === null ? null : [...classNames],
  }
}

function figures(metric: MetricName, outcomes: readonly Outcome[]): Pick<EvaluationResult, 'value' | 'interval'> {
  const value = metricValue(metric, outcomes)
  return Number.isFinite(value) ? { value, interval: metricInterval(metric, outcomes) } : { value: null, interval: null }
}

function otherFigures(metric: MetricName, outcomes: readonly Outcome[]): Record<string, number> {
  switch (metric) {
    case 'top-1':
    case 'f1': {
      // With one label for each sample, micro F1 is the share of right ones.
      const right = outcomes.filter(({ expected, predicted }) => expected === predicted).length / outcomes.length
      return { 'f1-macro': macroF1(outcomes), 'f1-micro': right, ...(metric === 'f1' && { 'top-1': right }) }
    }
    case 'map': {
      const at50 = averagePrecision(outcomes.map(({ detail = [] }) => detail), 0)
      return Number.isFinite(at50) ? { 'map-50': at50 } : {}
    }
    case 'top-5':
    case 'auc':
    case 'iou':
    case 'cer':
    case 'wer':
    case 'psnr':
    case 'ssim':
    case 'mae':
    case 'rmse':
    case 'cosine':
    case 'sqnr':
      return {}
  }
}

function isOfClasses(metric: MetricName): boolean {
  return metricTraits[metric].labels === 'class'
}

function classCount(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((most, { expected = -1, predicted = -1 }) => Math.max(most, expected, predicted), -1) + 1
}

function className(names: readonly string[] | null, index: number): string {
  return names?.[index] ?? String(index)
}

function classResults(metric: MetricName, outcomes: readonly Outcome[], names: readonly string[] | null): ClassResult[] {
  if (metric === 'iou') return classIous(outcomes).map(({ classIndex: index, union, iou }) => ({ index, name: className(names, index), support: union, value: iou, precision: null, recall: null }))
  if (metric === 'map') {
    return classPrecision(outcomes.map(({ detail = [] }) => detail)).map(({ classIndex: index, labels, precision }) => ({ index, name: className(names, index), support: labels, value: precision, precision: null, recall: null }))
  }
  if (!isOfClasses(metric)) return []
  return classFigures(outcomes, classCount(outcomes))
    .filter(({ support, precision }) => support > 0 || precision !== null)
    .map(({ index, support, precision, recall, f1 }) => ({ index, name: className(names, index), support, value: metric === 'f1' ? f1 : recall, precision, recall }))
}

function confusionOf(metric: MetricName, outcomes: readonly Outcome[], names: readonly string[] | null): number[][] | null {
  if (!isOfClasses(metric)) return null
  const classes = Math.max(classCount(outcomes), names?.length ?? 0)
  return classes > MOST_CLASSES ? null : confusionMatrix(outcomes, classes)
}

function worstSamples(metric: MetricName, outcomes: readonly Outcome[], names: readonly string[] | null): WorstSample[] {
  const wrong = isOfClasses(metric) ? outcomes.filter(({ expected, predicted }) => expected !== predicted) : outcomes
  return wrong
    .toSorted((a, b) => badness(metric, b) - badness(metric, a))
    .slice(0, WORST)
    .map((outcome) => ({
      name: outcome.name,
      expected: outcome.expectedText ?? (outcome.expected === undefined ? '' : className(names, outcome.expected)),
      predicted: outcome.predictedText ?? (outcome.predicted === undefined ? '' : className(names, outcome.predicted)),
      value: outcome.weight === 0 ? outcome.score : metric === 'sqnr' ? Math.min(200, 10 * Math.log10(outcome.score / outcome.weight)) : outcome.score / outcome.weight,
    }))
}

function findings(metric: MetricName, { outcomes, skipped }: EvaluationPart, names: readonly string[] | null): Diagnostic[] {
  const found: Diagnostic[] = []
  if (skipped.length > 0) {
    const first = skipped.slice(0, 3).map(({ name, reason }) => `'${name}' ${reason}`).join('; ')
    found.push({ severity: 'warning', code: 'samples-left-out', message: `${skipped.length} of ${skipped.length + outcomes.length} samples were left out: ${first}${skipped.length > 3 ? '; …' : ''}.` })
  }
  const labels = new Set(outcomes.flatMap(({ expected }) => expected ?? []))
  if (isOfClasses(metric) && labels.size === 1) {
    const [only = 0] = labels
    found.push({
      severity: 'warning',
      code: 'one-class-only',
      message: `All samples have the label '${className(names, only)}'; the figure says nothing of the other classes${metric === 'auc' ? ', and there is no AUC' : ''}.`,
      hint: 'Add samples of other classes.',
    })
  }
  return found
}

function nothingLeft(path: string, { skipped }: EvaluationPart): AppError {
  const [first] = skipped
  return new AppError({
    code: 'invalid-data',
    message: first ? `None of the ${skipped.length} samples in '${basename(path)}' can be used; the first, ${first.name}, ${first.reason}.` : `'${basename(path)}' holds no samples.`,
    details: { skipped: skipped.slice(0, LISTED_SKIPS) },
  })
}
