/** What the Quantize panel's switches read from a recipe and write to it: the recipe itself is the only state. */
import type { DeployPlan } from '#shared/deploy'
import type { Recipe } from '#shared/recipe'
import { optionFields } from '../optimize/option-fields'
import { renamed } from '../optimize/recipe-draft'
import type { Catalogue } from '../stores/app-store'

export const PRECISIONS = ['int8', 'a16w8', 'int8-dynamic', 'int4', 'float16', 'float16-storage'] as const
export type Precision = (typeof PRECISIONS)[number]

/** Passes that bring accuracy back, by whether they run before or after the one that quantizes. */
export const RECOVERY = { before: ['equalize-layers', 'smooth-activations'], after: ['learn-rounding', 'correct-bias'] } as const
export type Recovery = (typeof RECOVERY)['before' | 'after'][number]

const BUILT_IN: Readonly<Record<Precision, string>> = { int8: 'int8-static', a16w8: 'int8-static', 'int8-dynamic': 'int8-dynamic', int4: 'int4-weights', float16: 'float16', 'float16-storage': 'float16-storage' }
const CORE = ['quantize-static', 'search-precision', 'quantize-dynamic', 'quantize-weights', 'convert-float16', 'store-float16']

type Options = Readonly<Record<string, unknown>>

/** The recipe to begin with; null where the catalogue lacks it. */
export function recipeFor(precision: Precision, builtIn: readonly Recipe[]): Recipe | null {
  const recipe = builtIn.find(({ name }) => name === BUILT_IN[precision])
  if (recipe === undefined) return null
  return precision === 'a16w8' ? withCoreOption(recipe, 'activationType', 'uint16', builtIn) : recipe
}

/** Null for a recipe that quantizes in no way the panel knows. */
export function precisionOf(recipe: Recipe): Precision | null {
  switch (coreStep(recipe)?.pass) {
    case 'quantize-static':
    case 'search-precision':
      return ['uint16', 'int16'].includes(coreOptions(recipe)['activationType'] as string) ? 'a16w8' : 'int8'
    case 'quantize-dynamic':
      return 'int8-dynamic'
    case 'quantize-weights':
      return 'int4'
    case 'convert-float16':
      return 'float16'
    case 'store-float16':
      return 'float16-storage'
    default:
      return null
  }
}

/** Recipes by the built-in one they were made from. */
export type Shelf = Readonly<Partial<Record<string, Recipe>>>

/** Another precision, with what was set up for it before; exceptions, ranges and recovery stay between those with fixed ranges. */
export function withPrecision(recipe: Recipe, precision: Precision, { shelf, builtIn }: { readonly shelf: Shelf; readonly builtIn: readonly Recipe[] }): { readonly recipe: Recipe; readonly shelf: Shelf } {
  const before = precisionOf(recipe)
  const kept = before === null ? shelf : { ...shelf, [BUILT_IN[before]]: recipe }
  const found = kept[BUILT_IN[precision]] ?? recipeFor(precision, builtIn)
  if (found === null) return { recipe, shelf }
  const isWide = precision === 'a16w8'
  const fits = !isStatic(found) || precisionOf(found) === precision
  return { recipe: fits ? found : withCoreOption(found, 'activationType', isWide ? 'uint16' : undefined, builtIn), shelf: kept }
}

/** Whether ranges of activations are fixed beforehand. */
export function isStatic(recipe: Recipe): boolean {
  return ['quantize-static', 'search-precision'].includes(coreStep(recipe)?.pass ?? '')
}

/** Options of the pass that quantizes: those of quantize-static also where search-precision runs it. */
export function coreOptions(recipe: Recipe): Options {
  const step = coreStep(recipe)
  if (step?.pass !== 'search-precision') return step?.options ?? {}
  const inner = step.options['quantization']
  return typeof inner === 'object' && inner !== null ? (inner as Options) : {}
}

/** Sets an option, or takes it out where `value` is undefined. */
export function withCoreOption(recipe: Recipe, name: string, value: unknown, builtIn: readonly Recipe[]): Recipe {
  const at = coreAt(recipe)
  const step = recipe.passes[at]
  if (step === undefined) return recipe
  const { [name]: _before, ...others } = coreOptions(recipe)
  const options = value === undefined ? others : { ...others, [name]: value }
  const changed = { ...step, options: step.pass === 'search-precision' ? { ...step.options, quantization: options } : options }
  return renamed(recipe, recipe.passes.with(at, changed), builtIn)
}

export function hasPass(recipe: Recipe, name: string): boolean {
  return recipe.passes.some(({ pass }) => pass === name)
}

/** Puts a pass of recovery in its place around the one that quantizes, or takes it out. */
export function withRecovery(recipe: Recipe, name: Recovery, on: boolean, builtIn: readonly Recipe[]): Recipe {
  const without = recipe.passes.filter(({ pass }) => pass !== name)
  if (!on) return renamed(recipe, without, builtIn)
  const order: readonly string[] = [...RECOVERY.before, ...CORE, ...RECOVERY.after]
  // Behind the last step that comes before it, else before the first that comes after it; cleaning up stays where it is.
  const behind = without.findLastIndex(({ pass }) => order.includes(pass) && order.indexOf(pass) < order.indexOf(name))
  const at = behind >= 0 ? behind + 1 : without.findIndex(({ pass }) => order.includes(pass))
  return renamed(recipe, without.toSpliced(Math.max(0, at), 0, { pass: name, options: {} }), builtIn)
}

