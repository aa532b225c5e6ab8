import { expect, test } from 'vitest'
import { rawTensor } from '../tensor-data'
import { shortValues } from './short-values'

test('scalars and short vectors are shown by their values', () => {
  expect(shortValues(rawTensor('s', 'float32', [], new Uint8Array(new Float32Array([0.1]).buffer)))).toBe('0.1')
  expect(shortValues(rawTensor('v', 'int64', [2], new Uint8Array(new BigInt64Array([-1n, 7n]).buffer)))).toBe('[-1, 7]')
  expect(shortValues(rawTensor('e', 'int64', [0], new Uint8Array()))).toBe('[]')
})

test('long, many-dimensional and unreadable tensors are not', () => {
  expect(shortValues(rawTensor('long', 'uint8', [7], new Uint8Array(7)))).toBeNull()
  expect(shortValues(rawTensor('matrix', 'uint8', [1, 1], new Uint8Array(1)))).toBeNull()
  expect(shortValues({ name: 'unknown', dataType: 99, dims: [1], data: { kind: 'bytes', bytes: new Uint8Array(1) } })).toBeNull()
  expect(shortValues({ name: 'outside', dataType: 1, dims: [1], data: { kind: 'external', entries: [], resolved: null } })).toBeNull()
})
