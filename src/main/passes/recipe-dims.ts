import type { Recipe } from '#shared/recipe'
import { simplifyShapes } from './simplify-shapes'

/** Sizes that a recipe fixes symbolic dimensions to: inputs made up for it must have them. */
export function fixedDims(recipe: Recipe): Record<string, number> {
  const steps = recipe.passes.filter(({ pass }) => pass === simplifyShapes.name)
  return Object.assign({}, ...steps.map(({ options }) => simplifyShapes.options.safeParse(options).data?.dims ?? {})) as Record<string, number>
}