/** Searches for the fewest layers to keep float, instead of quantizing all; or the other way round. */
export function withSearch(recipe: Recipe, on: boolean, builtIn: readonly Recipe[]): Recipe {
  const at = coreAt(recipe)
  if (!isStatic(recipe)) return recipe
  const options = coreOptions(recipe)
  return renamed(recipe, recipe.passes.with(at, on ? { pass: 'search-precision', options: { quantization: options } } : { pass: 'quantize-static', options: { ...options } }), builtIn)
}

/** Options of search-precision; empty where it is not in the recipe. */
export function searchOptions(recipe: Recipe): Options {
  const step = coreStep(recipe)
  return step?.pass === 'search-precision' ? step.options : {}
}

/** Sets an option of search-precision, or takes it out where `value` is undefined. */
export function withSearchOption(recipe: Recipe, name: string, value: unknown, builtIn: readonly Recipe[]): Recipe {
  const at = coreAt(recipe)
  const { [name]: _before, ...others } = searchOptions(recipe)
  const options = value === undefined ? others : { ...others, [name]: value }
  return hasPass(recipe, 'search-precision') ? renamed(recipe, recipe.passes.with(at, { pass: 'search-precision', options }), builtIn) : recipe
}

/** What the rules for phones propose: a built-in recipe, with options of its passes. */
type Suggestion = NonNullable<DeployPlan['recipe']>
type Known = Pick<Catalogue, 'recipes' | 'passes'>

/** Whether a recipe quantizes as is proposed; whatever else it does is its own matter. */
export function suits(recipe: Recipe, suggestion: Suggestion, catalogue: Known): boolean {
  const base = catalogue.recipes.find(({ name }) => name === suggestion.name)
  if (base === undefined || precisionOf(base) !== precisionOf(recipe)) return false
  return suggestedOptions(base, suggestion, catalogue).every(({ name, value, fallback }) => (coreOptions(recipe)[name] ?? fallback) === value)
}

/** The recipe quantizing as is proposed. Recovery and exceptions stay where the way of quantizing does; else it is the proposed one alone. */
export function withSuggestion(recipe: Recipe, suggestion: Suggestion, catalogue: Known): Recipe {
  const base = catalogue.recipes.find(({ name }) => name === suggestion.name)
  if (base === undefined) return recipe
  return suggestedOptions(base, suggestion, catalogue).reduce(
    (so, { name, value, fallback }) => withCoreOption(so, name, value === fallback ? undefined : value, catalogue.recipes),
    isStatic(base) && isStatic(recipe) ? recipe : base,
  )
}

function suggestedOptions(base: Recipe, { options }: Suggestion, { passes }: Known) {
  const pass = coreStep(base)?.pass ?? ''
  const info = passes.find(({ name }) => name === pass)
  const fields = info === undefined ? [] : optionFields(info.optionsSchema)
  return Object.entries(options[pass] ?? {}).map(([name, value]) => {
    const field = fields.find((candidate) => candidate.name === name)
    return { name, value, fallback: field !== undefined && 'default' in field ? field.default : undefined }
  })
}

export interface Override {
  readonly kind: 'node' | 'operator' | 'value'
  readonly name: string
  readonly setting: Readonly<Record<string, unknown>>
}

const FIELDS = { node: 'nodeOverrides', operator: 'opTypeOverrides', value: 'tensorOverrides' } as const

/** What single nodes, operators and values have of their own. Where a pass knows no overrides, nodes are only left out. */
export function overridesOf(recipe: Recipe): readonly Override[] {
  const options = coreOptions(recipe)
  const entries = (Object.keys(FIELDS) as Override['kind'][]).flatMap((kind) =>
    Object.entries((options[FIELDS[kind]] ?? {}) as Record<string, Options>).map(([name, setting]): Override => ({ kind, name, setting })),
  )
  const left = Array.isArray(options['excludeNodes']) ? options['excludeNodes'].map(String) : []
  return [...entries, ...left.map((name): Override => ({ kind: 'node', name, setting: { keepFloat: true } }))]
}

/** Sets what a node, an operator or a value has of its own; null takes it out. */
export function withOverride(recipe: Recipe, { kind, name, setting }: Omit<Override, 'setting'> & { readonly setting: Override['setting'] | null }, builtIn: readonly Recipe[]): Recipe {
  const options = coreOptions(recipe)
  const left = Array.isArray(options['excludeNodes']) ? options['excludeNodes'].map(String) : []
  const isListed = kind === 'node' && (left.includes(name) || (setting !== null && !isStatic(recipe)))
  if (isListed) {
    const others = left.filter((other) => other !== name)
    const next = setting === null || (isStatic(recipe) && setting['keepFloat'] !== true) ? others : [...others, name]
    const changed = withCoreOption(recipe, 'excludeNodes', next.length === 0 ? undefined : next, builtIn)
    return setting !== null && isStatic(recipe) && setting['keepFloat'] !== true ? withOverride(changed, { kind, name, setting }, builtIn) : changed
  }
  const { [name]: _before, ...others } = (options[FIELDS[kind]] ?? {}) as Record<string, Options>
  const next = setting === null ? others : { ...others, [name]: setting }
  return withCoreOption(recipe, FIELDS[kind], Object.keys(next).length === 0 ? undefined : next, builtIn)
}

/** The pass whose options `coreOptions` are: where it is searched for, the one that is then run. */
export function corePass(recipe: Recipe): string | null {
  const pass = coreStep(recipe)?.pass ?? null
  return pass === 'search-precision' ? 'quantize-static' : pass
}

function coreStep(recipe: Recipe): Recipe['passes'][number] | undefined {
  return recipe.passes[coreAt(recipe)]
}

function coreAt(recipe: Recipe): number {
  return recipe.passes.findIndex(({ pass }) => CORE.includes(pass))
}
