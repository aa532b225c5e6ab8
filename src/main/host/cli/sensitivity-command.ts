import { resolve } from 'node:path'
import { Command } from 'commander'
import type { SensitivityResult } from '#shared/measurement'
import type { CliContext } from './cli-context'
import { dataSource, jsonOption, wholeNumber } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { diagnosticsText, table } from './text'

interface SensitivityCommandOptions {
  calibration?: string
  card?: string
  samples: number
  perTensor?: true
  json?: true
}

export function sensitivityCommand(context: CliContext): Command {
  return new Command('sensitivity')
    .description('Measure what static int8 costs in each layer by itself, the most sensitive first.')
    .argument('<model>', 'ONNX file')
    .option('--calibration <path>', 'a folder of pictures or WAV files, an .npz or .npy, a .csv, a .jsonl of texts, or test_data_set_* folders; random inputs where it is left out')
    .option('--card <file>', 'a JSON file saying how the data is prepared; guessed from model and data where it is left out')
    .option('--samples <n>', 'compare at most so many samples', wholeNumber(1, 100_000), 32)
    .option('--per-tensor', 'one scale for each weight instead of one for each of its channels')
    .addOption(jsonOption())
    .action(async (model: string, { calibration, card, samples, perTensor, json }: SensitivityCommandOptions) => {
      const result = await withSession(context, ({ runJob }) =>
        runJob<'sensitivity'>({
          kind: 'sensitivity',
          params: { modelPath: resolve(model), data: dataSource(calibration, 8, card), samples, options: { perChannel: perTensor !== true } },
        }),
      )
      if (json) printJson(result)
      else say(sensitivityText(result))
    })
}

function sensitivityText({ layers, allQuantizedDb, conditions, diagnostics }: SensitivityResult): string {
  const rows = layers
    .toSorted((a, b) => a.outputSqnrDb - b.outputSqnrDb)
    .map(({ nodeName, nodeId, opType, weightCount, layerSqnrDb, outputSqnrDb }) => [nodeName || `#${String(nodeId)}`, opType, String(weightCount), layerSqnrDb.toFixed(1), outputSqnrDb.toFixed(1)])
  return [
    table([['layer', 'op', 'weights', 'dB at the layer', 'dB at the outputs'], ...rows]),
    '',
    `All layers in integers: ${allQuantizedDb.toFixed(1)} dB at the outputs.`,
    conditions,
    ...diagnosticsText(diagnostics),
  ].join('\n')
}
