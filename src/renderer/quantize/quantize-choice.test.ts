import { describe, expect, it } from 'vitest'
import type { Recipe } from '#shared/recipe'
import { coreOptions, overridesOf, precisionOf, recipeFor, searchOptions, suits, withCoreOption, withOverride, withPrecision, withRecovery, withSearch, withSearchOption, withSuggestion } from './quantize-choice'

const step = (pass: string, options = {}) => ({ pass, options })
const builtIn: Recipe[] = [
  { name: 'int8-static', description: '', passes: [step('fold-constants'), step('quantize-static'), step('eliminate-dead-nodes')] },
  { name: 'int8-dynamic', description: '', passes: [step('fold-constants'), step('quantize-dynamic')] },
  { name: 'int4-weights', description: '', passes: [step('quantize-weights')] },
]
const names = ({ passes }: Recipe) => passes.map(({ pass }) => pass)
const start = (precision: Parameters<typeof recipeFor>[0]): Recipe => {
  const recipe = recipeFor(precision, builtIn)
  if (recipe === null) throw new Error(`no recipe for ${precision}`)
  return recipe
}

describe('precision', () => {
  it('is read back from the recipe that it gives', () => {
    for (const precision of ['int8', 'a16w8', 'int8-dynamic', 'int4'] as const) expect(precisionOf(start(precision))).toBe(precision)
    expect(recipeFor('float16', builtIn)).toBeNull()
  })

  it('of a changed recipe has another name, and of one changed back the built-in one', () => {
    const wide = start('a16w8')
    expect(wide.name).toBe('int8-static-custom')
    expect(withCoreOption(wide, 'activationType', undefined, builtIn)).toEqual(builtIn[0])
  })
})

describe('another precision', () => {
  const keep = { kind: 'node', name: 'conv1', setting: { keepFloat: true } } as const

  it('keeps exceptions, ranges and recovery where ranges are fixed beforehand in both', () => {
    const set = withRecovery(withOverride(withCoreOption(start('int8'), 'calibration', 'mse', builtIn), keep, builtIn), 'correct-bias', true, builtIn)
    const wide = withPrecision(set, 'a16w8', { shelf: {}, builtIn })
    expect(precisionOf(wide.recipe)).toBe('a16w8')
    expect(overridesOf(wide.recipe)).toEqual([keep])
    expect(names(wide.recipe)).toEqual(names(set))
    expect(withPrecision(wide.recipe, 'int8', { shelf: wide.shelf, builtIn }).recipe.passes).toEqual(set.passes)
  })

  it('brings back what was set up when one returns to it', () => {
    const set = withOverride(start('int8'), keep, builtIn)
    const dynamic = withPrecision(set, 'int8-dynamic', { shelf: {}, builtIn })
    expect(dynamic.recipe).toEqual(builtIn[1])
    const back = withPrecision(dynamic.recipe, 'a16w8', { shelf: dynamic.shelf, builtIn }).recipe
    expect(precisionOf(back)).toBe('a16w8')
    expect(overridesOf(back)).toEqual([keep])
  })

  it('that the catalogue lacks changes nothing', () => {
    expect(withPrecision(start('int8'), 'float16', { shelf: {}, builtIn }).recipe).toEqual(builtIn[0])
  })
})

