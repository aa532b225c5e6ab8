import { basename, extname, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { AppError } from '#shared/errors'
import { type MetricName, metricNames } from '#shared/evaluation/metric'
import { reportHtml } from '#shared/variants/report-html'
import { REPORT_LANGUAGES, type ReportLanguage } from '#shared/variants/report-words'
import { tableCsv, tableMarkdown } from '#shared/variants/table-text'
import { accuracyKinds, devicesOf, type VariantRow } from '#shared/variants/variant-table'
import { writeFileAtomically } from '../../runtime/atomic-write'
import { packageVersion } from '../app-root'
import { readBudgets } from './check-command'
import type { CliContext } from './cli-context'
import { measuredRows } from './measured-rows'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'

const FORMATS = ['.html', '.md', '.csv']

interface ReportCommandOptions {
  output: string
  title?: string
  language: ReportLanguage
  budget?: string
  data?: string
  metric: MetricName
  stored?: true
  json?: true
}

export function reportCommand(context: CliContext): Command {
  return new Command('report')
    .description('Write models and their variants side by side: size, accuracy and latency, with plots, into one file.')
    .argument('<models...>', 'ONNX files; variants made of them are in the report too')
    .requiredOption('-o, --output <file>', 'ending in .html (with plots, opens offline), .md or .csv')
    .addOption(new Option('--language <language>', 'of an .html report').choices(REPORT_LANGUAGES).default('en'))
    .option('--title <text>', 'title of an .html report')
    .option('--budget <file>', 'a JSON file with budgets that the models are held to, in an .html report')
    .option('--data <path>', 'evaluate on this data what was not')
    .addOption(new Option('--metric <name>', 'what to evaluate').choices(metricNames).default('top-1'))
    .option('--stored', 'report what was measured before; measure nothing')
    .addOption(jsonOption())
    .action(async (models: string[], options: ReportCommandOptions) => {
      const format = extname(options.output).toLowerCase()
      if (!FORMATS.includes(format)) throw new AppError({ code: 'bad-usage', message: `A report is written as ${FORMATS.join(', ')}, not as '${format}'.` })
      const budgets = options.budget === undefined ? [] : readBudgets(options.budget)
      const accuracy = options.data === undefined || options.stored ? null : { data: options.data, metric: options.metric }
      const rows = await withSession(context, (session) => measuredRows(session, models, { latency: !options.stored, accuracy, variants: true }))
      const output = resolve(options.output)
      const title = options.title ?? models.map((model) => basename(model)).join(', ')
      await writeFileAtomically(output, [new TextEncoder().encode(reportText(rows, format, { title, budgets, madeAt: new Date().toISOString(), tool: `edgefit ${packageVersion(context.appRoot)}`, language: options.language }))])
      if (options.json) printJson({ output, rows })
      else say(`${output}: ${String(rows.length)} ${rows.length === 1 ? 'model' : 'models'}`)
    })
}

function reportText(rows: readonly VariantRow[], format: string, options: Parameters<typeof reportHtml>[1]): string {
  if (format === '.html') return reportHtml(rows, options)
  const [accuracy = null] = accuracyKinds(rows)
  const choice = { devices: devicesOf(rows), accuracy }
  return format === '.md' ? tableMarkdown(rows, choice) : tableCsv(rows, choice)
}
