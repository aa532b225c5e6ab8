import { expect, test } from 'vitest'
import { editedText } from './edited-text'

test('says what was measured where it is not the model shown', () => {
  expect(editedText({ revision: 0, dirty: false }, null)).toBeNull()
  expect(editedText({ revision: 2, dirty: true }, null)).toBe('file')
  expect(editedText({ revision: 2, dirty: true }, 2)).toBe('unsaved')
  expect(editedText({ revision: 3, dirty: true }, 2)).toBe('since')
})

test('says nothing more of edits that were saved since they were measured', () => {
  expect(editedText({ revision: 2, dirty: false }, 2)).toBeNull()
})
