import { expect, test } from 'vitest'
import { parseType } from '../text/parse-type'
import { typeText, typeView } from './type-text'

test('types are written the way people read them', () => {
  for (const text of [
    'float32[batch,10]', 'float32[]', 'int4', 'uint8[?,3]', 'sequence(float32[?])', 'sequence(map(string,float32))', 'map(int64,string[])',
    'optional(sequence(bool))', 'sparse(float32[2,2])',
  ]) expect(typeText(parseType(text))).toBe(text)
})

test('what is not known says so', () => {
  expect(typeText(null)).toBe('unknown')
  expect(typeText({ kind: 'tensor', dataType: 0, shape: [1] })).toBe('unknown[1]')
  expect(typeText({ kind: 'tensor', dataType: 99 })).toBe('type#99')
  expect(typeView({ kind: 'tensor', dataType: 1, shape: [Infinity, 2] }).shape).toEqual([null, 2])
  expect(typeText({ kind: 'opaque', domain: 'acme', name: 'Blob' })).toBe('opaque(acme.Blob)')
})

test('the view keeps a tensor shape apart and the rest in words', () => {
  expect(typeView(parseType('float16[N,3]'))).toEqual({ type: 'float16', shape: ['N', 3] })
  expect(typeView(parseType('float16'))).toEqual({ type: 'float16', shape: null })
  expect(typeView(parseType('sequence(float32[2])'))).toEqual({ type: 'sequence(float32[2])', shape: null })
})
