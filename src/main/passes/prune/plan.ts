/** How many channels of each group stay, so that a target is met at the least damage. */
import type { ChannelGroup, Shares } from './channel-graph'
import type { UnitScores } from './unit-scores'

export interface PlanGroup {
  readonly group: ChannelGroup
  /** Counts of units that may stay, from all of them down. */
  readonly counts: readonly number[]
  /** Whether the full count is not one that channels are rounded to. */
  readonly isOdd: boolean
}

/** Units that stay, by group index. */
export type Plan = readonly number[]

/** Damage, in any unit, of leaving `count` units of a group; 0 where all stay. */
export type Damage = (group: ChannelGroup, count: number) => number

export interface RoundingOptions {
  /** Channels that stay are a multiple of this where the group is larger. */
  readonly roundTo: number
  /** At most this share of a group goes. */
  readonly mostOfGroup: number
}

export function planGroups(groups: readonly ChannelGroup[], options: RoundingOptions): PlanGroup[] {
  return groups.map((group) => ({ group, counts: group.lock ? [group.units.length] : countsOf(group, options), isOdd: (group.units.length * group.unitWidth) % options.roundTo !== 0 }))
}

function countsOf({ units, unitWidth }: ChannelGroup, { roundTo, mostOfGroup }: RoundingOptions): number[] {
  const least = Math.max(1, Math.ceil(units.length * (1 - mostOfGroup) - 1e-9))
  const fits = (count: number) => (count * unitWidth) % roundTo === 0 || unitWidth % roundTo === 0
  const counts = Array.from({ length: units.length - least + 1 }, (_, at) => units.length - at)
  return counts.filter((count, at) => at === 0 || fits(count))
}

export function sharesOf(plan: Plan, groups: readonly ChannelGroup[]): Shares {
  return groups.map(({ units, index }) => (plan[index] ?? units.length) / units.length)
}

/** The same share of every group, to the nearest count that is allowed. */
export function evenPlan(planned: readonly PlanGroup[], ratio: number): Plan {
  return planned.map(({ group, counts }) => {
    const wanted = group.units.length * (1 - ratio)
    return counts.reduce((best, count) => (Math.abs(count - wanted) < Math.abs(best - wanted) ? count : best), group.units.length)
  })
}

const EVEN_STEPS = 100

/** From the smallest cut to the largest, groups taking their next count one after the other, the widest first. */
export function evenSteps(planned: readonly PlanGroup[]): Plan[] {
  const widest = [...planned.keys()].sort((a, b) => (planned[b]?.group.units.length ?? 0) - (planned[a]?.group.units.length ?? 0))
  let plan = evenPlan(planned, 0)
  const plans = [plan]
  for (let step = 1; step <= EVEN_STEPS; step++) {
    const next = evenPlan(planned, step / EVEN_STEPS)
    for (const at of widest) {
      const count = next[at]
      if (count === undefined || count === plan[at]) continue
      plan = plan.with(at, count)
      plans.push(plan)
    }
  }
  return plans
}

export type Cost = (left: Shares) => number

export interface Target {
  readonly cost: Cost
  /** Share of the cost to save, 0…1. */
  readonly amount: number
  /** What a cut is for, where that is not the cost itself: steps are taken by damage for what they save of this. */
  readonly worth?: Cost
}

/** A step that saves next to nothing of what it is for counts as if it saved this part of its share of the target. */
const LEAST_WORTH = 0.02

/**
 * The even plan with the least ratio that saves enough, or the one that saves most. Rounding makes many groups step at once, so those whose
 * next larger count still meets the target get it back, the dearest first.
 */
