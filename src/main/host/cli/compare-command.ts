import { resolve } from 'node:path'
import { Command } from 'commander'
import type { z } from 'zod'
import { AppError } from '#shared/errors'
import type { LayerErrorResult } from '#shared/evaluation/layer-error-result'
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
    .option('--layers', 'also compare what each node that both have gives, on the first samples of the data: the first that goes wrong is named')
    .addOption(jsonOption())
    .action(async (a: string, b: string, { data, layers, json }: { data?: string; layers?: true; json?: true }) => {
      if (layers && data === undefined) throw new AppError({ code: 'bad-usage', message: 'Layers are compared on data, and none was given.', hint: 'Name some with --data.' })
      const [result, layerErrors] = await withSession(context, async ({ runJob }) => {
        const compared = await runJob<'compare'>({ kind: 'compare', params: { a: resolve(a), b: resolve(b), options: {}, data: dataSource(data, 8) } })
        if (!layers || data === undefined) return [compared, null] as const
        return [compared, await runJob<'layer-error'>({ kind: 'layer-error', params: { sourcePath: resolve(a), modelPath: resolve(b), dataPath: resolve(data) } })] as const
      })
      if (json) printJson(layerErrors ? { ...result, layers: layerErrors } : result)
      else say([comparisonText(result), ...(layerErrors ? ['', layerErrorText(layerErrors)] : [])].join('\n'))
    })
}

function layerErrorText({ layers, firstBad, badDb, samples, data, notCompared }: LayerErrorResult): string {
  const first = firstBad === null ? undefined : layers[firstBad]
  const rows = layers.map(({ sourceNode, variantNode, sqnrDb, cosine, maxAbs }, at) => [sourceNode.name, sourceNode.opType, variantNode.name, `${sqnrDb.toFixed(1)} dB${at === firstBad ? ' ←' : ''}`, cosine.toFixed(6), maxAbs.toPrecision(4)])
  return [
    table([['node of A', 'operator', 'node of B', 'SQNR', 'cosine', 'max abs'], ...rows]),
    `On ${String(samples)} samples (${data}); ${String(notCompared)} nodes of A were not compared.`,
    first ? `First below ${String(badDb)} dB: ${first.sourceNode.name} (${first.sourceNode.opType}), ${first.sqnrDb.toFixed(1)} dB.` : `None is below ${String(badDb)} dB.`,
  ].join('\n')
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
