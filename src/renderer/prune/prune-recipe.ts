/** Ways to make a model thinner, and what the Prune panel's form reads from a recipe and writes to it: the recipe itself is the only state. */
import type { Recipe } from '#shared/recipe'
import { sameValue } from '../optimize/recipe-draft'

/** By what comes of them: a smaller network, layers in cheaper parts, zeros among the weights. */
export const METHODS = {
  smaller: ['channels', 'heads', 'hidden-units', 'blocks'],
  parts: ['factors', 'low-rank', 'spatial', 'tucker', 'decouple'],
  zeros: ['sparsegpt', 'wanda', 'magnitude', 'pattern'],
} as const
export type MethodGroup = keyof typeof METHODS
export type Method = (typeof METHODS)[MethodGroup][number]

type Options = Readonly<Record<string, unknown>>

interface MethodPass {
  readonly pass: string
  /** What makes it this method. */
  readonly fixed: Options
  /** Options of the pass that stand in front; the others are folded away. */
  readonly main: (options: Options) => readonly string[]
  /** Options that mean nothing here. */
  readonly unused: (options: Options) => readonly string[]
}

const RANKS: Readonly<Record<string, string>> = { energy: 'energy', error: 'maxError', macs: 'macsRatio' }
const rankOption = ({ rankBy }: Options) => (typeof rankBy === 'string' ? RANKS[rankBy] : null) ?? 'energy'
const nothing = () => []

const factors = (forms: readonly string[] | null): MethodPass => ({
  pass: 'factorize-layers',
  fixed: forms ? { forms } : {},
  main: (options) => ['rankBy', rankOption(options), 'keep', 'minSqnrDb'],
  unused: (options) => ['forms', ...Object.values(RANKS).filter((name) => name !== rankOption(options))],
})
const channels = (cut: string | null): MethodPass => ({ pass: 'prune-channels', fixed: cut ? { cut: [cut] } : {}, main: nothing, unused: nothing })
const zeros = (method: string): MethodPass => ({
  pass: 'sparsify-weights',
  fixed: { method },
  main: () => ['sparsity', 'scope'],
  unused: () => ['method', 'pattern', ...(method === 'sparsegpt' ? [] : ['damping']), ...(method === 'magnitude' ? ['calibrationSamples'] : [])],
})

const PASSES: Readonly<Record<Method, MethodPass>> = {
  channels: channels(null),
  heads: channels('heads'),
  'hidden-units': channels('hidden-units'),
  blocks: { pass: 'remove-blocks', fixed: {}, main: () => ['atMost', 'maxError', 'recovery'], unused: nothing },
  factors: factors(null),
  'low-rank': factors(['channels']),
  spatial: factors(['spatial']),
  tucker: factors(['tucker']),
  decouple: { pass: 'decouple-convolutions', fixed: {}, main: () => ['maxTerms', 'maxError', 'keep', 'minSqnrDb'], unused: nothing },
  sparsegpt: zeros('sparsegpt'),
  wanda: zeros('wanda'),
  magnitude: zeros('magnitude'),
  pattern: { pass: 'sparsify-weights', fixed: { pattern: '2:4' }, main: () => ['pattern', 'method'], unused: () => ['sparsity', 'scope'] },
}
const PRUNING = new Set(Object.values(PASSES).map(({ pass }) => pass))

export function groupOf(method: Method): MethodGroup {
  return (Object.keys(METHODS) as MethodGroup[]).find((group) => METHODS[group].some((name) => name === method)) ?? 'smaller'
}

/** Whether the method takes channels, of whatever kind, and so has their form, preview and curves. */
export function takesChannels(method: Method): boolean {
  return PASSES[method].pass === 'prune-channels'
}

export function passOf(method: Method): string {
  return PASSES[method].pass
}

/** Names of the options that the form shows at once, and of those it does not ask for. `excludeNodes` has an input of its own. */
export function shownOptions(method: Method, options: Options): { readonly main: readonly string[]; readonly unused: readonly string[] } {
  const { main, unused } = PASSES[method]
  return { main: main(options), unused: [...unused(options), 'excludeNodes'] }
}

export function isPruning(recipe: Recipe): boolean {
  return recipe.passes.some(({ pass }) => PRUNING.has(pass))
}

