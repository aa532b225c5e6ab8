import { expect, test } from 'vitest'
import type { DeviceFacts } from '#shared/device'
import { builtInRecipes } from '../passes/built-in-recipes'
import { passes } from '../passes/registry'
import { findAppRoot } from '../host/app-root'
import { choosePlan, readRules } from './choose-plan'

const rules = readRules(findAppRoot(import.meta.dirname))
const phone: DeviceFacts = {
  serial: 's',
  maker: null,
  model: null,
  soc: null,
  abis: ['arm64-v8a', 'armeabi-v7a'],
  androidVersion: null,
  sdk: null,
  cores: [...Array.from({ length: 4 }, () => ({ maxMHz: 1800 })), { maxMHz: 2400 }, { maxMHz: 2400 }, { maxMHz: 2400 }, { maxMHz: 2900 }],
  cpuFeatures: ['fp', 'asimd', 'asimdhp', 'asimddp', 'i8mm'],
  memoryBytes: null,
  storageFreeBytes: null,
  battery: null,
  thermalStatus: 0,
  vulkanDriver: null,
}

test('a phone that was seen not to run our programs gets its browser', () => {
  const plan = choosePlan(rules, phone, { nativeRefused: true })
  expect(plan).toMatchObject({ adapter: 'browser', provider: 'wasm' })
  expect(plan.reasons.map(({ rule }) => rule)).toEqual(['native-refused', 'fast-cores', 'i8mm'])
})

test('a phone with int8 matrix products gets signed int8 per channel, and a thread for each fast core', () => {
  const plan = choosePlan(rules, phone)
  expect(plan).toMatchObject({ adapter: 'native', provider: 'cpu', threads: 4, avoid: [] })
  expect(plan.recipe).toEqual({ name: 'int8-static', options: { 'quantize-static': { perChannel: true, activationType: 'int8', weightType: 'int8' } } })
  expect(plan.reasons.map(({ rule }) => rule)).toEqual(['native', 'fast-cores', 'i8mm'])
  expect(plan.reasons.every(({ why }) => why.en !== '' && why.zh !== '')).toBe(true)
})

test('without float16 arithmetic float16 is to be avoided, unless the kernel tells nothing of its features', () => {
  expect(choosePlan(rules, { ...phone, cpuFeatures: ['fp', 'asimd'] })).toMatchObject({ avoid: ['float16'], recipe: { name: 'int8-dynamic' } })
  expect(choosePlan(rules, { ...phone, cpuFeatures: [] })).toMatchObject({ avoid: [], recipe: { name: 'int8-dynamic' } })
})

test('a 32-bit phone and one on the network get the browser; a hot one a single thread; one of unknown clocks leaves them to onnxruntime', () => {
  expect(choosePlan(rules, { ...phone, abis: ['armeabi-v7a'] })).toMatchObject({ adapter: 'browser', provider: 'wasm' })
  expect(choosePlan(rules, { ...phone, abis: [] }, { network: true }).reasons[0]?.rule).toBe('network-browser')
  expect(choosePlan(rules, { ...phone, thermalStatus: 3 })).toMatchObject({ threads: 1 })
  expect(choosePlan(rules, { ...phone, cores: [{ maxMHz: null }] })).toMatchObject({ threads: 0 })
})

test('recipes and options that the rules name exist, and every rule can be told apart', () => {
  for (const { then } of rules.rules) {
    if (!then.recipe) continue
    const recipe = builtInRecipes.find(({ name }) => name === then.recipe?.name)
    for (const [name, options] of Object.entries(then.recipe.options)) {
      expect(recipe?.passes.map(({ pass }) => pass)).toContain(name)
      const parsed = passes.find((pass) => pass.name === name)?.options.parse(options)
      expect(parsed).toMatchObject(options)
    }
  }
  expect(new Set(rules.rules.map(({ id }) => id)).size).toBe(rules.rules.length)
})
