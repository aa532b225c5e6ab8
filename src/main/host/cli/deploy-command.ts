import { resolve } from 'node:path'
import { Command } from 'commander'
import type { DeployResult } from '#shared/device'
import type { CliContext } from './cli-context'
import { factsText } from './devices-command'
import { dataSource, jsonOption, wholeNumber } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, latencyText, outputErrorText, table } from './text'

interface DeployCommandOptions {
  device: string
  runs: number
  warmup: number
  threads: number
  input?: string
  json?: true
}

export function deployCommand(context: CliContext): Command {
  return new Command('deploy')
    .alias('run-on')
    .description('Run a model on a phone over adb: latency, load time, memory, and its outputs against this computer’s.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--device <serial>', 'the phone; `edgefit devices` lists them')
    .option('--runs <n>', 'timed runs', wholeNumber(1, 100_000), 50)
    .option('--warmup <n>', 'runs before them that do not count', wholeNumber(0, 10_000), 5)
    .option('--threads <n>', 'threads; 0 lets onnxruntime choose', wholeNumber(0, 256), 0)
    .option('--input <path>', 'a folder, an .npz, an .npy or test_data_set_* folders; random inputs where it is left out')
    .addOption(jsonOption())
    .action(async (model: string, { device, input, json, ...options }: DeployCommandOptions) => {
      const result = await withSession(context, ({ runJob }) => runJob<'deploy'>({ kind: 'deploy', params: { modelPath: resolve(model), serial: device, options, data: dataSource(input, 1) } }))
      if (json) printJson(result)
      else say(deployText(result))
    })
}

function deployText({ facts, conditions, latency, desktop, pushed, outputError, ...figures }: DeployResult): string {
  return [
    table([
      ['Phone', factsText(facts)],
      ['Latency', latencyText(latency)],
      ['Here', latencyText(desktop.latency)],
      ['Load', `${figures.loadMs.toFixed(1)} ms, first run ${figures.firstRunMs.toFixed(1)} ms`],
      ['Memory', `peak ${bytesText(figures.peakMemoryBytes)}, before loading ${bytesText(figures.baselineMemoryBytes)}`],
      ['Pushed', `model ${bytesText(pushed.modelBytes)}${pushed.runtimeBytes === 0 ? '' : `, runtime ${bytesText(pushed.runtimeBytes)}`}${pushed.bytesPerSecond === null ? '' : `, ${bytesText(pushed.bytesPerSecond)}/s`}`],
      ['Taken', `${conditions.runtime}, ${conditions.provider}, threads ${String(conditions.threads)}, ${String(conditions.runs)} runs after ${String(conditions.warmup)}; inputs: ${conditions.inputs}`],
    ]),
    '',
    outputErrorText(outputError),
  ].join('\n')
}