/** The method that a recipe begins with; null where it prunes in no way. */
export function methodOf(recipe: Recipe): Method | null {
  const step = coreStep(recipe)
  switch (step?.pass) {
    case 'prune-channels': {
      const cut = step.options['cut']
      return sameValue(cut, ['heads']) ? 'heads' : sameValue(cut, ['hidden-units']) ? 'hidden-units' : 'channels'
    }
    case 'remove-blocks':
      return 'blocks'
    case 'factorize-layers': {
      const { forms } = step.options
      return sameValue(forms, ['channels']) ? 'low-rank' : sameValue(forms, ['spatial']) ? 'spatial' : sameValue(forms, ['tucker']) ? 'tucker' : 'factors'
    }
    case 'decouple-convolutions':
      return 'decouple'
    case 'sparsify-weights': {
      const { pattern = 'none', method } = step.options
      return pattern !== 'none' ? 'pattern' : method === 'magnitude' ? 'magnitude' : method === 'wanda' ? 'wanda' : 'sparsegpt'
    }
    default:
      return null
  }
}

export function coreOptions(recipe: Recipe): Options {
  return coreStep(recipe)?.options ?? {}
}

/**
 * The recipe of a method: the built-in one that prunes channels with another pass in its place. Options that both methods have are kept
 * from `before`. Null where the catalogue lacks it.
 */
export function recipeFor(method: Method, builtIn: readonly Recipe[], before: Recipe | null): Recipe | null {
  const known = builtIn.find(({ name }) => name === 'prune-20')
  if (known === undefined) return null
  const { pass, fixed } = PASSES[method]
  const kept = before && coreStep(before)?.pass === pass ? coreOptions(before) : pass === 'prune-channels' ? { amount: 0.3 } : {}
  const own = new Set(Object.values(PASSES).flatMap((other) => (other.pass === pass ? Object.keys(other.fixed) : [])))
  const options = { ...Object.fromEntries(Object.entries(kept).filter(([name]) => !own.has(name))), ...fixed }
  return named({ name: '', description: '', passes: known.passes.map((step) => (step.pass === 'prune-channels' ? { pass, options } : step)) })
}

/** Sets an option of the pass that prunes; one equal to its default is left out, so that the recipe says only what differs. */
export function withPruneOption(recipe: Recipe, { name, value, fallback }: { readonly name: string; readonly value: unknown; readonly fallback: unknown }): Recipe {
  const at = recipe.passes.findIndex(({ pass }) => PRUNING.has(pass))
  const step = recipe.passes[at]
  if (step === undefined) return recipe
  const { [name]: _before, ...others } = step.options
  return named({ ...recipe, passes: recipe.passes.with(at, { ...step, options: value === undefined || sameValue(value, fallback) ? others : { ...others, [name]: value } }) })
}

const NAMES: Readonly<Record<Method, string>> = {
  channels: 'prune',
  heads: 'prune-heads',
  'hidden-units': 'prune-hidden-units',
  blocks: 'remove-blocks',
  factors: 'factor-layers',
  'low-rank': 'factor-low-rank',
  spatial: 'factor-spatial',
  tucker: 'factor-tucker',
  decouple: 'decouple',
  sparsegpt: 'sparsegpt',
  wanda: 'wanda',
  magnitude: 'magnitude',
  pattern: 'sparse',
}

/** The name says what was done and how much of it: variants go by it. */
function named(recipe: Recipe): Recipe {
  const method = methodOf(recipe)
  if (method === null) return recipe
  const { amount = 0.3, sparsity = 0.5, pattern } = coreOptions(recipe)
  const much = method === 'pattern' ? (pattern === '1:4' ? '-one-of-four' : '-two-of-four') : takesChannels(method) ? percentOf(amount) : groupOf(method) === 'zeros' ? percentOf(sparsity) : ''
  return { ...recipe, name: `${NAMES[method]}${much}` }
}

function percentOf(share: unknown): string {
  return typeof share === 'number' ? `-${Math.round(share * 100)}` : ''
}

function coreStep(recipe: Recipe): Recipe['passes'][number] | undefined {
  return recipe.passes.find(({ pass }) => PRUNING.has(pass))
}
