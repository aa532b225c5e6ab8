import { z } from 'zod'

export const RecipeStep = z.strictObject({
  pass: z.string().describe('Name of a pass; `edgefit passes` lists them.'),
  options: z.record(z.string(), z.unknown()).default({}).describe('Options of the pass; what is left out takes its default.'),
})
export type RecipeStep = z.infer<typeof RecipeStep>

/** A list of passes with options, run in order. The short form is the bare list. */
export const Recipe = z.preprocess(
  (value) => (Array.isArray(value) ? { passes: value } : value),
  z.strictObject({
    name: z.string().min(1).max(80).default('custom').describe('Shown in the tree of variants and in reports.'),
    description: z.string().default(''),
    passes: z.array(RecipeStep).min(1).describe('Passes in the order they run.'),
  }),
)
export type Recipe = z.infer<typeof Recipe>
