/** What a model would take with only some of each group's units left, from kernels that were measured on this machine. */
import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import { readNames } from '#shared/onnx/topological-order'
import { timeKernelsInTurns, type TimedKernel } from '../../runtime/kernel-times-in-turns'
import { timeRun } from '../../runtime/latency'
import type { Feeds } from '../../runtime/model-runner'
import { firstSample } from '../../runtime/profile-model'
import type { PassContext } from '../pass'
import type { ChannelGraph } from './channel-graph'
import { cutModel } from './cut-model'
import { type Cost, type PlanGroup, unitsToRemove } from './plan'
import type { UnitScores } from './unit-scores'

export interface TimeCost {
  /** Microseconds of one inference on one thread. */
  readonly cost: Cost
  /** With the counts that were measured, and no others. */
  readonly planned: readonly PlanGroup[]
}

export interface TimeCostOptions {
  readonly planned: readonly PlanGroup[]
  readonly scores: UnitScores
  readonly context: PassContext
}

/** Counts of a group that are measured, at most; and cut models that are timed in all. */
const MOST_COUNTS = 16
const MOST_MODELS = 96
const MOST_RUNS = 50
const FEWEST_RUNS = 5
const BUDGET_MS = 60_000

/** A kernel of the source, and what each group's count makes of its time. */
interface Kernel {
  readonly groups: ReadonlySet<number>
  us: number
  /** By group and count, share of the kernel's time. */
  readonly shares: Map<number, Map<number, number>>
}

/**
 * Groups that share no kernel are cut at the same time, so that few models are needed; a kernel with channels of two groups takes the product
 * of what each alone leaves of its time. Throws AppError `invalid-data` without samples, and what running throws.
 */
export async function measureTimeCost(document: ModelDocument, graph: ChannelGraph, { planned, scores, context }: TimeCostOptions): Promise<TimeCost> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Measuring latency needs inputs.', hint: 'Give calibration data, or choose synthetic inputs.' })
  const feeds = await firstSample(calibration)
  const runMs = await oneRun(document, feeds, context)
  const [source = []] = await timeKernelsInTurns(runner, [document], feeds, { runs: FEWEST_RUNS, signal })
  const groupsOf = groupsByNode(graph)
  const kernels = source.map(({ nodeIds }): Kernel => ({ groups: new Set(nodeIds.flatMap((id) => [...(groupsOf.get(id) ?? [])])), us: 0, shares: new Map() }))
  const kernelOf = new Map(source.flatMap(({ nodeIds }, at) => nodeIds.map((id): [number, number] => [id, at])))
  const sets = apart(planned.filter(({ counts }) => counts.length > 1).map(({ group }) => group.index), kernels)
  const models = Math.max(2 * sets.length, Math.min(MOST_MODELS, Math.floor(BUDGET_MS / (2 * FEWEST_RUNS * runMs))))
  const runs = Math.max(FEWEST_RUNS, Math.min(MOST_RUNS, Math.floor(BUDGET_MS / (2 * models * runMs))))
  const coarse = planned.map((each) => coarser(each, Math.max(2, Math.min(MOST_COUNTS, Math.floor(models / Math.max(1, sets.length))))))
  const total = sets.reduce((sum, set) => sum + Math.max(...set.map((index) => (coarse[index]?.counts.length ?? 1) - 1)), 0)
  let done = 0
  const seen = kernels.map((): number[] => [])
  for (const set of sets) {
    const steps = Math.max(...set.map((index) => coarse[index]?.counts.length ?? 1))
    for (let step = 1; step < steps; step++) {
      context.progress('timing', done / total, `${++done} / ${total}`)
      const counts = graph.groups.map(({ index, units }) => (set.includes(index) ? (coarse[index]?.counts[step] ?? units.length) : units.length))
      const cut = await cutModel(document.model, graph, unitsToRemove(counts, graph.groups, scores))
      const [before = [], after = []] = await timeKernelsInTurns(runner, [document, cut], feeds, { runs, signal })
      const [full, left] = [sumUp(before, kernelOf), sumUp(after, kernelOf)]
      for (const [at, { groups, shares }] of kernels.entries()) {
        const us = full.get(at) ?? 0
        seen[at]?.push(us)
        for (const index of set) if (groups.has(index) && us > 0 && (coarse[index]?.counts.length ?? 0) > step) put(shares, index, counts[index] ?? 0, (left.get(at) ?? 0) / us)
      }
    }
  }
  for (const [at, kernel] of kernels.entries()) kernel.us = middle(seen[at] ?? [])
  return { planned: coarse, cost: (left) => kernels.reduce((sum, kernel) => sum + kernelCost(kernel, (index) => Math.round((left[index] ?? 1) * (graph.groups[index]?.units.length ?? 0))), 0) }
}

function kernelCost({ us, shares }: Kernel, countOf: (group: number) => number): number {
  let cost = us
  for (const [index, byCount] of shares) cost *= byCount.get(countOf(index)) ?? 1
  return cost
}

async function oneRun(document: ModelDocument, feeds: Feeds, { runner }: PassContext): Promise<number> {
  const running = await runner.load(document, { threads: 1 })
  try {
    await running.run(feeds)
    return Math.max(0.05, await timeRun(running, feeds))
  } finally {
    await running.close()
  }
}

/** Groups with channels along an axis of anything that a node reads or makes. */
function groupsByNode({ trace, groupOf }: ChannelGraph): Map<number, Set<number>> {
  return new Map(
    trace.graph.nodes.map((node) => {
      const found = new Set<number>()
      for (const name of [...readNames(node), ...node.outputs]) {
        for (const map of trace.known(name) ?? []) {
          for (const channel of map ?? []) {
            const group = groupOf.get(trace.space.root(channel))
            if (group) found.add(group.index)
          }
        }
      }
      return [node.id, found]
    }),
  )
}

/** Groups in sets of which no two have a kernel in common, those with the most neighbours first. */
function apart(groups: readonly number[], kernels: readonly Kernel[]): number[][] {
  const neighbours = new Map(groups.map((group) => [group, new Set(kernels.flatMap((kernel) => (kernel.groups.has(group) ? [...kernel.groups] : [])))]))
  const sets: number[][] = []
  for (const group of groups.toSorted((a, b) => (neighbours.get(b)?.size ?? 0) - (neighbours.get(a)?.size ?? 0) || a - b)) {
    const set = sets.find((others) => others.every((other) => !neighbours.get(group)?.has(other)))
    if (set) set.push(group)
    else sets.push([group])
  }
  return sets
}

/** With steps twice as long until there are few enough: kernels like powers of two. */
function coarser({ group, counts: [full = 1, ...rest], isOdd }: PlanGroup, most: number): PlanGroup {
  const finest = rest.reduce((step, count) => greatestCommonDivisor(step, count), 0)
  let kept = rest
  for (let step = 2; kept.length >= most; step *= 2) kept = rest.filter((count) => (count / finest) % step === 0)
  return { group, counts: [full, ...kept], isOdd }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** By kernel of the source. */
function sumUp(timed: readonly TimedKernel[], kernelOf: ReadonlyMap<number, number>): Map<number, number> {
  const sums = new Map<number, number>()
  for (const { nodeIds, us } of timed) {
    const at = nodeIds.map((id) => kernelOf.get(id)).find((known) => known !== undefined)
    if (at !== undefined) sums.set(at, (sums.get(at) ?? 0) + us)
  }
  return sums
}

function put(into: Map<number, Map<number, number>>, group: number, count: number, share: number): void {
  const byCount = into.get(group) ?? new Map<number, number>()
  into.set(group, byCount.set(count, share))
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
