import { z } from 'zod'
import { AppError } from '#shared/errors'
import { ModelDocument } from '#shared/onnx/document'
import { definePass, type PassContext } from './pass'
import { type Block, findBlocks, removeBlock } from './prune/blocks'
import { followChannels } from './prune/channel-graph'
import { hasRealData, mustRun, percent, recover, replaceModel } from './prune/recover'
import { outputErrors, type Reference, runReference } from './prune/relative-error'
import { snapshotModel } from './recovery/snapshot-model'

const JUDGED_SAMPLES = 32

export const removeBlocks = definePass({
  name: 'remove-blocks',
  title: 'Remove blocks',
  description: 'Leaves out residual blocks, attention and feed-forward sublayers whose absence the outputs notice least on calibration data, and fits the layers behind to make up for it.',
  calibration: 'required',
  options: z.strictObject({
    atMost: z.number().int().min(1).max(1000).default(1).describe('At most so many blocks go, one after the other.'),
    maxError: z.number().min(0).max(1).default(0.1).describe('None goes that would move the outputs by more than this, as a part of their squares, before anything is fitted.'),
    excludeNodes: z.array(z.string()).default([]).describe('Blocks with layers of these names stay.'),
    recovery: z.enum(['none', 'refit']).default('refit').describe('refit: each layer after a block that went is fitted to what it gave before.'),
    calibrationSamples: z.number().int().min(1).max(100_000).default(256).describe('At most so many calibration samples are looked at.'),
  }),
  /** Scored anew after each: what a block is worth depends on those that are left. */
  async run(edit, { atMost, maxError, excludeNodes, recovery, calibrationSamples }, context) {
    const source = snapshotModel(edit.document)
    const trial = new ModelDocument(snapshotModel(edit.document))
    const reference = await runReference(source, context, Math.min(JUDGED_SAMPLES, calibrationSamples))
    const changed = new Set<number>()
    for (let round = 0; round < atMost; round++) {
      const blocks = blocksOf(trial, excludeNodes)
      const best = await leastNeeded(trial, blocks, { reference, context, done: round / atMost, share: 1 / atMost })
      if (!best) {
        if (round === 0) context.report({ severity: 'info', code: 'no-blocks', message: 'The model has no residual block, attention or feed-forward sublayer that could be left out.' })
        break
      }
      if (best.error > maxError) {
        context.report({ severity: 'info', code: 'blocks-needed', message: `No further block went: without the least needed one (${nameOf(best.block)}), the outputs would be off by ${percent(best.error)}.`, hint: 'Raise maxError, or prune channels instead.' })
        break
      }
      await trial.transact('remove-block', (change) => removeBlock(change, best.block).forEach((id) => changed.add(id)))
      const [layer] = best.block.layers
      context.report({ severity: 'info', code: 'block-removed', message: `${nameOf(best.block)} went: ${best.block.nodes.length} nodes. The outputs are off by ${percent(best.error)} before fitting.`, ...(layer && { nodeName: layer.name }) })
    }
    if (changed.size === 0) return
    await mustRun(trial, context)
    if (recovery === 'refit' && hasRealData(context)) {
      const outputs = new Map(followChannels(trial).trace.layers.flatMap(({ node, output }): [number, number[]][] => (output ? [[node.id, [...output.keys()]]] : [])))
      await recover(trial, { source, outputs, changed, context, limit: calibrationSamples })
    }
    replaceModel(edit, trial)
  },
  candidates: (document, { excludeNodes }) => ({ candidates: blocksOf(document, excludeNodes), kept: [] }),
})

function blocksOf(document: ModelDocument, excludeNodes: readonly string[]): Block[] {
  return findBlocks(document).filter(({ layers }) => !layers.some(({ name }) => excludeNodes.includes(name)))
}

interface Scoring {
  readonly reference: Reference
  readonly context: PassContext
  readonly done: number
  readonly share: number
}

async function leastNeeded(trial: ModelDocument, blocks: readonly Block[], { reference, context, done, share }: Scoring): Promise<{ block: Block; error: number } | null> {
  let best: { block: Block; error: number } | null = null
  for (const [at, block] of blocks.entries()) {
    context.progress('scoring', done + (share * at) / blocks.length, `${at + 1} / ${blocks.length}`)
    const without = new ModelDocument(snapshotModel(trial))
    await without.transact('remove-block', (change) => void removeBlock(change, block))
    try {
      const error = await outputErrors(without, reference, context)
      if (!best || error < best.error) best = { block, error }
    } catch (error) {
      // Where shapes turn out not to fit at run time, the block is needed.
      if (!(error instanceof AppError) || error.code !== 'runtime-rejected') throw error
    }
  }
  return best
}

function nameOf({ layers }: Block): string {
  const names = layers.map(({ name, opType }) => name || opType)
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more layers`
}
