import { expect, test } from 'vitest'
import { AppError } from '../errors'
import { floatAttribute, floatsAttribute, intAttribute, intsAttribute, makeFloat, makeInt, makeInts, makeString, stringAttribute, tensorAttribute } from './attributes'
import type { Attribute } from './records'

const node = (...attributes: Attribute[]) => ({ opType: 'Conv', name: 'c1', attributes })

test('attributes come back as they were made', () => {
  const made = node(makeInt('axis', -1), makeInts('pads', [0, 1]), makeFloat('alpha', 0.1), makeString('mode', 'linéaire'))
  expect(intAttribute(made, 'axis', 0)).toBe(-1)
  expect(intsAttribute(made, 'pads', null)).toEqual([0, 1])
  expect(floatAttribute(made, 'alpha', 1)).toBe(Math.fround(0.1))
  expect(stringAttribute(made, 'mode', 'nearest')).toBe('linéaire')
})

test('what a node lacks takes the fallback', () => {
  expect(intAttribute(node(), 'axis', 7)).toBe(7)
  expect(intsAttribute(node(), 'pads', null)).toBeNull()
  expect(floatsAttribute(node(), 'scales', [])).toEqual([])
  expect(tensorAttribute(node(), 'value')).toBeNull()
})

test('a value that a function will give counts as lacking', () => {
  expect(intAttribute(node({ name: 'axis', refAttrName: 'axis', type: 'int', value: 0n }), 'axis', 3)).toBe(3)
})

test('a value of another type, or out of range, names the node', () => {
  expect(() => floatAttribute(node(makeInt('alpha', 1)), 'alpha', 1)).toThrow(/'alpha' of Conv 'c1' is of type int, not float/)
  expect(() => intAttribute(node(makeInt('axis', 2n ** 62n)), 'axis', 1)).toThrow(AppError)
})
