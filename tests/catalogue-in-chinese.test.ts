/** Recipes, passes and their options are described in the engine, in English; the window has Chinese words for all of them. */
import { z } from 'zod'
import { expect, test } from 'vitest'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { passes } from '../src/main/passes/registry'
import { catalogueZh } from '../src/renderer/i18n/catalogue-zh'
import { optionFields } from '../src/renderer/optimize/option-fields'

const formOf = (options: z.ZodType) => optionFields(z.toJSONSchema(options, { io: 'input' }))

test('each recipe has Chinese words', () => {
  expect(builtInRecipes.map(({ name }) => name).filter((name) => catalogueZh.recipes[name] === undefined)).toEqual([])
})

test('each pass and each of its options has Chinese words, and no others do', () => {
  expect(Object.keys(catalogueZh.passes).sort()).toEqual(passes.map(({ name }) => name).sort())
  for (const { name, options } of passes) expect(Object.keys(catalogueZh.passes[name]?.options ?? {}).sort(), name).toEqual(formOf(options).map((field) => field.name).sort())
})

test('each option has a Chinese label, and the words for choices are of choices there are', () => {
  const fields = passes.flatMap(({ options }) => formOf(options))
  expect(Object.keys(catalogueZh.optionLabels).sort()).toEqual([...new Set(fields.map(({ name }) => name))].sort())
  const choices = new Set(fields.flatMap((field) => (field.kind === 'choice' || field.kind === 'list' ? (field.choices ?? []).map((choice) => `${field.name}: ${String(choice)}`) : [])))
  const named = Object.entries(catalogueZh.optionChoices).flatMap(([name, words]) => Object.keys(words).map((choice) => `${name}: ${choice}`))
  expect(named.filter((choice) => !choices.has(choice))).toEqual([])
})
