import { describe, expect, it } from 'vitest'
import { Recipe } from '#shared/recipe'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { passByName } from '../src/main/passes/registry'
import { coreOptions, isPruning, METHODS, type Method, methodOf, passOf, recipeFor, shownOptions, withPruneOption } from '../src/renderer/prune/prune-recipe'

const all = Object.values(METHODS).flatMap((group): readonly Method[] => group)

function recipe(method: Method, before: Recipe | null = null): Recipe {
  const found = recipeFor(method, builtInRecipes, before)
  if (found === null) throw new Error('no recipe to begin with')
  return found
}

describe.each(all)('the method %s', (method) => {
  it('is a recipe whose options its pass takes, and is known by them again', () => {
    const made = Recipe.parse(recipe(method))
    expect(() => passByName(passOf(method)).options.parse(coreOptions(made))).not.toThrow()
    expect(methodOf(made)).toBe(method)
    expect(isPruning(made)).toBe(true)
  })

  it('shows and leaves out options that its pass has', () => {
    const { main, unused } = shownOptions(method, coreOptions(recipe(method)))
    const known = Object.keys(passByName(passOf(method)).options.parse({}) as object)
    expect(known).toEqual(expect.arrayContaining([...main, ...unused]))
    expect(main.filter((name) => unused.includes(name))).toEqual([])
  })
})

describe('a recipe for pruning', () => {
  it('has a name of its own for each method', () => {
    expect(new Set(all.map((method) => recipe(method).name)).size).toBe(all.length)
  })

  it('has a name that says how much', () => {
    expect(withPruneOption(recipe('magnitude'), { name: 'sparsity', value: 0.7, fallback: 0.5 })).toMatchObject({ name: 'magnitude-70' })
    expect(withPruneOption(recipe('channels'), { name: 'amount', value: 0.3, fallback: null })).toMatchObject({ name: 'prune-30' })
    expect(withPruneOption(recipe('pattern'), { name: 'pattern', value: '1:4', fallback: 'none' })).toMatchObject({ name: 'sparse-one-of-four' })
  })

  it('says only what differs from the defaults', () => {
    const changed = withPruneOption(recipe('magnitude'), { name: 'sparsity', value: 0.7, fallback: 0.5 })
    expect(coreOptions(withPruneOption(changed, { name: 'sparsity', value: 0.5, fallback: 0.5 }))).toEqual({ method: 'magnitude' })
  })

  it('keeps what two methods have in common, and nothing of what tells them apart', () => {
    const sparse = withPruneOption(recipe('magnitude'), { name: 'sparsity', value: 0.7, fallback: 0.5 })
    expect(coreOptions(recipe('wanda', sparse))).toEqual({ method: 'wanda', sparsity: 0.7 })
    expect(coreOptions(recipe('channels', recipe('heads')))).toEqual({ amount: 0.3 })
    expect(coreOptions(recipe('blocks', sparse))).toEqual({})
  })

  it('shows the option that decides the rank, and not the others', () => {
    const byMacs = withPruneOption(recipe('factors'), { name: 'rankBy', value: 'macs', fallback: 'energy' })
    const { main, unused } = shownOptions('factors', coreOptions(byMacs))
    expect(main).toContain('macsRatio')
    expect(unused).toEqual(expect.arrayContaining(['energy', 'maxError']))
  })

  it('is none where it only quantizes', () => {
    const quantizing = builtInRecipes.find(({ name }) => name === 'int8-static')
    expect(quantizing && methodOf(quantizing)).toBeNull()
  })
})