export function evenPlanFor(planned: readonly PlanGroup[], { cost, amount }: Target): Plan {
  const groups = planned.map(({ group }) => group)
  const most = cost(groups.map(() => 1)) * (1 - amount)
  const STEPS = 100
  let plan = evenPlan(planned, 0)
  for (let step = 0; step <= STEPS && cost(sharesOf(plan, groups)) > most; step++) plan = evenPlan(planned, step / STEPS)
  for (const { index, count } of stepsBack(planned, plan, cost)) {
    const larger = plan.with(index, count)
    if (cost(sharesOf(larger, groups)) <= most) plan = larger
  }
  return plan
}

/** For each group that was cut, its next larger count, by what that costs. An odd full count is none: it would cost the speed of blocks. */
function stepsBack(planned: readonly PlanGroup[], plan: Plan, cost: Cost): { index: number; count: number }[] {
  const groups = planned.map(({ group }) => group)
  const current = cost(sharesOf(plan, groups))
  return planned
    .flatMap(({ counts, isOdd }, index) => {
      const at = counts.indexOf(plan[index] ?? 0)
      const count = counts[at - 1]
      if (at < 1 || count === undefined || (at === 1 && isOdd)) return []
      return [{ index, count, added: cost(sharesOf(plan.with(index, count), groups)) - current }]
    })
    .sort((a, b) => b.added - a.added)
}

/**
 * Takes channels away step by step, always where the damage for what is saved is least, until enough is saved. Returns every plan on the
 * way, the last one meets the target if any does.
 */
export function greedyPlans(planned: readonly PlanGroup[], { cost, amount, worth = cost }: Target, damage: Damage): Plan[] {
  const groups = planned.map(({ group }) => group)
  const at = planned.map(() => 0)
  const plans: Plan[] = [planned.map(({ counts }) => counts[0] ?? 1)]
  const whole = groups.map(() => 1)
  const [full, fullWorth] = [cost(whole), worth(whole) || 1]
  for (let current = full; current > full * (1 - amount); ) {
    let best: { index: number; to: number; value: number; cost: number } | null = null
    const currentWorth = worth(sharesOf(plans.at(-1) ?? [], groups))
    for (const [index, { group, counts }] of planned.entries()) {
      const [now, last] = [at[index] ?? 0, plans.at(-1) ?? []]
      const from = damage(group, counts[now] ?? 1)
      // Looking further than one step: a count that ends in a dear step may be followed by a cheap one.
      for (let to = now + 1; to < counts.length && to <= now + 3; to++) {
        const left = sharesOf(last.with(index, counts[to] ?? 1), groups)
        const after = cost(left)
        const saved = Math.max((currentWorth - worth(left)) / fullWorth, (LEAST_WORTH * (current - after)) / full)
        const value = (damage(group, counts[to] ?? 1) - from) / saved
        if (after < current && (!best || value < best.value)) best = { index, to, value, cost: after }
      }
    }
    if (!best) break
    at[best.index] = best.to
    current = best.cost
    plans.push((plans.at(-1) ?? []).with(best.index, planned[best.index]?.counts[best.to] ?? 1))
  }
  return plans
}

/** Damage by what the removed units scored. Groups differ in how much of the model's result hangs on them; nothing here knows that. */
export function scoredDamage(scores: UnitScores): Damage {
  const sums = scores.map((own) => {
    const sorted = own.toSorted()
    const sum = new Float64Array(sorted.length + 1)
    for (const [at, score] of sorted.entries()) sum[at + 1] = (sum[at] as number) + score
    return sum
  })
  return ({ index, units }, count) => sums[index]?.[units.length - count] ?? 0
}

/** Representatives of the units that go: those with the lowest scores. */
export function unitsToRemove(plan: Plan, groups: readonly ChannelGroup[], scores: UnitScores): Set<number> {
  const removed = new Set<number>()
  for (const { index, units } of groups) {
    const own = scores[index] ?? new Float64Array(units.length)
    const order = [...units.keys()].sort((a, b) => (own[a] as number) - (own[b] as number) || b - a)
    for (const at of order.slice(0, units.length - (plan[index] ?? units.length))) removed.add(units[at] as number)
  }
  return removed
}

