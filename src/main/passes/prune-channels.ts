import { z } from 'zod'
import { AppError } from '#shared/errors'
import type { Edit, ModelDocument } from '#shared/onnx/document'
import { measureOutputError } from '../runtime/output-error'
import { definePass, type PassContext } from './pass'
import { type ChannelGraph, costModel, followChannels } from './prune/channel-graph'
import { type ChosenPlan, choosePlan } from './prune/choose-plan'
import { cutModel } from './prune/cut-model'
import { sharesOf } from './prune/plan'
import { pruneOptions } from './prune/prune-options'
import { refitLayers } from './prune/refit'
import { snapshotModel } from './recovery/snapshot-model'

const options = z.strictObject({
  ...pruneOptions,
  recovery: z.enum(['none', 'refit']).default('refit').describe('refit: each layer after a cut is fitted to what it gave before, from calibration data and without training (needs data).'),
})

export const pruneChannels = definePass({
  name: 'prune-channels',
  title: 'Prune channels',
  description: 'Takes whole channels, attention heads and hidden units out of layers, with everything that hangs on them, and fits the layers behind to make up for it. The result is an ordinary, smaller model.',
  calibration: 'optional',
  options,
  async run(edit, chosen, context) {
    const graph = followChannels(edit.document, { protectedNodes: idsOf(edit, chosen.excludeNodes) })
    const free = graph.groups.filter(({ lock, units }) => !lock && units.length > 1)
    if (free.length === 0) return context.report({ severity: 'info', code: 'nothing-to-prune', message: 'No layer has channels that can go.', ...lockHint(graph) })
    const plan = await choosePlan(edit.document, graph, chosen, context)
    if (plan.removed.size === 0) return context.report({ severity: 'info', code: 'nothing-to-prune', message: 'Nothing was cut: the smallest step would be more than was asked for.', hint: 'Raise the amount, or lower the number that channels are rounded to.' })
    const trial = await cutModel(edit.model, graph, plan.removed)
    await mustRun(trial, context)
    if (chosen.recovery === 'refit' && hasRealData(context)) await recover(trial, edit, { graph, plan, context, limit: chosen.calibrationSamples })
    report(edit.document, graph, plan, context)
    replaceModel(edit, trial)
  },
})

/** What random inputs show of activations is not worth fitting to. */
function hasRealData(context: PassContext): boolean {
  if (context.calibration && !context.calibration.synthetic) return true
  context.report({
    severity: 'warning',
    code: 'not-recovered',
    message: 'Channels were chosen by their weights and nothing was fitted behind them, because there is no real data: accuracy will be far lower than it could be.',
    hint: 'Give calibration data: a folder, an .npz or .npy file.',
  })
  return false
}

function idsOf(edit: Edit, names: readonly string[]): Set<number> {
  return new Set(edit.main.nodes.flatMap(({ id, name }) => (names.includes(name) ? [id] : [])))
}

function lockHint({ groups }: ChannelGraph): { hint?: string } {
  const lock = groups.find((group) => group.lock)?.lock
  return lock ? { hint: `For one, ${lock.reason}.` } : {}
}

/** What onnxruntime refuses after a cut is our defect, not the person's: the model stays as it was. */
async function mustRun(trial: ModelDocument, { calibration, runner }: PassContext): Promise<void> {
  const running = await runner.load(trial)
  try {
    for await (const feeds of calibration?.samples() ?? []) {
      await running.run(new Map([...feeds].filter(([name]) => running.inputNames.includes(name))))
      break
    }
  } finally {
    await running.close()
  }
}

interface Recovery {
  readonly graph: ChannelGraph
  readonly plan: ChosenPlan
  readonly context: PassContext
  readonly limit: number
}

/** Fits what comes after the cuts; taken back where the outputs end up further away. */
async function recover(trial: ModelDocument, edit: Edit, { graph, plan, context, limit }: Recovery): Promise<void> {
  const { space, layers } = graph.trace
  const isGone = (channel: number) => plan.removed.has(space.root(channel))
  const outputs = new Map(layers.flatMap(({ node, output }): [number, number[]][] => (output ? [[node.id, [...output.keys()].filter((at) => !isGone(output[at] as number))]] : [])))
  const changed = new Set(layers.flatMap(({ node, input, inputAxis, output }) => ((input?.some(isGone) ?? false) || (inputAxis === null && output?.some(isGone)) ? [node.id] : [])))
  const source = snapshotModel(edit.document)
  const before = await meanSqnr(trial, { source, context })
  const transaction = await trial.transact('refit', async (change) => {
    const fits = await refitLayers(change, { source, outputs, changed, context, limit })
    if (fits.length === 0) return
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    context.report({
      severity: 'info',
      code: 'layers-refitted',
      message: `${fits.length} layers were fitted to what they gave before: on samples held back, their outputs are off by ${percent(mean(fits.map(({ after }) => after)))} on average, instead of ${percent(mean(fits.map(({ before }) => before)))}.`,
    })
  })
  const after = await meanSqnr(trial, { source, context })
  if (after >= before) return
  trial.undo(transaction)
  context.report({ severity: 'info', code: 'no-gain', message: `Layers stay as they were cut: fitted, outputs would be at ${after.toFixed(1)} dB of the source's, instead of ${before.toFixed(1)}.` })
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

const JUDGED_SAMPLES = 64

async function meanSqnr(document: ModelDocument, { source, context }: { source: ReturnType<typeof snapshotModel>; context: PassContext }): Promise<number> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'This pass needs calibration data.', hint: 'Give a folder, an .npz or .npy file.' })
  const errors = await measureOutputError({ runner, reference: source, candidate: document, data: calibration, limit: JUDGED_SAMPLES, signal })
  return errors.reduce((sum, { sqnrDb }) => sum + (sqnrDb ?? 200) / errors.length, 0)
}

function report(document: ModelDocument, graph: ChannelGraph, { plan }: ChosenPlan, context: PassContext): void {
  const costs = costModel(document, graph)
  const full = graph.groups.map(() => 1)
  const left = sharesOf(plan, graph.groups)
  const part = (cost: (shares: readonly number[]) => number) => percent(1 - cost(left) / cost(full))
  const macs = costs.macs(full) > 0 ? `${part(costs.macs)} of the multiply–accumulates and ` : ''
  context.report({ severity: 'info', code: 'channels-pruned', message: `${macs}${part(costs.parameters)} of the parameters went.` })
  for (const group of graph.groups) {
    const count = plan[group.index] ?? group.units.length
    const [producer] = group.producers
    if (!producer || count === group.units.length) continue
    const width = group.unitWidth
    context.report({
      severity: 'info',
      code: 'channels-removed',
      message: `${group.units.length * width} → ${count * width} channels: ${group.producers.map(({ node }) => node.name || node.opType).join(', ')}.`,
      nodeId: producer.node.id,
      nodeName: producer.node.name,
    })
  }
  for (const { lock, producers } of graph.groups) {
    const [producer] = producers
    if (!lock || !producer || lock.code === 'model-output') continue
    context.report({ severity: 'info', code: 'channels-locked', message: `${producer.node.name || producer.node.opType} keeps its channels: ${lock.reason}.`, nodeId: producer.node.id, nodeName: producer.node.name })
  }
}

/** Nodes keep their ids. */
function replaceModel(edit: Edit, { model }: ModelDocument): void {
  edit.replaceNodes(edit.main, model.graph.nodes)
  edit.replaceInitializers(edit.main, model.graph.initializers)
  edit.updateGraph(edit.main, { valueInfo: model.graph.valueInfo })
}
