import { resolve } from 'node:path'
import { Command } from 'commander'
import type { MemoryPlan } from '#shared/ipc/memory-plan'
import type { CliContext } from './cli-context'
import { dimOption, jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { bytesText, table } from './text'

const STEPS_SHOWN = 12

export function memoryCommand(context: CliContext): Command {
  return new Command('memory')
    .description('Tell what the values between the nodes take in memory, step by step, and how they could share one block.')
    .argument('<model>', 'ONNX file')
    .addOption(dimOption())
    .addOption(jsonOption())
    .action(async (model: string, { dim, json }: { dim: Record<string, number>; json?: true }) => {
      const plan = await withSession(context, async ({ request }) => {
        const { documentId } = await request('model.open', { path: resolve(model) })
        return request('model.memory', { documentId, dims: dim })
      })
      if (json) printJson(plan)
      else say(memoryText(plan))
    })
}

function memoryText(plan: MemoryPlan): string {
  const peak = plan.peakStep === null ? undefined : plan.steps[plan.peakStep]
  const largest = plan.steps.map((step, at) => ({ ...step, at })).toSorted((a, b) => b.liveBytes - a.liveBytes || a.at - b.at).slice(0, STEPS_SHOWN)
  return [
    table([
      ['Peak', `${bytesText(plan.peakBytes)}${peak ? ` at ${peak.opType} '${peak.nodeName}', step ${String((plan.peakStep ?? 0) + 1)} of ${String(plan.steps.length)}` : ''}`],
      ['In another order', bytesText(plan.reorderedPeakBytes)],
      ['Inputs', bytesText(plan.inputBytes)],
      ['Each value by itself', bytesText(plan.sumBytes)],
      ['In one block, places used again', bytesText(plan.reuseBytes)],
      ['Weights', bytesText(plan.weightBytes)],
    ]),
    '',
    table([['step', 'node', 'op', 'in use'], ...largest.map(({ at, nodeName, nodeId, opType, liveBytes }) => [String(at + 1), nodeName || `#${String(nodeId)}`, opType, bytesText(liveBytes)])]),
    ...(plan.unknown.length > 0 ? ['', `The size of ${String(plan.unknown.length)} values is not known (${plan.unknown.slice(0, 3).join(', ')}${plan.unknown.length > 3 ? ', …' : ''}): they count nothing. Give sizes of free dimensions with --dim.`] : []),
  ].join('\n')
}
