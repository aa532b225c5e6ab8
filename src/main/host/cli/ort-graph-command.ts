import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, table } from './text'

interface OrtGraphOptions {
  output: string
  level: 'basic' | 'extended' | 'all'
  json?: true
}

export function ortGraphCommand(context: CliContext): Command {
  return new Command('ort-graph')
    .description('Write the graph as onnxruntime optimises it for the CPU: what it would fuse by itself.')
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --output <out.onnx>', 'where to write the graph')
    .addOption(new Option('--level <level>', "how far onnxruntime goes; 'all' arranges weights for this very processor").choices(['basic', 'extended', 'all']).default('extended'))
    .addOption(jsonOption())
    .action(async (model: string, { output, level, json }: OrtGraphOptions) => {
      const result = await withSession(context, ({ runJob }) => runJob<'ort-graph'>({ kind: 'ort-graph', params: { modelPath: resolve(model), outputPath: resolve(output), optimization: level } }))
      if (json) printJson(result)
      else {
        say(`${String(result.nodesBefore)} nodes → ${String(result.nodesAfter)}, ${bytesText(result.sizeBytes)}: ${result.path}`)
        say(table([['operator', 'nodes'], ...Object.entries(result.opCounts).toSorted(([, a], [, b]) => b - a).map(([name, count]) => [name, String(count)])]))
        say(result.conditions)
      }
    })
}
