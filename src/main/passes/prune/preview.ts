import { z } from 'zod'
import type { ModelDocument } from '#shared/onnx/document'
import type { PruneCurve, PruneGroup, PrunePreview } from '#shared/prune'
import { AppError } from '#shared/errors'
import { type ChannelGraph, type ChannelGroup, costModel, followChannels, type Shares } from './channel-graph'
import { type PruneOptions, pruneOptions } from './prune-options'
import { type Damage, evenPlan, evenPlanFor, greedyPlans, type Plan, type PlanGroup, planGroups, sharesOf } from './plan'
import { measuredDamage } from './sensitivity-curves'

/**
 * What `prune-channels` would do, without samples and without changing anything. Where it depends on samples which layers lose how much,
 * curves decide if there are any; else every layer loses the same part.
 *
 * Throws AppError `invalid-recipe` for options that the pass does not have.
 */
export function previewPruning(document: ModelDocument, given: Readonly<Record<string, unknown>>, curves: readonly PruneCurve[] | null): PrunePreview {
  const parsed = z.object(pruneOptions).safeParse(given)
  if (!parsed.success) throw new AppError({ code: 'invalid-recipe', message: `prune-channels: ${parsed.error.issues[0]?.message ?? 'bad options'}.` })
  const options = parsed.data
  const excluded = new Set(options.excludeNodes)
  const graph = followChannels(document, { cut: options.cut, protectedNodes: new Set(document.model.graph.nodes.flatMap(({ id, name }) => (excluded.has(name) ? [id] : []))) })
  const planned = planGroups(graph.groups, { roundTo: options.roundTo, mostOfGroup: options.mostOfLayer })
  const costs = costModel(document, graph)
  const none = graph.groups.map(() => 1)
  const measured = curves && options.distribution === 'sensitivity' ? damageOfCurves(graph, curves) : null
  const plan = planOf(graph, planned, { options, measured, macs: costs.macs })
  const left = sharesOf(plan, graph.groups)
  const pair = (cost: (shares: Shares) => number) => ({ before: cost(none), after: cost(left) })
  const macs = pair(costs.macs)
  return {
    groups: describeGroups(graph, plan),
    macs: macs.before > 0 ? macs : null,
    parameters: pair(costs.parameters),
    sizeBytes: pair(costs.sizeBytes),
    nodes: graph.trace.costs.flatMap(({ node }) => {
      const [before, after] = [costs.nodeMacs(node, none), costs.nodeMacs(node, left)]
      return after < before ? [{ nodeId: node.id, before, after }] : []
    }),
    exact: options.target !== 'latency' && (options.distribution === 'even' || measured !== null),
  }
}

interface Choosing {
  readonly options: PruneOptions
  readonly measured: Damage | null
  readonly macs: (left: Shares) => number
}

function planOf({ groups }: ChannelGraph, planned: readonly PlanGroup[], { options: { target, amount }, measured, macs }: Choosing): Plan {
  if (target === 'channels' && !measured) return evenPlan(planned, amount)
  const isOpen = macs(groups.map(() => 1)) === 0
  const cost = target === 'channels' ? (left: Shares) => groups.reduce((sum, { index, units, lock }) => sum + (lock ? 0 : units.length * (left[index] ?? 1)), 0) : isOpen ? (left: Shares) => groups.reduce((sum, { index, units }) => sum + units.length * (left[index] ?? 1), 0) : macs
  return measured ? (greedyPlans(planned, { cost, amount }, measured).at(-1) ?? []) : evenPlanFor(planned, { cost, amount })
}

/** Curves are known by the node that stands for their group: groups may be numbered otherwise after cleaning up. */
function damageOfCurves({ groups }: ChannelGraph, curves: readonly PruneCurve[]): Damage {
  return measuredDamage(
    curves.flatMap(({ layers, points }) => {
      const group = groups.find(({ producers }) => producers.some(({ node }) => node.id === layers[0]?.nodeId))
      return group ? [{ group, points: points.map(({ channels, error }) => ({ count: channels / group.unitWidth, error })) }] : []
    }),
  )
}

function describeGroups(graph: ChannelGraph, plan: Plan): PruneGroup[] {
  const nodes = nodesOfGroups(graph)
  return graph.groups.map(({ index, units, unitWidth, lock, producers }) => ({
    channels: units.length * unitWidth,
    left: (plan[index] ?? units.length) * unitWidth,
    unit: unitWidth,
    locked: lock && { code: lock.code, reason: lock.reason },
    layers: producers.map(({ node }) => ({ nodeId: node.id, nodeName: node.name, opType: node.opType })),
    nodes: [...(nodes.get(index) ?? [])],
  }))
}

/** By group, the nodes with its channels along an axis of an output. */
function nodesOfGroups({ trace, groupOf }: ChannelGraph): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>()
  for (const node of trace.graph.nodes) {
    for (const name of node.outputs) {
      if (trace.isConstant(name)) continue
      for (const map of trace.known(name) ?? []) {
        const groups = new Set<ChannelGroup>()
        for (const channel of map ?? []) {
          const group = groupOf.get(trace.space.root(channel))
          if (group) groups.add(group)
        }
        for (const { index } of groups) found.set(index, (found.get(index) ?? new Set()).add(node.id))
      }
    }
  }
  return found
}
