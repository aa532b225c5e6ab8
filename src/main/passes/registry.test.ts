import { describe, expect, it } from 'vitest'
import { Recipe } from '#shared/recipe'
import { PassInfo } from '#shared/ipc/contract'
import { builtInRecipes } from './built-in-recipes'
import { recipeSchema } from './recipe-schema'
import { passByName, passes, passInfo } from './registry'
import { resolveRecipe, withDefaults } from './resolve-recipe'

describe('passes', () => {
  it('have a name, and a default and a description for every option', () => {
    for (const info of passInfo()) {
      expect(PassInfo.parse(info)).toEqual(info)
      const { properties = {}, required = [] } = info.optionsSchema as { properties?: Record<string, Record<string, unknown>>; required?: string[] }
      expect(required).toEqual([])
      for (const [name, option] of Object.entries(properties)) {
        expect([name, typeof option['description']]).toEqual([name, 'string'])
        expect([name, 'default' in option]).toEqual([name, true])
      }
    }
  })

  it('are found by name, and near names are offered for others', () => {
    expect(passByName('fold-constants').name).toBe('fold-constants')
    expect(() => passByName('fold-constant')).toThrow(expect.objectContaining({ code: 'invalid-recipe', hint: "Did you mean 'fold-constants'?" }))
    expect(() => passByName('distill')).toThrow(expect.objectContaining({ hint: expect.stringContaining('quantize-static') as string }))
  })
})

describe('recipes', () => {
  it('that are built in are valid and begin with folding and cleaning', () => {
    expect(builtInRecipes.map(({ name }) => name)).toEqual(expect.arrayContaining(['int8-dynamic', 'int8-static']))
    for (const recipe of builtInRecipes) {
      expect(Recipe.parse(recipe)).toEqual(recipe)
      expect(resolveRecipe(recipe).slice(0, 2).map(({ pass }) => pass.name)).toEqual(['fold-constants', 'eliminate-dead-nodes'])
    }
  })

  it('are reported with every default', () => {
    const recipe = Recipe.parse([{ pass: 'quantize-dynamic', options: { perChannel: false } }])
    expect(withDefaults(recipe, resolveRecipe(recipe)).passes[0]?.options).toMatchObject({ perChannel: false, weightType: 'int8', minElements: 512 })
  })

  it.each([
    [{ perchannel: true }, /pass 'quantize-static': there is no option 'perchannel'/, /'perChannel'/],
    [{ calibrationSamples: 0 }, /option 'calibrationSamples'/, /Options of/],
    [{ activationType: 'int8', weightType: 'uint8' }, /option 'weightType': int8 activations need int8 weights/, /Options of/],
  ])('with options %o are refused, naming pass, field and reason', (options, message, hint) => {
    const recipe = Recipe.parse([{ pass: 'quantize-static', options }])
    expect(() => resolveRecipe(recipe)).toThrow(expect.objectContaining({ code: 'invalid-recipe', message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string }))
  })

  it('have a JSON schema that lists each pass with its options', () => {
    const text = JSON.stringify(recipeSchema())
    for (const { name } of passes) expect(text).toContain(`"const":"${name}"`)
    expect(text).toContain('calibrationSamples')
  })
})
