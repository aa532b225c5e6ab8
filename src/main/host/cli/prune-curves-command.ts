import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { jobKinds } from '#shared/ipc/jobs'
import type { PruneCurve, PruneCurves } from '#shared/prune'
import type { CliContext } from './cli-context'
import { dataSource, jsonOption, wholeNumber } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { diagnosticsText, table } from './text'

const { importance: importances } = jobKinds['prune-curves'].params.shape

interface PruneCurvesCommandOptions {
  data?: string
  samples: number
  steps: number
  importance: ReturnType<typeof importances.parse>
  roundTo: number
  json?: true
}

export function pruneCurvesCommand(context: CliContext): Command {
  return new Command('prune-curves')
    .description('Measure what the outputs lose as each group of layers is pruned alone, at several widths, nothing fitted after.')
    .argument('<model>', 'ONNX file')
    .option('--data <path>', 'a folder, an .npz, an .npy or test_data_set_* folders; random inputs where it is left out')
    .option('--samples <n>', 'compare at most so many samples', wholeNumber(1, 100_000), 32)
    .option('--steps <n>', 'widths tried of each group', wholeNumber(1, 32), 6)
    .addOption(new Option('--importance <method>', 'which channels go first').choices(importances.unwrap().options).default('reconstruction'))
    .option('--round-to <n>', 'channels that stay are a multiple of this', wholeNumber(1, 64), 8)
    .addOption(jsonOption())
    .action(async (model: string, { data, json, ...options }: PruneCurvesCommandOptions) => {
      const result = await withSession(context, ({ runJob }) => runJob<'prune-curves'>({ kind: 'prune-curves', params: { modelPath: resolve(model), data: dataSource(data, 8), ...options } }))
      if (json) printJson(result)
      else say(curvesText(result))
    })
}

function curvesText({ curves, conditions, diagnostics }: PruneCurves): string {
  const rows = curves.toSorted((a, b) => worst(b) - worst(a)).map((curve) => [layersText(curve), String(curve.channels), pointsText(curve)])
  return [table([['layers', 'channels', 'left: error of the outputs'], ...rows]), '', conditions, ...diagnosticsText(diagnostics)].join('\n')
}

function worst({ points }: PruneCurve): number {
  return Math.max(0, ...points.map(({ error }) => error))
}

function layersText({ layers }: PruneCurve): string {
  return layers.map(({ nodeName, nodeId }) => nodeName || `#${String(nodeId)}`).join('\n')
}

function pointsText({ points }: PruneCurve): string {
  return points.slice(1).map(({ channels, error }) => `${String(channels)}: ${(100 * error).toPrecision(3)} %`).join(', ')
}
