import { expect, test } from 'vitest'
import { bytesOf, numbersFromBytes } from '#shared/onnx/tensor-data'
import type { DataTypeName } from '#shared/onnx/data-type'
import { convertElements, firstNotFinite } from './convert-elements'

function converted(bytes: Uint8Array, from: DataTypeName, to: DataTypeName, scale?: number): unknown {
  const result = convertElements(bytes, { from, to, ...(scale !== undefined && { scale }) })
  if ('problem' in result) return result.problem
  const width = { float16: 2, float32: 4, float64: 8, int64: 8, uint64: 8, int32: 4, int8: 1, uint8: 1, bool: 1 } as Partial<Record<DataTypeName, number>>
  return Array.from(numbersFromBytes(to, result.bytes, result.bytes.byteLength / (width[to] ?? 1)), Number)
}

test('integers become floats exactly, or not at all', () => {
  expect(converted(bytesOf(Int32Array.of(-7, 2 ** 24)), 'int32', 'float32')).toEqual([-7, 2 ** 24])
  expect(converted(bytesOf(Int32Array.of(2 ** 24 + 1)), 'int32', 'float32')).toBe('16777217 has no exact form in float32')
  expect(converted(bytesOf(Int32Array.of(2049)), 'int32', 'float16')).toBe('2049 has no exact form in float16')
})

test('floats become integers where they are whole and in range', () => {
  expect(converted(bytesOf(Float64Array.of(3, -4)), 'float64', 'int64')).toEqual([3, -4])
  expect(converted(bytesOf(Float32Array.of(0.5)), 'float32', 'int32')).toBe('0.5 is not an integer')
  expect(converted(bytesOf(Float32Array.of(300)), 'float32', 'uint8')).toBe('300 is outside the range of uint8')
  expect(converted(bytesOf(Float64Array.of(2 ** 63)), 'float64', 'int64')).toContain('outside the range of int64')
})

test('integers change width only within range', () => {
  expect(converted(bytesOf(BigInt64Array.of(-1n, 127n)), 'int64', 'int8')).toEqual([-1, 127])
  expect(converted(bytesOf(BigInt64Array.of(-1n)), 'int64', 'uint64')).toBe('-1 is outside the range of uint64')
  expect(converted(Uint8Array.of(0, 1), 'uint8', 'bool')).toEqual([0, 1])
  expect(converted(Uint8Array.of(2), 'uint8', 'bool')).toBe('2 is outside the range of bool')
})

test('wide floats are rounded to narrow ones, but do not overflow', () => {
  expect(converted(bytesOf(Float64Array.of(0.1)), 'float64', 'float32')).toEqual([Math.fround(0.1)])
  expect(converted(bytesOf(Float32Array.of(1e6)), 'float32', 'float16')).toBe('1000000 is outside the range of float16')
})

test('a scale is applied on the way', () => {
  expect(converted(Uint8Array.of(0, 51, 255), 'uint8', 'float32', 1 / 255)).toEqual([0, Math.fround(0.2), 1])
})

test('the first NaN or infinity is found in every float type', () => {
  expect(firstNotFinite(bytesOf(Float32Array.of(1, NaN)), 'float32')).toBe(1)
  expect(firstNotFinite(bytesOf(Float32Array.of(1, 2, 3, 4, 5, Infinity, 7)), 'float32')).toBe(5)
  expect(firstNotFinite(bytesOf(Float32Array.of(1, 2, -Infinity, 4, NaN)), 'float32')).toBe(2)
  expect(firstNotFinite(bytesOf(Float64Array.of(1, 2, -Infinity)), 'float64')).toBe(2)
  expect(firstNotFinite(bytesOf(Uint16Array.of(0x3c00, 0x7c00)), 'float16')).toBe(1)
  expect(firstNotFinite(bytesOf(Float32Array.of(1, 2)), 'float32')).toBe(-1)
  expect(firstNotFinite(bytesOf(Int32Array.of(-1)), 'int32')).toBe(-1)
})