describe('recovery', () => {
  it('stands around the pass that quantizes, in order, whatever is switched on first', () => {
    const order = ['correct-bias', 'smooth-activations', 'equalize-layers', 'learn-rounding'] as const
    const recipe = order.reduce((so, name) => withRecovery(so, name, true, builtIn), start('int8'))
    expect(names(recipe)).toEqual(['fold-constants', 'equalize-layers', 'smooth-activations', 'quantize-static', 'learn-rounding', 'correct-bias', 'eliminate-dead-nodes'])
    expect(order.reduce((so, name) => withRecovery(so, name, false, builtIn), recipe)).toEqual(builtIn[0])
  })

  it('keeps the budget of a search beside what is quantized', () => {
    const searched = withSearch(withCoreOption(start('int8'), 'perChannel', false, builtIn), true, builtIn)
    const budgeted = withSearchOption(searched, 'budget', 'accuracy', builtIn)
    expect(searchOptions(budgeted)).toEqual({ budget: 'accuracy', quantization: { perChannel: false } })
    expect(coreOptions(budgeted)).toEqual({ perChannel: false })
    expect(withSearchOption(budgeted, 'budget', undefined, builtIn)).toEqual(searched)
    expect(withSearchOption(start('int8'), 'budget', 'accuracy', builtIn)).toEqual(start('int8'))
  })

  it('keeps options when layers to keep float are searched for', () => {
    const narrow = withCoreOption(start('int8'), 'perChannel', false, builtIn)
    const searching = withSearch(narrow, true, builtIn)
    expect(names(searching)).toContain('search-precision')
    expect(coreOptions(searching)).toEqual({ perChannel: false })
    expect(withSearch(searching, false, builtIn).passes).toEqual(narrow.passes)
  })
})

describe('overrides', () => {
  it('are set for nodes, operators and values, and taken out again', () => {
    const given = [
      { kind: 'node', name: 'conv1', setting: { keepFloat: true } },
      { kind: 'operator', name: 'MatMul', setting: { activationType: 'uint16' } },
      { kind: 'value', name: 'x', setting: { calibration: 'mse' } },
    ] as const
    const recipe = given.reduce((so, override) => withOverride(so, override, builtIn), start('int8'))
    expect(overridesOf(recipe)).toEqual(given)
    expect(given.reduce((so, override) => withOverride(so, { ...override, setting: null }, builtIn), recipe)).toEqual(builtIn[0])
  })

  it('leave nodes out where a pass knows no more, and take over what was left out by name', () => {
    const dynamic = withOverride(start('int8-dynamic'), { kind: 'node', name: 'fc', setting: { keepFloat: true } }, builtIn)
    expect(coreOptions(dynamic)).toEqual({ excludeNodes: ['fc'] })
    expect(withOverride(dynamic, { kind: 'node', name: 'fc', setting: null }, builtIn)).toEqual(builtIn[1])
    const excluded = withCoreOption(start('int8'), 'excludeNodes', ['fc'], builtIn)
    expect(coreOptions(withOverride(excluded, { kind: 'node', name: 'fc', setting: { activationType: 'uint16' } }, builtIn))).toEqual({ nodeOverrides: { fc: { activationType: 'uint16' } } })
  })
})

describe('what is proposed for a phone', () => {
  const schema = { properties: { perChannel: { type: 'boolean', default: true }, activationType: { type: 'string', enum: ['auto', 'uint8', 'int8'], default: 'auto' } } }
  const info = { title: '', description: '', calibration: 'none' as const }
  const catalogue = { recipes: builtIn, passes: [{ ...info, name: 'quantize-static', optionsSchema: schema }, { ...info, name: 'quantize-dynamic', optionsSchema: {} }] }
  const signed = { name: 'int8-static', options: { 'quantize-static': { perChannel: true, activationType: 'int8' } } }

  it('sets types beside exceptions and recovery that are there already, and leaves defaults out', () => {
    const recipe = withOverride(withRecovery(start('int8'), 'correct-bias', true, builtIn), { kind: 'node', name: 'fc', setting: { keepFloat: true } }, builtIn)
    const suited = withSuggestion(recipe, signed, catalogue)
    expect(coreOptions(suited)).toEqual({ nodeOverrides: { fc: { keepFloat: true } }, activationType: 'int8' })
    expect(names(suited)).toEqual(names(recipe))
    expect([suits(recipe, signed, catalogue), suits(suited, signed, catalogue)]).toEqual([false, true])
  })

  it('takes the place of a recipe that quantizes in another way', () => {
    const dynamic = { name: 'int8-dynamic', options: {} }
    expect(suits(start('int8'), dynamic, catalogue)).toBe(false)
    expect(withSuggestion(start('int8'), dynamic, catalogue)).toEqual(builtIn[1])
    expect(suits(start('int8-dynamic'), dynamic, catalogue)).toBe(true)
  })
})
