import { expect, it } from 'vitest'
import type { ChannelGroup, Shares } from './channel-graph'
import { evenPlanFor, evenSteps, greedyPlans, planGroups } from './plan'

function group(index: number, units: number): ChannelGroup {
  return { index, units: Array.from({ length: units }, (_, at) => index * 1000 + at), unitWidth: 1, lock: null, producers: [], consumers: [] }
}

const groups = [group(0, 32), group(1, 32)]
const planned = planGroups(groups, { roundTo: 8, mostOfGroup: 0.75 })
const share = (left: Shares, at: number) => left[at] ?? 1
/** Both count the same; the outputs lose as much by either. */
const macs = (left: Shares) => share(left, 0) + share(left, 1)
const damage = (of: ChannelGroup, count: number) => of.units.length - count

it('takes channels where the least is lost for what the cut is for', () => {
  const time = (left: Shares) => share(left, 0) + 3 * share(left, 1)
  expect(greedyPlans(planned, { cost: macs, amount: 0.25, worth: time }, damage).at(-1)).toEqual([32, 16])
  expect(greedyPlans(planned, { cost: macs, amount: 0.25, worth: (left) => 3 * share(left, 0) + share(left, 1) }, damage).at(-1)).toEqual([16, 32])
})

it('passes over a count that brings no time to one that does', () => {
  // Blocks of 16: 24 channels take as long as 32.
  const blocks = (left: Shares) => Math.ceil((32 * share(left, 0)) / 16) + Math.ceil((32 * share(left, 1)) / 16)
  const counts = greedyPlans(planned, { cost: macs, amount: 0.5, worth: blocks }, damage).at(-1)
  expect(counts?.every((count) => count % 16 === 0)).toBe(true)
})

it('goes on to the target where no step saves time any more', () => {
  const plan = greedyPlans(planned, { cost: macs, amount: 0.5, worth: () => 1 }, damage).at(-1) ?? []
  expect(macs(plan.map((count) => count / 32))).toBeLessThanOrEqual(1)
})

it('takes the same part of every group, and no more than the target asks for', () => {
  expect(evenPlanFor(planned, { cost: macs, amount: 0.25 })).toEqual([24, 24])
})

it('goes from nothing to the largest cut one group and one count at a time, keeping groups alike', () => {
  const plans = evenSteps(planned)
  expect(plans[0]).toEqual([32, 32])
  expect(plans.at(-1)).toEqual([8, 8])
  for (const [at, plan] of plans.slice(1).entries()) expect(plan.filter((count, group) => count !== plans[at]?.[group])).toHaveLength(1)
  expect(plans.every(([a = 0, b = 0]) => Math.abs(a - b) <= 8)).toBe(true)
})
