import { z } from 'zod'
import type { Edit, ModelDocument } from '#shared/onnx/document'
import { constantTensor } from './constants'
import { definePass, type PassContext } from './pass'
import { type ChannelGraph, costModel, followChannels } from './prune/channel-graph'
import { type ChosenPlan, choosePlan } from './prune/choose-plan'
import { cutModel } from './prune/cut-model'
import { sharesOf } from './prune/plan'
import { pruneOptions } from './prune/prune-options'
import { hasRealData, merge, mustRun, percent, recover, replaceModel } from './prune/recover'
import { snapshotModel } from './recovery/snapshot-model'

const options = z.strictObject({
  ...pruneOptions,
  recovery: z.enum(['none', 'merge', 'refit', 'distill']).default('refit').describe('distill: as refit, and each layer once more to what came out of the activation behind it, which takes longer. refit: each layer after a cut is fitted to what it gave before, from calibration data and without training (needs data). merge: channels that went are expressed by those that stay, in the weights of the layers that read them; quicker, and without data it goes by similar weights.'),
})

export const pruneChannels = definePass({
  name: 'prune-channels',
  title: 'Prune channels',
  description: 'Takes whole channels, attention heads and hidden units out of layers, with everything that hangs on them, and fits the layers behind to make up for it. The result is an ordinary, smaller model.',
  calibration: 'optional',
  options,
  async run(edit, chosen, context) {
    reportInner(edit.document, context)
    const graph = followChannels(edit.document, { cut: chosen.cut, protectedNodes: idsOf(edit, chosen.excludeNodes) })
    const free = graph.groups.filter(({ lock, units }) => !lock && units.length > 1)
    if (free.length === 0) return context.report({ severity: 'info', code: 'nothing-to-prune', message: 'No layer has channels that can go.', ...lockHint(graph) })
    const plan = await choosePlan(edit.document, graph, chosen, context)
    if (plan.removed.size === 0) return context.report({ severity: 'info', code: 'nothing-to-prune', message: 'Nothing was cut: the smallest step would be more than was asked for.', hint: 'Raise the amount, or lower the number that channels are rounded to.' })
    const trial = await cutModel(edit.model, graph, plan.removed)
    await mustRun(trial, context)
    if (chosen.recovery === 'merge') await merge(trial, { graph, removed: plan.removed, source: snapshotModel(edit.document), context, limit: chosen.calibrationSamples })
    if ((chosen.recovery === 'refit' || chosen.recovery === 'distill') && hasRealData(context)) await recover(trial, { source: snapshotModel(edit.document), ...cutLayers(graph, plan), activations: chosen.recovery === 'distill', context, limit: chosen.calibrationSamples })
    report(edit.document, graph, plan, context)
    replaceModel(edit, trial)
  },
})

function idsOf(edit: Edit, names: readonly string[]): Set<number> {
  return new Set(edit.main.nodes.flatMap(({ id, name }) => (names.includes(name) ? [id] : [])))
}

function lockHint({ groups }: ChannelGraph): { hint?: string } {
  const lock = groups.find((group) => group.lock)?.lock
  return lock ? { hint: `For one, ${lock.reason}.` } : {}
}

const LAYERS = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])
const NAMED = 3

/** Channels are followed through the main graph alone. */
function reportInner(document: ModelDocument, context: PassContext): void {
  const inner = document.graphs().flatMap((graph) => (graph === document.model.graph ? [] : graph.nodes.filter(({ opType, inputs }) => LAYERS.has(opType) && constantTensor(document, graph, inputs[1] ?? ''))))
  const [first] = inner
  if (!first) return
  const names = `${inner.slice(0, NAMED).map(({ name, opType }) => name || opType).join(', ')}${inner.length > NAMED ? ', …' : ''}`
  context.report({ severity: 'info', code: 'channels-locked', message: `Layers within If, Loop or Scan keep their channels (${inner.length}: ${names}): what goes in and out of such graphs is not followed.`, nodeId: first.id, nodeName: first.name })
}

/** What is fitted: layers that read channels which are gone, depthwise ones that lost some, and all that comes after. */
function cutLayers({ trace: { space, layers } }: ChannelGraph, { removed }: ChosenPlan): { outputs: Map<number, number[]>; changed: Set<number> } {
  const isGone = (channel: number) => removed.has(space.root(channel))
  return {
    outputs: new Map(layers.flatMap(({ node, output }): [number, number[]][] => (output ? [[node.id, [...output.keys()].filter((at) => !isGone(output[at] as number))]] : []))),
    changed: new Set(layers.flatMap(({ node, input, inputAxis, output }) => ((input?.some(isGone) ?? false) || (inputAxis === null && output?.some(isGone)) ? [node.id] : []))),
  }
}

function report(document: ModelDocument, graph: ChannelGraph, { plan }: ChosenPlan, context: PassContext): void {
  const costs = costModel(document, graph)
  const full = graph.groups.map(() => 1)
  const left = sharesOf(plan, graph.groups)
  const part = (cost: (shares: readonly number[]) => number) => percent(1 - cost(left) / cost(full))
  context.report({ severity: 'info', code: 'channels-pruned', message: costs.macs(full) > 0 ? `${part(costs.macs)} of the multiply–accumulates and ${part(costs.parameters)} of the parameters went.` : `${part(costs.parameters)} of the parameters went.` })
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
    if (!lock || !producer || lock.code === 'model-output' || lock.code === 'not-asked') continue
    context.report({ severity: 'info', code: 'channels-locked', message: `${producer.node.name || producer.node.opType} keeps its channels: ${lock.reason}.`, nodeId: producer.node.id, nodeName: producer.node.name })
  }
}
