import { describe, expect, it } from 'vitest'
import { isEditable, parseAttribute } from './attribute-text'

describe('attributes as text', () => {
  it('are read by their type', () => {
    expect(parseAttribute('axis', 'int', ' -1 ')).toEqual({ name: 'axis', type: 'int', value: '-1' })
    expect(parseAttribute('pads', 'ints', '[1, 2,3]')).toEqual({ name: 'pads', type: 'ints', value: ['1', '2', '3'] })
    expect(parseAttribute('pads', 'ints', '')).toEqual({ name: 'pads', type: 'ints', value: [] })
    expect(parseAttribute('alpha', 'float', '1e-3')).toEqual({ name: 'alpha', type: 'float', value: 0.001 })
    expect(parseAttribute('mode', 'string', 'a, b')).toEqual({ name: 'mode', type: 'string', value: 'a, b' })
    expect(parseAttribute('keys', 'strings', 'a, b')).toEqual({ name: 'keys', type: 'strings', value: ['a', 'b'] })
  })

  it('keep whole numbers beyond the exact range of a double', () => {
    expect(parseAttribute('end', 'int', '9223372036854775807')).toEqual({ name: 'end', type: 'int', value: '9223372036854775807' })
  })

  it('keep infinities and NaN as words', () => {
    expect(parseAttribute('x', 'floats', '-inf, NaN, Infinity')).toEqual({ name: 'x', type: 'floats', value: ['-Infinity', 'NaN', 'Infinity'] })
  })

  it('say what is wrong', () => {
    expect(parseAttribute('axis', 'int', '1.5')).toBe('whole')
    expect(parseAttribute('pads', 'ints', '1,,2')).toBe('wholes')
    expect(parseAttribute('alpha', 'float', '')).toBe('number')
    expect(parseAttribute('alpha', 'floats', '1, two')).toBe('numbers')
    expect(parseAttribute('dtype', 'type', ' ')).toBe('empty')
  })

  it('are edited only where the text is the whole value', () => {
    expect(isEditable({ name: 'pads', type: 'ints', text: '1, 1' })).toBe(true)
    expect(isEditable({ name: 'pads', type: 'ints', text: '1, 1, … (40 in all)' })).toBe(false)
    expect(isEditable({ name: 'name', type: 'string', text: 'abc… (900 bytes in all)' })).toBe(false)
    expect(isEditable({ name: 'axis', type: 'int', text: '@axis' })).toBe(false)
    expect(isEditable({ name: 'value', type: 'tensor', text: 'float32[3]' })).toBe(false)
  })
})
