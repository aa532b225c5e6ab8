/** What a model would take with only some of each group's units left, from kernels that were measured on this machine. */
import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import { readNames } from '#shared/onnx/topological-order'
import { timeKernelsInTurns, type TimedKernel } from '../../runtime/kernel-times-in-turns'
import { timeRun } from '../../runtime/latency'
import type { Feeds } from '../../runtime/model-runner'
import { firstSample } from '../../runtime/profile-model'
import type { PassContext } from '../pass'
import type { ChannelGraph, Shares } from './channel-graph'
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
/** What a call takes even for the smallest model. */
const LEAST_MS = 0.05

/** A kernel of the source, and what each group's count makes of its time. */
interface Kernel {
  readonly groups: ReadonlySet<number>
  /** As measured beside each cut model. */
  readonly us: number[]
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
  const [source = []] = await timeKernelsInTurns(runner, [document], feeds, { runs: FEWEST_RUNS, signal })
  const groupsOf = groupsByNode(graph)
  const kernels = source.map(({ nodeIds }): Kernel => ({ groups: new Set(nodeIds.flatMap((id) => [...(groupsOf.get(id) ?? [])])), us: [], shares: new Map() }))
  const kernelOf = new Map(source.flatMap(({ nodeIds }, at) => nodeIds.map((id): [number, number] => [id, at])))
  const sets = apart(planned.filter(({ counts }) => counts.length > 1).map(({ group }) => group.index), kernels)
  const { counts, runs } = effort(sets.length, await oneRun(document, feeds, context))
  const coarse = planned.map((each) => coarser(each, counts))
  const cuts = sets.flatMap((set) => cutsOf(set, coarse))
  for (const [done, cut] of cuts.entries()) {
    context.progress('timing', done / cuts.length, `${done + 1} / ${cuts.length}`)
    const plan = graph.groups.map(({ index, units }) => cut.get(index) ?? units.length)
    const model = await cutModel(document.model, graph, unitsToRemove(plan, graph.groups, scores))
    const [before = [], after = []] = await timeKernelsInTurns(runner, [document, model], feeds, { runs, signal })
    learn(kernels, cut, { before: sumUp(before, kernelOf), after: sumUp(after, kernelOf) })
  }
  const times = kernels.map(({ us }) => middle(us))
  const countOf = (left: Shares, index: number) => Math.round((left[index] ?? 1) * (graph.groups[index]?.units.length ?? 0))
  return { planned: coarse, cost: (left) => kernels.reduce((sum, { shares }, at) => sum + (times[at] ?? 0) * shareLeft(shares, (index) => countOf(left, index)), 0) }
}

/** How many counts of each group are measured, and how often each model runs, so that all of it ends in time. */
function effort(sets: number, runMs: number): { counts: number; runs: number } {
  const models = Math.max(2 * sets, Math.min(MOST_MODELS, Math.floor(BUDGET_MS / (2 * FEWEST_RUNS * runMs))))
  return {
    counts: Math.max(2, Math.min(MOST_COUNTS, Math.floor(models / Math.max(1, sets)))),
    runs: Math.max(FEWEST_RUNS, Math.min(MOST_RUNS, Math.floor(BUDGET_MS / (2 * models * runMs)))),
  }
}

/** Counts by group, one after the other of each group in the set, all groups at once. */
function cutsOf(set: readonly number[], planned: readonly PlanGroup[]): ReadonlyMap<number, number>[] {
  const steps = Math.max(...set.map((index) => planned[index]?.counts.length ?? 1))
  return Array.from({ length: steps - 1 }, (_, step) => new Map(set.flatMap((index) => planned[index]?.counts.slice(step + 1, step + 2).map((count): [number, number] => [index, count]) ?? [])))
}

function learn(kernels: readonly Kernel[], cut: ReadonlyMap<number, number>, { before, after }: { before: ReadonlyMap<number, number>; after: ReadonlyMap<number, number> }): void {
  for (const [at, { groups, us, shares }] of kernels.entries()) {
    const full = before.get(at) ?? 0
    us.push(full)
    for (const [index, count] of cut) if (full > 0 && groups.has(index)) shares.set(index, (shares.get(index) ?? new Map<number, number>()).set(count, (after.get(at) ?? full) / full))
  }
}

function shareLeft(shares: Kernel['shares'], countOf: (group: number) => number): number {
  let share = 1
  for (const [index, byCount] of shares) share *= byCount.get(countOf(index)) ?? 1
  return share
}

/** The quickest of a few: what the processor did besides does not count. */
async function oneRun(document: ModelDocument, feeds: Feeds, { runner }: PassContext): Promise<number> {
  const running = await runner.load(document, { threads: 1 })
  try {
    await running.run(feeds)
    const times: number[] = []
    for (let run = 0; run < FEWEST_RUNS; run++) times.push(await timeRun(running, feeds))
    return Math.max(LEAST_MS, Math.min(...times))
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

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
