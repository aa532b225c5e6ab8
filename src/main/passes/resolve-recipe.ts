import type { z } from 'zod'
import { AppError, type ErrorData, toErrorData } from '#shared/errors'
import type { Recipe } from '#shared/recipe'
import { nearestNames } from './nearest-names'
import type { Pass } from './pass'
import { passByName } from './registry'

export interface ResolvedStep {
  readonly pass: Pass
  /** As parsed by the pass's schema. */
  readonly options: Record<string, unknown>
}

/**
 * The passes of a recipe with every default filled in. Throws AppError `invalid-recipe`, naming the pass, the field and the reason.
 */
export function resolveRecipe(recipe: Recipe): ResolvedStep[] {
  return recipe.passes.map((step, at) => {
    const pass = passByName(step.pass)
    const parsed = pass.options.safeParse(step.options)
    if (parsed.success) return { pass, options: parsed.data as Record<string, unknown> }
    const [issue] = parsed.error.issues
    if (!issue) throw new Error('internal: a refusal without a reason')
    throw new AppError({
      code: 'invalid-recipe',
      message: `Step ${at + 1}, pass '${step.pass}': ${describeIssue(issue)}.`,
      hint: hintFor(issue, pass),
      details: { pass: step.pass, step: at, field: issue.path.join('.') },
    })
  })
}

/** Why a recipe cannot be resolved; null where it can. */
export function recipeProblem(recipe: Recipe): ErrorData | null {
  try {
    resolveRecipe(recipe)
    return null
  } catch (error) {
    if (error instanceof AppError) return toErrorData(error)
    throw error
  }
}

/** The recipe as it is written in reports: with every default. */
export function withDefaults(recipe: Recipe, steps: readonly ResolvedStep[]): Recipe {
  return { ...recipe, passes: steps.map(({ pass, options }) => ({ pass: pass.name, options })) }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no option ${issue.keys.map((key) => `'${key}'`).join(', ')}`
  const field = issue.path.join('.')
  return field === '' ? issue.message : `option '${field}': ${issue.message}`
}

function hintFor(issue: z.core.$ZodIssue, pass: Pass): string {
  const known = optionNames(pass)
  const near = issue.code === 'unrecognized_keys' ? issue.keys.flatMap((key) => nearestNames(key, known)) : []
  if (near.length > 0) return `Did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`
  return known.length > 0 ? `Options of '${pass.name}': ${known.join(', ')}.` : `'${pass.name}' has no options.`
}

function optionNames({ options }: Pass): string[] {
  const defaults = options.safeParse({})
  return defaults.success ? Object.keys(defaults.data as object) : []
}
