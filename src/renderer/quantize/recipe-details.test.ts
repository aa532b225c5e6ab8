import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Recipe } from '#shared/recipe'
import { recipeDetails } from './recipe-details'

const step = (pass: string, options = {}) => ({ pass, options })
const recipes: Recipe[] = [
  { name: 'int8-static', description: '', passes: [step('fold-constants'), step('quantize-static'), step('quantize-dynamic', { opTypes: ['Gather'] })] },
]
const pass = (name: string, options: z.ZodObject) => ({ name, title: name, description: '', calibration: 'none' as const, optionsSchema: z.toJSONSchema(options, { io: 'input' }) })
const passes = [
  pass('quantize-static', z.object({ calibration: z.enum(['min-max', 'mse']).default('min-max'), perChannel: z.boolean().default(true), nodeOverrides: z.record(z.string(), z.object({})).default({}) })),
  pass('quantize-dynamic', z.object({ opTypes: z.array(z.string()).default(['MatMul', 'Conv']) })),
  pass('search-precision', z.object({ targetSqnrDb: z.number().default(30), quantization: z.record(z.string(), z.unknown()).default({}) })),
]
const said = (name: string, ...steps: Recipe['passes']) =>
  recipeDetails({ name, description: '', passes: steps }, { recipes, passes }).map((detail) => (detail.kind === 'pass' ? detail.pass : `${detail.field.name}=${JSON.stringify(detail.value)}`))

describe('recipeDetails', () => {
  it('says nothing of a built-in recipe, also with all its defaults filled in', () => {
    const filled = [step('fold-constants'), step('quantize-static', { calibration: 'min-max', perChannel: true, nodeOverrides: {} }), step('quantize-dynamic', { opTypes: ['Gather'] })]
    expect(said('int8-static', ...filled)).toEqual([])
  })

  it('says which options differ and which passes came in', () => {
    const steps = [step('fold-constants'), step('quantize-static', { calibration: 'mse', nodeOverrides: { conv1: {} } }), step('quantize-dynamic', { opTypes: ['Gather'] }), step('correct-bias')]
    expect(said('int8-static-custom', ...steps)).toEqual(['calibration="mse"', 'nodeOverrides={"conv1":{}}', 'correct-bias'])
  })

  it('looks into a search for precision', () => {
    expect(said('int8-static-custom', step('search-precision', { targetSqnrDb: 40, quantization: { perChannel: false } }))).toEqual(['search-precision', 'targetSqnrDb=40', 'perChannel=false'])
  })

  it('compares a recipe of another name with the defaults of its passes', () => {
    expect(said('mine', step('fold-constants'), step('quantize-static', { perChannel: false }))).toEqual(['perChannel=false'])
  })
})
