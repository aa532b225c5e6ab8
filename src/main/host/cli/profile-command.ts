import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { ProfileResult } from '#shared/measurement'
import type { CliContext } from './cli-context'
import { dataSource, jsonOption, wholeNumber } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, latencyText, table } from './text'

const KERNELS_SHOWN = 15

interface ProfileCommandOptions {
  runs: number
  warmup: number
  threads: number
  provider: 'cpu'
  input?: string
  trace?: string
  json?: true
}

export function profileCommand(context: CliContext): Command {
  return new Command('profile')
    .description('Measure latency, load time, memory and the time of each kernel in onnxruntime.')
    .argument('<model>', 'ONNX file')
    .option('--runs <n>', 'timed runs', wholeNumber(1, 100_000), 50)
    .option('--warmup <n>', 'runs before them that do not count', wholeNumber(0, 10_000), 5)
    .option('--threads <n>', 'threads; 0 lets onnxruntime choose', wholeNumber(0, 256), 0)
    .addOption(new Option('--provider <name>', 'execution provider').choices(['cpu']).default('cpu'))
    .option('--input <path>', 'a folder, an .npz, an .npy or test_data_set_* folders; random inputs where it is left out')
    .option('--trace <file>', 'write a trace for chrome://tracing or Perfetto')
    .addOption(jsonOption())
    .action(async (model: string, { input, trace, json, ...options }: ProfileCommandOptions) => {
      const result = await withSession(context, ({ runJob }) =>
        runJob<'profile'>({
          kind: 'profile',
          params: { modelPath: resolve(model), options, data: dataSource(input, 1), ...(trace !== undefined && { tracePath: resolve(trace) }) },
        }),
      )
      if (json) printJson(result)
      else say(profileText(result))
    })
}

function profileText(result: ProfileResult): string {
  const { conditions } = result
  const kernels = result.kernels.toSorted((a, b) => b.share - a.share).slice(0, KERNELS_SHOWN)
  return [
    table([
      ['Latency', latencyText(result.latency)],
      ['Load', `${result.loadMs.toFixed(1)} ms, first run ${result.firstRunMs.toFixed(1)} ms`],
      ['Memory', `peak ${bytesText(result.peakMemoryBytes)}, before loading ${bytesText(result.baselineMemoryBytes)}`],
      ['Taken', `${conditions.device}; ${conditions.runtime}, ${conditions.provider}, threads ${String(conditions.threads)}, ${String(conditions.runs)} runs after ${String(conditions.warmup)}; inputs: ${conditions.inputs}`],
    ]),
    '',
    table([
      ['kernel', 'op', 'p50 ms', 'share', 'nodes'],
      ...kernels.map((kernel) => [kernel.kernel, kernel.opType, kernel.p50Ms.toFixed(4), `${(kernel.share * 100).toFixed(1)} %`, kernel.nodes.map(({ name, opType }) => name || opType).join(' ')]),
    ]),
    ...(result.kernels.length > kernels.length ? [`… and ${String(result.kernels.length - kernels.length)} more; --json has all.`] : []),
  ].join('\n')
}
