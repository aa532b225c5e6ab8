import { describe, expect, it } from 'vitest'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { GROUPS, initialChoice, recipeOf } from '../src/renderer/simplify/simplify-recipe'

describe('the recipe of a choice', () => {
  it.each([
    ['standard', 'simplify'],
    ['onnxruntime', 'fuse-for-onnxruntime'],
  ] as const)('is the built-in one for %s operators at first', (form, name) => {
    expect(recipeOf(initialChoice(form), builtInRecipes)?.name).toBe(name)
  })

  it('has another name once a pass is unticked, and keeps the order of the others', () => {
    const choice = initialChoice('standard')
    const recipe = recipeOf({ ...choice, passes: choice.passes.filter((name) => name !== 'fuse-gelu') }, builtInRecipes)
    expect(recipe?.name).toBe('simplify-custom')
    expect(recipe?.passes.map(({ pass }) => pass)).toEqual(builtInRecipes.find(({ name }) => name === 'simplify')?.passes.map(({ pass }) => pass).filter((name) => name !== 'fuse-gelu'))
  })

  it('fixes sizes only where that is wanted, but counts memory with them', () => {
    const choice = { ...initialChoice('standard'), passes: ['simplify-shapes', 'reorder-nodes'], dims: { N: 4 } }
    expect(recipeOf(choice, [])?.passes).toEqual([{ pass: 'simplify-shapes', options: {} }, { pass: 'reorder-nodes', options: { dims: { N: 4 } } }])
    expect(recipeOf({ ...choice, fixDims: true }, [])?.passes[0]).toEqual({ pass: 'simplify-shapes', options: { dims: { N: 4 } } })
  })

  it('leaves passes out that the form does not offer, and is none where nothing is left', () => {
    expect(recipeOf({ ...initialChoice('standard'), passes: [...GROUPS.own] }, [])).toBeNull()
  })
})
