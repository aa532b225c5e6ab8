import { resolve } from 'node:path'
import { Command } from 'commander'
import type { ModelUsability, ProviderUsability, UsabilityReason } from '#shared/usability'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { table } from './text'

/** Different reasons shown for each provider. */
const SHOWN_REASONS = 4

export function usabilityCommand(context: CliContext): Command {
  return new Command('usability')
    .description('Tell which nodes of a model each execution provider of a phone takes (XNNPACK, NNAPI, QNN, Core ML, WebGPU, WebNN), and into how many parts the graph falls. From tables, not from a phone.')
    .argument('<model>', 'an ONNX model')
    .addOption(jsonOption())
    .action(async (model: string, { json }: { json?: true }) => {
      const result = await withSession(context, async ({ request }) => {
        const { documentId } = await request('model.open', { path: resolve(model) })
        return request('model.usability', { documentId })
      })
      if (json) printJson(result)
      else say(usabilityText(result))
    })
}

function usabilityText({ nodes, providers }: ModelUsability): string {
  const rows = providers.map(({ title, supportedNodes, supportedMacs, partitions, ...provider }) => [
    title,
    `${String(supportedNodes)} of ${String(nodes)}`,
    supportedMacs === null ? '–' : `${(supportedMacs * 100).toFixed(1)} %`,
    String(partitions),
    reasonsText(provider),
  ])
  return table([['provider', 'nodes', 'MACs', 'parts', 'what stays on the CPU'], ...rows])
}

function reasonsText({ unsupported }: Pick<ProviderUsability, 'unsupported'>): string {
  const counts = new Map<string, number>()
  for (const { opType, reason } of unsupported) {
    const text = `${opType}: ${reasonText(reason)}`
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const lines = [...counts].toSorted(([, a], [, b]) => b - a).map(([reason, count]) => `${String(count)} × ${reason}`)
  const rest = lines.length - SHOWN_REASONS
  return [...lines.slice(0, SHOWN_REASONS), ...(rest > 0 ? [`and ${String(rest)} more reasons`] : [])].join('\n') || 'nothing'
}

function reasonText({ code, found, wanted }: UsabilityReason): string {
  switch (code) {
    case 'operator':
      return 'not supported'
    case 'data-type':
      return `not with ${found}`
    case 'symbols':
      return 'shapes without symbols are needed'
    case 'rank':
      return `rank ${found}, not ${wanted}`
    case 'constant':
      return `input ${wanted} ('${found}') is no constant`
    case 'outputs':
      return `${found} outputs, not ${wanted}`
    case 'attribute':
      return `${found}, not ${wanted}`
  }
}
