/** What tells one recipe from another that is called the same: what it does beside the built-in one that it was made from. */
import type { Recipe } from '#shared/recipe'
import { type OptionField, optionFields } from '../optimize/option-fields'
import { sameValue } from '../optimize/recipe-draft'
import type { Catalogue } from '../stores/app-store'

export type RecipeDetail = { readonly kind: 'pass'; readonly pass: string } | { readonly kind: 'option'; readonly pass: string; readonly field: OptionField; readonly value: unknown }

type Step = Recipe['passes'][number]

/** Passes that were put in, and options that differ from those of the built-in recipe, or from the defaults where it has none. */
export function recipeDetails(recipe: Recipe, { recipes, passes }: Pick<Catalogue, 'recipes' | 'passes'>): readonly RecipeDetail[] {
  const base = recipes.find(({ name }) => name === recipe.name.replace(/-custom$/, ''))
  const known = base === undefined ? null : innerSteps(base)
  return innerSteps(recipe).flatMap((step): RecipeDetail[] => {
    const reference = known?.find(({ pass }) => pass === step.pass)
    const fields = optionFields(passes.find(({ name }) => name === step.pass)?.optionsSchema ?? {})
    const changed = fields.flatMap((field): RecipeDetail[] => {
      const usual = reference?.options[field.name] ?? defaultOf(field)
      const value = step.options[field.name] ?? usual
      return same(value, usual) ? [] : [{ kind: 'option', pass: step.pass, field, value }]
    })
    return known !== null && reference === undefined ? [{ kind: 'pass', pass: step.pass }, ...changed] : changed
  })
}

/** A search for precision quantizes with options of its own: both are steps here. */
function innerSteps({ passes }: Recipe): readonly Step[] {
  return passes.flatMap((step) => {
    const { quantization, ...options } = step.options
    return step.pass === 'search-precision' ? [{ pass: step.pass, options }, { pass: 'quantize-static', options: { ...(quantization as Step['options'] | undefined) } }] : [step]
  })
}

/** Those of what the form has no input for are empty objects. */
function defaultOf(field: OptionField): unknown {
  return 'default' in field ? field.default : {}
}

function same(a: unknown, b: unknown): boolean {
  return sameValue(a, b) || JSON.stringify(a) === JSON.stringify(b)
}
