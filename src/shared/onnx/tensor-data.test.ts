import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors'
import { memorySource } from './byte-source'
import { DATA_TYPES, type DataTypeName } from './data-type'
import type { Tensor, TensorData } from './records'
import { elementCount, rawTensor, tensorBytes, tensorFloats, tensorNumbers, tensorSizeBytes, tensorStrings } from './tensor-data'

function spanOf(bytes: Uint8Array) {
  return { source: memorySource(bytes), offset: 0, length: bytes.length }
}

function fieldTensor(dataType: DataTypeName, dims: readonly number[], packed: (writer: BinaryWriter) => BinaryWriter): Tensor {
  const field = DATA_TYPES[dataType].field ?? ''
  return { name: 't', dataType: DATA_TYPES[dataType].code, dims, data: { kind: 'field', field, chunks: [{ span: spanOf(packed(new BinaryWriter()).finish()), packed: true }] } }
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
  return 'no error'
}

describe('numbers', () => {
  const raw: readonly [DataTypeName, number[], readonly (number | bigint)[]][] = [
    ['float32', [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]],
    ['float64', [0, 0, 0, 0, 0, 0, 0xf0, 0x3f], [1]],
    ['uint8', [1, 255], [1, 255]],
    ['int8', [1, 255], [1, -1]],
    ['uint16', [1, 255], [65281]],
    ['int16', [1, 255], [-255]],
    ['int32', [255, 255, 255, 255], [-1]],
    ['uint32', [255, 255, 255, 255], [4294967295]],
    ['int64', [254, 255, 255, 255, 255, 255, 255, 255], [-2n]],
    ['uint64', [255, 255, 255, 255, 255, 255, 255, 255], [2n ** 64n - 1n]],
    ['bool', [1, 0], [1, 0]],
    ['float16', [0, 0x3c, 0, 0xc0], [1, -2]],
    ['bfloat16', [0x80, 0x3f, 0, 0xc0], [1, -2]],
    ['float8e4m3fn', [0x38, 0xc0], [1, -2]],
    ['float8e5m2', [0x3c, 0xc0], [1, -2]],
    ['float8e8m0', [127, 128], [1, 2]],
    ['complex64', [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]],
  ]
  test.each(raw)('of %s are read from raw bytes', (dataType, bytes, expected) => {
    const count = dataType === 'complex64' ? 1 : expected.length
    expect([...tensorNumbers(rawTensor('t', dataType, [count], Uint8Array.from(bytes)))]).toEqual(expected)
  })

  test.each([
    ['uint4', [0x21, 0x0f], 3, [1, 2, 15]],
    ['int4', [0x8f, 0x07], 3, [-1, -8, 7]],
    ['float4e2m1', [0xf1, 0x02], 3, [0.5, -6, 1]],
    ['uint2', [0b11100100, 0b01], 5, [0, 1, 2, 3, 1]],
    ['int2', [0b11100100, 0b01], 5, [0, 1, -2, -1, 1]],
  ] as const)('of %s are unpacked, low bits first', (dataType, bytes, count, expected) => {
    expect([...tensorNumbers(rawTensor('t', dataType, [count], Uint8Array.from(bytes)))]).toEqual(expected)
  })

  test('of typed fields are the same as of raw bytes', () => {
    const floats = fieldTensor('float32', [2], (writer) => writer.float(1).float(-2))
    expect([...tensorNumbers(floats)]).toEqual([1, -2])
    expect([...tensorNumbers(fieldTensor('int8', [3], (writer) => writer.int32(-1).int32(127).int32(-128)))]).toEqual([-1, 127, -128])
    expect([...tensorNumbers(fieldTensor('float16', [2], (writer) => writer.int32(0x3c00).int32(0xc000)))]).toEqual([1, -2])
    expect([...tensorNumbers(fieldTensor('bfloat16', [1], (writer) => writer.int32(0xc000)))]).toEqual([-2])
    expect([...tensorNumbers(fieldTensor('int4', [3], (writer) => writer.int32(0x8f).int32(0x07)))]).toEqual([-1, -8, 7])
    expect([...tensorNumbers(fieldTensor('int64', [2], (writer) => writer.int64(-(2n ** 63n)).int64(5)))]).toEqual([-(2n ** 63n), 5n])
    expect([...tensorNumbers(fieldTensor('uint32', [1], (writer) => writer.uint64(4294967295)))]).toEqual([4294967295])
    expect([...tensorNumbers(fieldTensor('uint64', [1], (writer) => writer.uint64(2n ** 64n - 1n)))]).toEqual([2n ** 64n - 1n])
    expect([...tensorNumbers(fieldTensor('float64', [1], (writer) => writer.double(0.1)))]).toEqual([0.1])
    expect([...tensorNumbers(fieldTensor('bool', [2], (writer) => writer.bool(true).bool(false)))]).toEqual([1, 0])
  })

  test('keep the bits of NaN in a float field', () => {
    const bytes = new Uint8Array([1, 0, 0xa0, 0x7f, 0, 0, 0, 0])
    const tensor: Tensor = {
      name: 't',
      dataType: 1,
      dims: [2],
      data: { kind: 'field', field: 'float_data', chunks: [{ span: spanOf(bytes.subarray(0, 4)), packed: true }, { span: spanOf(bytes.subarray(4)), packed: true }] },
    }
    expect(tensorBytes(tensor)).toEqual(bytes)
  })

  test('are read from bytes at odd addresses', () => {
    const shifted = Uint8Array.from([9, 0, 0, 0x80, 0x3f]).subarray(1)
    expect([...tensorNumbers(rawTensor('t', 'float32', [], shifted))]).toEqual([1])
  })

  test('for numeric work keep 32-bit integers exact', () => {
    const tensor = rawTensor('t', 'int32', [1], Uint8Array.from([255, 255, 255, 127]))
    expect([...tensorFloats(tensor)]).toEqual([2147483647])
    expect(tensorFloats(rawTensor('t', 'int8', [1], Uint8Array.from([255])))).toEqual(Float32Array.of(-1))
  })
})

