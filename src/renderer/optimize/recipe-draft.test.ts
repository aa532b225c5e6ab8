import { describe, expect, it } from 'vitest'
import type { Recipe } from '#shared/recipe'
import { draftOfRecipe, draftOfText, withOption } from './recipe-draft'

const recipe: Recipe = { name: 'int8', description: 'd', passes: [{ pass: 'fold', options: {} }, { pass: 'quantize', options: {} }] }
const builtIn = [recipe]

describe('a recipe under edit', () => {
  it('is the same as form and as text', () => {
    expect(draftOfText(draftOfRecipe(recipe).text).recipe).toEqual(recipe)
  })

  it('takes the short form', () => {
    expect(draftOfText('[{"pass": "fold"}]').recipe).toEqual({ name: 'custom', description: '', passes: [{ pass: 'fold', options: {} }] })
  })

  it('says why text is no recipe, and keeps the text', () => {
    expect(draftOfText('{')).toMatchObject({ text: '{', recipe: null })
    expect(draftOfText('{').problem).not.toBe('')
    expect([draftOfText('{').isJson, draftOfText('{}').isJson]).toEqual([false, true])
    expect(draftOfText('{"passes": []}').problem).toContain('passes')
    expect(draftOfText('{"passes": [{"pass": 3}]}').problem).toContain('passes.0.pass')
  })

  it('holds only what differs from the defaults, and gets its own name', () => {
    const changed = withOption(recipe, { step: 1, name: 'perChannel', value: false, default: true, builtIn })
    expect(changed).toMatchObject({ name: 'int8-custom', passes: [{ options: {} }, { options: { perChannel: false } }] })
    expect(recipe.passes[1]?.options).toEqual({})
  })

  it('is the built-in recipe again when everything is back at its default', () => {
    const changed = withOption(recipe, { step: 1, name: 'opTypes', value: ['Conv'], default: ['Conv', 'Gemm'], builtIn })
    expect(withOption(changed, { step: 1, name: 'opTypes', value: ['Gemm', 'Conv'], default: ['Conv', 'Gemm'], builtIn })).toEqual(recipe)
  })

  it('keeps a name the person gave', () => {
    const own = { ...recipe, name: 'mine' }
    expect(withOption(own, { step: 0, name: 'x', value: 1, default: 2, builtIn }).name).toBe('mine')
  })
})
