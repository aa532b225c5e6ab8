import { useEffect, useState } from 'react'
import type { ErrorData } from '#shared/errors'
import type { Recipe } from '#shared/recipe'
import { getBridge } from '../bridge/bridge'
import { reportError } from '../session/report-error'

/** Whoever types is let finish. */
const WAIT_MS = 250

type Problem = Pick<ErrorData, 'message' | 'hint'>

/** What the engine has against a recipe: passes and options that there are not, values that do not fit. Null while it is asked. */
export function useRecipeProblem(recipe: Recipe | null): Problem | null {
  const [found, setFound] = useState<{ readonly recipe: Recipe; readonly problem: Problem | null } | null>(null)
  useEffect(() => {
    if (recipe === null) return
    let isCurrent = true
    const timer = setTimeout(() => {
      getBridge()
        .request('recipes.check', { recipe })
        .then((problem) => isCurrent && setFound({ recipe, problem }))
        .catch((error: unknown) => reportError(error))
    }, WAIT_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [recipe])
  return found?.recipe === recipe ? found.problem : null
}
