import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import type { PassInfo } from '#shared/ipc/contract'
import type { Recipe } from '#shared/recipe'
import { optionLabel, type OptionField } from './option-fields'

/** The engine describes passes, options and recipes in English; known ones are translated, others are shown as they come. */
export function useOptionText(field: OptionField): { label: string; description: string } {
  useTranslation()
  return { label: known(`catalogue.options.${field.name}.label`, optionLabel(field.name)), description: known(`catalogue.options.${field.name}.description`, field.description) }
}

export function usePassText(pass: PassInfo): { title: string; description: string } {
  useTranslation()
  return { title: known(`catalogue.passes.${pass.name}.title`, pass.title), description: known(`catalogue.passes.${pass.name}.description`, pass.description) }
}

export function recipeTitle(recipe: Recipe): string {
  return known(`catalogue.recipes.${recipe.name}.title`, recipe.name)
}

export function recipeDescription(recipe: Recipe): string {
  return known(`catalogue.recipes.${recipe.name}.description`, recipe.description)
}

/** The phase of a job in words; phases we have no word for are shown as they come. */
export function phaseText(phase: string): string {
  return known(`phases.${phase}`, phase)
}

/** These keys are built from names that come from the engine, so the type checker cannot know them. */
function known(key: string, fallback: string): string {
  const lookUp: (key: string, options: { ns: 'app'; defaultValue: string }) => unknown = i18next.t
  return String(lookUp(key, { ns: 'app', defaultValue: fallback }))
}
