import { expect, test } from 'vitest'
import { coreNumbers, emptyDraft, optionsOf } from './deploy-options'

test.each([
  ['', []],
  ['4-7', [4, 5, 6, 7]],
  [' 0, 2-3 ,2', [0, 2, 3]],
  ['7-4', null],
  ['a', null],
  ['1,', null],
  ['300', null],
])('cores %j', (text, cores) => expect(coreNumbers(text)).toEqual(cores))

test('what the form leaves empty is left to the rules', () => {
  expect(optionsOf(emptyDraft)).toMatchObject({ adapter: null, provider: null, threads: null, cores: [], manifestPath: null, runs: 50 })
  expect(optionsOf({ ...emptyDraft, adapter: 'browser', provider: 'webgpu', threads: 0, manifestPath: ' /a b ' })).toMatchObject({ adapter: 'browser', provider: 'webgpu', threads: 0, manifestPath: '/a b' })
  expect(optionsOf({ ...emptyDraft, cores: '4-' })).toBeNull()
})
