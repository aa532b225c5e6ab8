import i18next from 'i18next'
import type { PassInfo } from '#shared/ipc/contract'
import type { Recipe } from '#shared/recipe'
import { optionLabel, type OptionField } from './option-fields'

/** Words for what the engine names. Components that use these re-render with the language through their own `useTranslation`. */
export function optionText(pass: string, field: OptionField): { label: string; description: string } {
  return { label: known(`optionLabels.${field.name}`, optionLabel(field.name)), description: known(`passes.${pass}.options.${field.name}`, field.description) }
}

/** What an option can be, in words where there are some. */
export function choiceText({ name }: OptionField, choice: string): string {
  return known(`optionChoices.${name}.${choice}`, choice)
}

export function passText(pass: PassInfo): { title: string; description: string } {
  return { title: known(`passes.${pass.name}.title`, pass.title), description: known(`passes.${pass.name}.description`, pass.description) }
}

export function recipeTitle(recipe: Recipe): string {
  return variantTitle(recipe.name)
}

export function recipeDescription(recipe: Recipe): string {
  return known(`recipes.${recipe.name.replace(/-custom$/, '')}.description`, recipe.description)
}

/** What a variant is called: its recipe, as the catalogue has it, or in words where a panel put it together. */
export function variantTitle(name: string): string {
  // What is written by hand in the short form has no name.
  if (name === 'custom') return i18next.t('optimize.ownRecipe')
  const [, family = name, percent = ''] = /^(.+)-(\d+)$/.exec(name) ?? []
  const changed = /^(.+)-custom$/.exec(name)?.[1]
  if (changed !== undefined) return i18next.t('optimize.changedRecipe', { recipe: variantTitle(changed) })
  return known(`recipes.${name}.title`, known(`madeRecipes.${family}`, name).replace('{{percent}}', percent))
}

/** The phase of a job in words: a phase of ours, a pass by its name, or as it comes. */
export function phaseText(phase: string, passes: readonly PassInfo[]): string {
  const pass = passes.find(({ name }) => name === phase)
  return pass === undefined ? known(`phases.${phase}`, phase, 'app') : passText(pass).title
}

/** Looked up by hand: the names come from the engine, so that the type checker cannot know these keys. */
function known(key: string, fallback: string, namespace: 'app' | 'catalogue' = 'catalogue'): string {
  for (const language of [i18next.language, 'en']) {
    const text: unknown = i18next.getResource(language, namespace, key)
    if (typeof text === 'string') return text
  }
  return fallback
}
