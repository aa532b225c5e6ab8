import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { optionFields, optionLabel } from './option-fields'

describe('the form of a pass', () => {
  it('has an input for every kind of option, with its default and bounds', () => {
    const options = z.object({
      perChannel: z.boolean().default(true).describe('One scale a channel.'),
      weightType: z.enum(['int8', 'uint8']).default('int8'),
      samples: z.number().int().min(1).max(100).default(8),
      factor: z.number().default(0.5),
      prefix: z.string().default('q_'),
      exclude: z.array(z.string()).default([]),
      opTypes: z.array(z.enum(['Conv', 'Gemm'])).default(['Conv']),
    })
    expect(optionFields(z.toJSONSchema(options))).toEqual([
      { kind: 'boolean', name: 'perChannel', description: 'One scale a channel.', default: true },
      { kind: 'choice', name: 'weightType', description: '', choices: ['int8', 'uint8'], default: 'int8' },
      { kind: 'number', name: 'samples', description: '', integer: true, min: 1, max: 100, default: 8, nullable: false },
      { kind: 'number', name: 'factor', description: '', integer: false, min: null, max: null, default: 0.5, nullable: false },
      { kind: 'text', name: 'prefix', description: '', default: 'q_' },
      { kind: 'list', name: 'exclude', description: '', choices: null, default: [] },
      { kind: 'list', name: 'opTypes', description: '', choices: ['Conv', 'Gemm'], default: ['Conv'] },
    ])
  })

  it('makes one choice of a union of words and booleans', () => {
    const schema = z.toJSONSchema(z.object({ reduceRange: z.union([z.literal('auto'), z.boolean()]).default('auto') }))
    expect(optionFields(schema)[0]).toMatchObject({ kind: 'choice', choices: ['auto', true, false], default: 'auto' })
  })

  it('has a number that may be left empty for one that may be null', () => {
    const schema = z.toJSONSchema(z.object({ minSqnrDb: z.number().min(0).max(100).nullable().default(20) }))
    expect(optionFields(schema)[0]).toMatchObject({ kind: 'number', min: 0, max: 100, default: 20, nullable: true })
  })

  it('leaves what it has no input for to the JSON', () => {
    const schema = z.toJSONSchema(z.object({ ranges: z.record(z.string(), z.number()).default({}) }))
    expect(optionFields(schema)[0]).toMatchObject({ kind: 'other', name: 'ranges' })
  })

  it('makes labels of names', () => {
    expect(optionLabel('reduceRange')).toBe('Reduce range')
    expect(optionLabel('minElements')).toBe('Min elements')
  })
})