describe('a view', () => {
  test('is given where the data is in memory', () => {
    const bytes = new Uint8Array(8)
    expect(tensorNumbers(rawTensor('t', 'float32', [2], bytes)).buffer).toBe(bytes.buffer)
  })
})

describe('sizes', () => {
  test('follow from shape and type, whatever the storage', () => {
    expect(tensorSizeBytes(fieldTensor('int8', [3], (writer) => writer.int32(-1).int32(1).int32(2)))).toBe(3)
    expect(tensorSizeBytes(rawTensor('t', 'int4', [3], new Uint8Array(2)))).toBe(2)
    expect(elementCount({ name: 't', dims: [] })).toBe(1)
    expect(elementCount({ name: 't', dims: [2, 0, 3] })).toBe(0)
  })

  test.each([[[-1]], [[2 ** 40, 2 ** 40]]])('of %j are refused', (dims) => {
    expect(codeOf(() => elementCount({ name: 't', dims }))).toBe('invalid-model')
  })
})

describe('values that cannot be had', () => {
  const tensor = (dataType: number, data: TensorData): Tensor => ({ name: 't', dataType, dims: [2], data })

  test('say why', () => {
    const external = (location: string): TensorData => ({ kind: 'external', entries: [{ key: 'location', value: location }], resolved: null })
    expect(codeOf(() => tensorBytes(tensor(1, external('../../etc/passwd'))))).toBe('path-escapes-folder')
    expect(codeOf(() => tensorBytes(tensor(1, external('weights.bin'))))).toBe('not-found')
    expect(codeOf(() => tensorBytes(tensor(1, { kind: 'bytes', bytes: new Uint8Array(7) })))).toBe('invalid-model')
    expect(codeOf(() => tensorNumbers(tensor(99, { kind: 'bytes', bytes: new Uint8Array(7) })))).toBe('not-supported')
    expect(codeOf(() => tensorBytes(tensor(8, { kind: 'strings', values: [] })))).toBe('not-supported')
  })

  test('of a typed field with too few, too many or damaged values are refused', () => {
    expect(codeOf(() => tensorBytes(fieldTensor('int32', [3], (writer) => writer.int32(1).int32(1))))).toBe('invalid-model')
    expect(codeOf(() => tensorBytes(fieldTensor('int32', [1], (writer) => writer.int32(1).int32(1))))).toBe('invalid-model')
    expect(codeOf(() => tensorBytes(fieldTensor('int32', [1], (writer) => writer.raw(Uint8Array.of(0xff)))))).toBe('invalid-model')
    expect(codeOf(() => tensorBytes(fieldTensor('int32', [2 ** 40], (writer) => writer.int32(1))))).toBe('invalid-model')
  })
})

test('texts are read as UTF-8', () => {
  const values = ['', 'naïve', '模型'].map((value) => new TextEncoder().encode(value))
  expect(tensorStrings({ name: 's', dataType: 8, dims: [3], data: { kind: 'strings', values } })).toEqual(['', 'naïve', '模型'])
})
