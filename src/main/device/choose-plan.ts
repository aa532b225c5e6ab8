/** What to run on a phone, chosen by a file of rules from what the phone is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DeployAdapter, type DeployPlan, DeployProvider } from '#shared/deploy'
import type { DeviceFacts } from '#shared/device'

const Condition = z
  .object({
    abi: z.array(z.string()),
    features: z.array(z.string()),
    withoutFeatures: z.array(z.string()),
    kernelTellsFeatures: z.boolean(),
    minFastCores: z.number().int(),
    minThermalStatus: z.number().int(),
    network: z.boolean(),
    nativeRefused: z.boolean(),
  })
  .partial()
  .strict()
type Condition = z.infer<typeof Condition>

const Decision = z
  .object({
    adapter: DeployAdapter,
    provider: DeployProvider,
    threads: z.union([z.number().int().min(0), z.literal('fast-cores')]),
    recipe: z.object({ name: z.string(), options: z.record(z.string(), z.record(z.string(), z.unknown())) }),
    avoid: z.array(z.string()),
  })
  .partial()
  .strict()
type Decision = z.infer<typeof Decision>

export const Rules = z
  .object({
    about: z.string(),
    /** A core is fast from this share of the fastest core's clock on. */
    fastCoreShare: z.number().min(0).max(1),
    mostThreads: z.number().int().min(1),
    rules: z.array(z.object({ id: z.string(), when: Condition, then: Decision, why: z.object({ en: z.string(), zh: z.string() }) }).strict()),
  })
  .strict()
export type Rules = z.infer<typeof Rules>

export function readRules(appRoot: string): Rules {
  return Rules.parse(JSON.parse(readFileSync(join(appRoot, 'resources/device/rules.json'), 'utf8')))
}

/**
 * Asks the rules in order; the first that fits decides what no rule before it decided, and `avoid` collects. `network`: the
 * phone is reached by its browser alone; `nativeRefused`: it was seen not to run our programs. Throws where the rules decide too little, which is a mistake in the file.
 */
export function choosePlan(rules: Rules, facts: DeviceFacts, { network = false, nativeRefused = false }: { readonly network?: boolean; readonly nativeRefused?: boolean } = {}): DeployPlan {
  const fastCores = countFastCores(facts, rules.fastCoreShare)
  const decided: Decision = {}
  const avoid: string[] = []
  const reasons: DeployPlan['reasons'] = []
  for (const { id, when, then, why } of rules.rules) {
    if (!fits(when, { facts, fastCores, network, nativeRefused })) continue
    const news = (Object.keys(then) as (keyof Decision)[]).filter((key) => key === 'avoid' || decided[key] === undefined)
    if (news.length === 0) continue
    for (const key of news) Object.assign(decided, { [key]: then[key] })
    avoid.push(...(then.avoid ?? []))
    reasons.push({ rule: id, decides: news, why })
  }
  const { adapter, provider, threads, recipe } = decided
  if (adapter === undefined || provider === undefined || threads === undefined) throw new Error('internal: resources/device/rules.json leaves adapter, provider or threads open')
  return { adapter, provider, threads: threads === 'fast-cores' ? Math.min(fastCores, rules.mostThreads) : threads, recipe: recipe ?? null, avoid: [...new Set(avoid)], reasons }
}

interface Circumstances {
  readonly facts: DeviceFacts
  readonly fastCores: number
  readonly network: boolean
  readonly nativeRefused: boolean
}

function fits(when: Condition, { facts, fastCores, network, nativeRefused }: Circumstances): boolean {
  const has = (feature: string) => facts.cpuFeatures.includes(feature)
  return [
    when.abi === undefined || when.abi.some((abi) => facts.abis.includes(abi)),
    when.features === undefined || when.features.every(has),
    when.withoutFeatures === undefined || !when.withoutFeatures.some(has),
    when.kernelTellsFeatures === undefined || facts.cpuFeatures.length > 0 === when.kernelTellsFeatures,
    when.minFastCores === undefined || fastCores >= when.minFastCores,
    when.minThermalStatus === undefined || (facts.thermalStatus !== null && facts.thermalStatus >= when.minThermalStatus),
    when.network === undefined || network === when.network,
    when.nativeRefused === undefined || nativeRefused === when.nativeRefused,
  ].every(Boolean)
}

/** 0 where the phone does not tell its clocks. */
function countFastCores({ cores }: DeviceFacts, share: number): number {
  const clocks = cores.flatMap(({ maxMHz }) => maxMHz ?? [])
  const fastest = Math.max(0, ...clocks)
  return fastest === 0 ? 0 : clocks.filter((clock) => clock >= fastest * share).length
}
