import { resolve } from 'node:path'
import { Command } from 'commander'
import type { ModelSummary } from '#shared/ipc/model-view'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, diagnosticsText, table } from './text'

export function inspectCommand(context: CliContext): Command {
  return new Command('inspect')
    .description('Show what a model is: format, opsets, inputs and outputs, operators, size, and what is wrong with it.')
    .argument('<model>', 'ONNX file')
    .addOption(jsonOption())
    .action(async (model: string, { json }: { json?: true }) => {
      const summary = await withSession(context, async ({ request }) => (await request('model.open', { path: resolve(model) })).summary)
      if (json) printJson(summary)
      else say(summaryText(summary))
    })
}

function summaryText(summary: ModelSummary): string {
  const value = ({ name, dtype, shape }: ModelSummary['inputs'][number]) => `${name}: ${dtype}${shape === null ? '' : `[${shape.map((dim) => dim ?? '?').join(',')}]`}`
  const rows = [
    ['Format', `${summary.format}, ${summary.opsets.map(({ domain, version }) => `${domain} ${String(version)}`).join(', ')}`],
    ['Producer', summary.producer],
    ['Inputs', summary.inputs.map(value).join('\n')],
    ['Outputs', summary.outputs.map(value).join('\n')],
    ['Nodes', String(summary.nodeCount)],
    ['Parameters', summary.parameterCount.toLocaleString('en')],
    ['Size', bytesText(summary.sizeBytes)],
    ['Operators', Object.entries(summary.opCounts).map(([op, count]) => `${op} ×${String(count)}`).join(', ')],
  ]
  return [table(rows), ...diagnosticsText(summary.diagnostics)].join('\n')
}
