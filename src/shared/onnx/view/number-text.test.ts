import { expect, test } from 'vitest'
import { float32Text, listText } from './number-text'

test('a float32 is written with no more digits than it needs', () => {
  expect(float32Text(Math.fround(0.1))).toBe('0.1')
  expect(float32Text(Math.fround(1e-5))).toBe('0.00001')
  expect(float32Text(Math.fround(1 / 3))).toBe('0.33333334')
  expect(float32Text(-0)).toBe('-0')
  expect(float32Text(Infinity)).toBe('Infinity')
})

test('every float32 reads back as itself', () => {
  const bits = new DataView(new ArrayBuffer(4))
  for (let at = 0; at < 2000; at++) {
    bits.setUint32(0, (at * 2654435761) >>> 0)
    const value = bits.getFloat32(0)
    if (Number.isFinite(value)) expect(Math.fround(Number(float32Text(value)))).toBe(value)
  }
})

test('long lists are cut and counted', () => {
  expect(listText(['1', '2'])).toBe('1, 2')
  expect(listText(['a', 'b', 'c'], 2)).toBe('a, b, … (3 in all)')
})
