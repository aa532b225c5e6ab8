import { resolve } from 'node:path'
import { Command } from 'commander'
import type { z } from 'zod'
import type { ComparisonResult } from '#shared/measurement'
import type { CliContext } from './cli-context'
import { dataSource, jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, diagnosticsText, latencyText, outputErrorText, table } from './text'

export function compareCommand(context: CliContext): Command {
  return new Command('compare')
    .description('Compare two models: size, operators, outputs, and latency taken in turns in one process.')
    .argument('<a>', 'ONNX file to compare with')
    .argument('<b>', 'ONNX file to compare')
    .option('--data <path>', 'a folder, an .npz, an .npy or test_data_set_* folders; random inputs where it is left out')
    .addOption(jsonOption())
    .action(async (a: string, b: string, { data, json }: { data?: string; json?: true }) => {
      const result = await withSession(context, ({ runJob }) =>
        runJob<'compare'>({ kind: 'compare', params: { a: resolve(a), b: resolve(b), options: {}, data: dataSource(data, 8) } }),
      )
      if (json) printJson(result)
      else say(comparisonText(result))
    })
}

function comparisonText(result: z.infer<typeof ComparisonResult>): string {
  const { a, b, latencyRatio, conditions } = result
  const latency = (side: typeof a) => (side.latency ? latencyText(side.latency) : 'did not run')
  return [
    table([
      ['A', a.path, bytesText(a.sizeBytes), `${String(a.nodeCount)} nodes`, latency(a)],
      ['B', b.path, `${bytesText(b.sizeBytes)} (×${result.sizeRatio.toFixed(3)})`, `${String(b.nodeCount)} nodes`, latency(b)],
    ]),
    ...(latencyRatio ? [`Latency B / A: ×${latencyRatio.p50.toFixed(3)} (p10 ${latencyRatio.p10.toFixed(3)}, p90 ${latencyRatio.p90.toFixed(3)}, spread ${(latencyRatio.spread * 100).toFixed(1)} %)`] : []),
    ...(conditions ? [`${conditions.device}; ${conditions.runtime}, ${conditions.provider}, ${String(conditions.runs)} runs of each in turns; inputs: ${conditions.inputs}`] : []),
    '',
    outputErrorText(result.outputError),
    ...diagnosticsText(result.diagnostics),
  ].join('\n')
}
