import { Recipe } from '#shared/recipe'
import { said } from '../i18n/engine-words'

/** A recipe under edit: its text is what the editor shows; `recipe` is null while the text is not one. */
export interface RecipeDraft {
  readonly text: string
  readonly recipe: Recipe | null
  /** Why the text is no recipe. */
  readonly problem: string | null
  /** False where the text does not even parse: the editor then marks where. */
  readonly isJson: boolean
}

export function draftOfRecipe(recipe: Recipe): RecipeDraft {
  return { text: recipeText(recipe), recipe, problem: null, isJson: true }
}

/** Reads the text of the editor, in the full or the short form. */
export function draftOfText(text: string): RecipeDraft {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { text, recipe: null, problem: error instanceof Error ? error.message : String(error), isJson: false }
  }
  const parsed = Recipe.safeParse(value)
  if (parsed.success) return { text, recipe: parsed.data, problem: null, isJson: true }
  const [issue] = parsed.error.issues
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `
  return { text, recipe: null, problem: `${place}${said(issue?.message ?? '')}`, isJson: true }
}

/**
 * Sets one option of one step. A value equal to the default is left out, so that the recipe says only what differs.
 * The name changes to `custom` with the first change to a built-in recipe, whose name would otherwise promise too much.
 */
export function withOption(recipe: Recipe, change: { step: number; name: string; value: unknown; default: unknown; builtIn: readonly Recipe[] }): Recipe {
  const passes = recipe.passes.map((pass, index) => {
    if (index !== change.step) return pass
    const { [change.name]: _before, ...others } = pass.options
    return { ...pass, options: sameValue(change.value, change.default) ? others : { ...others, [change.name]: change.value } }
  })
  return renamed(recipe, passes, change.builtIn)
}

/** The recipe with other passes: the built-in one that it now is, or under a name that promises no built-in one. */
export function renamed(recipe: Recipe, passes: Recipe['passes'], builtIn: readonly Recipe[]): Recipe {
  const changed = { ...recipe, passes }
  const original = builtIn.find((candidate) => samePasses(candidate, changed))
  if (original !== undefined) return original
  const isBuiltInName = builtIn.some(({ name }) => name === recipe.name)
  return isBuiltInName ? { ...changed, name: `${recipe.name}-custom` } : changed
}

export function recipeText(recipe: Recipe): string {
  return `${JSON.stringify(recipe, null, 2)}\n`
}

/** The order of a list of options does not matter. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item) => b.includes(item))
  return a === b
}

function samePasses(a: Recipe, b: Recipe): boolean {
  return JSON.stringify(a.passes) === JSON.stringify(b.passes)
}
