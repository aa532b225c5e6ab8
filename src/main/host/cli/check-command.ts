import { basename, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { type MetricName, metricNames } from '#shared/evaluation/metric'
import { type Budget, budgetFigureText, budgetText, judgeBudget, parseBudgets, type Verdict } from '#shared/variants/budget'
import type { VariantRow } from '#shared/variants/variant-table'
import type { CliContext } from './cli-context'
import { ExitWith } from './exit-with'
import { measuredRows } from './measured-rows'
import { jsonOption } from './options'
import { printJson } from './output'
import { readText } from './read-file'
import { withSession } from './session'

export const EXIT_MISSED = 1
export const EXIT_CANNOT_TELL = 2

interface CheckOptions {
  budget: string
  data?: string
  metric: MetricName
  stored?: true
  json?: true
}

export function checkCommand(context: CliContext): Command {
  return new Command('check')
    .description('Hold models to budgets, for CI: one line on stdout for each budget.')
    .argument('<models...>', 'ONNX files')
    .requiredOption('--budget <file>', 'a JSON file with budgets')
    .option('--data <path>', 'evaluate on this data, for budgets of accuracy')
    .addOption(new Option('--metric <name>', 'what to evaluate').choices(metricNames).default('top-1'))
    .option('--stored', 'judge by what was measured before; measure nothing')
    .addOption(jsonOption())
    .addHelpText('after', '\nExit code: 0 every budget is met, 1 one is missed, 2 it cannot be told (a figure is missing), or bad usage.\nLatency on this computer is measured where none is known of the same file. Phones: `edgefit deploy` first.')
    .action(async (models: string[], options: CheckOptions) => {
      const verdicts = await judgeModels(context, models, options).catch((error: unknown) => {
        // 1 says that a budget is missed.
        throw new ExitWith(EXIT_CANNOT_TELL, { cause: error })
      })
      if (options.json) printJson(verdicts.map(({ row, budget, verdict }) => ({ model: row.modelPath, sha256: row.sha256, budget, ...verdict })))
      else process.stdout.write(verdicts.map(({ row, budget, verdict }) => `${verdictLine(row, budget, verdict)}\n`).join(''))
      if (verdicts.some(({ verdict }) => verdict.outcome === 'missed')) throw new ExitWith(EXIT_MISSED)
      if (verdicts.some(({ verdict }) => verdict.outcome === 'unknown')) throw new ExitWith(EXIT_CANNOT_TELL)
    })
}

interface Judged {
  readonly row: VariantRow
  readonly budget: Budget
  readonly verdict: Verdict
}

async function judgeModels(context: CliContext, models: readonly string[], { budget: path, data, metric, stored }: CheckOptions): Promise<Judged[]> {
  const budgets = readBudgets(path)
  const needsLatency = budgets.some(({ figure }) => figure === 'p50Ms' || figure === 'p95Ms' || figure === 'peakMemoryBytes')
  const measuring = { latency: needsLatency && !stored, accuracy: stored || data === undefined ? null : { data, metric }, variants: false }
  const rows = await withSession(context, (session) => measuredRows(session, models, measuring))
  return rows.flatMap((row) => budgets.map((budget) => ({ row, budget, verdict: judgeBudget(row, budget) })))
}

/** Throws AppError where the file cannot be read or holds no budgets. */
export function readBudgets(path: string): Budget[] {
  return parseBudgets(readText(resolve(path)))
}

function verdictLine({ modelPath }: VariantRow, budget: Budget, { outcome, actual, detail }: Verdict): string {
  const word = outcome === 'met' ? 'met' : outcome === 'missed' ? 'MISSED' : 'cannot tell'
  const figure = actual === null ? '' : `: ${budgetFigureText(budget, actual)}`
  return `${word.padEnd(11)}  ${basename(modelPath)}  ${budget.name}, ${budgetText(budget)}${figure}${detail === '' ? '' : ` (${detail})`}`
}
