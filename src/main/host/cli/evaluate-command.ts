import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { EvaluationResult } from '#shared/evaluation/evaluation-result'
import { type MetricName, metricNames, metricText } from '#shared/evaluation/metric'
import { compareOutcomes, type Significance } from '#shared/evaluation/metric-value'
import { fromColumns } from '#shared/evaluation/outcome-columns'
import { describePreprocessing } from '#shared/evaluation/preprocessing'
import type { CliContext } from './cli-context'
import { jsonOption, readCard, wholeNumber } from './options'
import { printJson, say } from './output'
import { type Session, withSession } from './session'
import { diagnosticsText, table } from './text'

interface EvaluateOptions {
  data: string
  metric: MetricName
  labels?: string
  card?: string
  against?: string
  limit?: number
  fastIntegers?: true
  fresh?: true
  json?: true
}

export function evaluateCommand(context: CliContext): Command {
  return new Command('evaluate')
    .description('Measure how good a model is on data with labels, or how close to another model without.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--data <path>', 'a folder of pictures or WAV files, an .npz or .npy, a .csv, a .jsonl of texts, or test_data_set_* folders')
    .addOption(new Option('--metric <name>', 'what to measure').choices(metricNames).default('top-1'))
    .option('--labels <file>', 'labels in a file of their own: .csv, .json (COCO too), .npy, .npz')
    .option('--card <file>', 'a JSON file saying how the data is prepared; guessed from model and data where it is left out')
    .option('--against <model>', 'evaluate this model too and say whether they differ; cosine and sqnr compare with its outputs')
    .option('--limit <n>', 'look at so many samples only', wholeNumber(1, 100_000_000))
    .option('--fast-integers', "this processor's fastest integer kernels, which may saturate, instead of those phones have")
    .option('--fresh', 'run again what has been evaluated before')
    .addOption(jsonOption())
    .addHelpText('after', '\nResults are kept by the contents of model and data, so that asking again answers at once.')
    .action(async (model: string, options: EvaluateOptions) => {
      const { result, against, significance } = await withSession(context, (session) => evaluateBoth(session, resolve(model), options))
      if (options.json) printJson(against ? { ...result, against, significance } : result)
      else say(evaluationText(result, against, significance))
    })
}

interface Evaluated {
  readonly result: EvaluationResult
  readonly against: EvaluationResult | null
  readonly significance: Significance | null
}

async function evaluateBoth({ runJob }: Session, modelPath: string, options: EvaluateOptions): Promise<Evaluated> {
  const { metric } = options
  const against = options.against === undefined ? null : resolve(options.against)
  const withoutLabels = metric === 'cosine' || metric === 'sqnr'
  const params = {
    dataPath: resolve(options.data),
    labelsPath: options.labels === undefined ? null : resolve(options.labels),
    metric,
    card: options.card === undefined ? null : readCard(resolve(options.card)),
    limit: options.limit ?? null,
    exactIntegers: options.fastIntegers !== true,
    reuse: options.fresh !== true,
  }
  const result = await runJob<'evaluate'>({ kind: 'evaluate', params: { ...params, modelPath, referencePath: withoutLabels ? against : null } })
  if (against === null || withoutLabels) return { result, against: null, significance: null }
  // Both are fed the same, whatever each of them carries.
  const other = await runJob<'evaluate'>({ kind: 'evaluate', params: { ...params, modelPath: against, card: result.preprocessing } })
  return { result, against: other, significance: compareOutcomes(metric, fromColumns(other.outcomes), fromColumns(result.outcomes)) }
}

function evaluationText(result: EvaluationResult, against: EvaluationResult | null, significance: Significance | null): string {
  const { metric, samples, skipped, data, preprocessing, conditions, durationMs, inferenceMs, classes, worst } = result
  const rows = classes.slice(0, 40).map(({ name, support, value, precision, recall }) => [name, String(support), share(value), share(precision), share(recall)])
  return [
    figureLine(result),
    ...Object.entries(result.also).map(([name, value]) => `${name}: ${(value * 100).toFixed(2)} %`),
    ...(against ? [`${figureLine(against)} (${against.model.path})`, ...(significance ? [significanceText(metric, significance)] : [])] : []),
    `${String(samples)} samples${skipped.count > 0 ? `, ${String(skipped.count)} left out` : ''}: ${data.description}; ${describePreprocessing(preprocessing)}`,
    `${conditions.device}; ${conditions.runtime}${conditions.exactIntegers ? ', integers as phones compute them' : ''}; ${(durationMs / 1000).toFixed(1)} s, of which ${(inferenceMs / 1000).toFixed(1)} s inference${result.cached ? ' (from the store)' : ''}`,
    ...(rows.length > 0 ? ['', table([['class', 'samples', metric, 'precision', 'recall'], ...rows])] : []),
    ...(worst.length > 0 ? ['', table([['worst samples', 'expected', 'got'], ...worst.slice(0, 8).map(({ name, expected, predicted }) => [name, expected, predicted])])] : []),
    ...skipped.first.slice(0, 10).map(({ name, reason }) => `left out: ${name} ${reason}`),
    ...diagnosticsText(result.diagnostics),
  ].join('\n')
}

function figureLine({ metric, value, interval }: EvaluationResult): string {
  const range = interval ? ` (95 %: ${metricText(metric, interval.low)} to ${metricText(metric, interval.high)})` : ''
  return `${metric}: ${value === null ? 'cannot be formed' : metricText(metric, value)}${range}`
}

function significanceText(metric: MetricName, { difference, p, significant, test, samples }: Significance): string {
  const name = test === 'mcnemar' ? 'McNemar' : 'paired bootstrap'
  return `Difference ${difference >= 0 ? '+' : '−'}${metricText(metric, Math.abs(difference))} on ${String(samples)} samples: ${significant ? 'significant' : 'not significant'} (${name}, p = ${p.toPrecision(2)})`
}

function share(value: number | null): string {
  return value === null ? '–' : `${(value * 100).toFixed(1)} %`
}
