import { describe, expect, test } from 'vitest'
import { TensorDetails } from '../../ipc/model-view'
import { memorySource } from '../byte-source'
import { ModelDocument } from '../document'
import type { Tensor } from '../records'
import { bytesOf } from '../tensor-data'
import { buildModel, tensor, tensorRecord, type TensorSpec } from '../testing/build-model'
import { describeTensor, findTensor } from './describe-tensor'

const details = (spec: TensorSpec | Tensor, offset = 0, limit = 256) =>
  TensorDetails.parse(describeTensor('dtype' in spec ? tensorRecord('t', spec) : spec, { offset, limit }))

describe('the values of a tensor', () => {
  test('come a page at a time, as text', () => {
    const spec = tensor('float32', [5], [0.1, -2, 3, 4, Infinity])
    expect(details(spec).values).toEqual(['0.1', '-2', '3', '4', 'Infinity'])
    expect(details(spec, 1, 2)).toMatchObject({ offset: 1, values: ['-2', '3'] })
    expect(details(spec, 4, 10).values).toEqual(['Infinity'])
    expect(details(spec, 9, 10).values).toEqual([])
  })

  test('are exact in every type', () => {
    expect(details(tensor('int64', [2], [9007199254740993n, -1n])).values).toEqual(['9007199254740993', '-1'])
    expect(details(tensor('float64', [1], [0.1 + 0.2])).values).toEqual(['0.30000000000000004'])
    expect(details(tensor('float16', [2], [0x3c00, 0x2e66])).values).toEqual(['1', '0.099975586'])
    expect(details(tensor('bool', [2], [1, 0])).values).toEqual(['true', 'false'])
    expect(details(tensor('string', [3], ['a', 'é', '']), 1, 1).values).toEqual(['é'])
    const complex = { name: 'z', dataType: 14, dims: [2], data: { kind: 'bytes', bytes: bytesOf(Float32Array.of(1, -2, 0.5, 3)) } } as const
    expect(details(complex, 1, 1)).toMatchObject({ values: ['0.5+3i'], statistics: null, histogram: [] })
    expect(details(complex).values).toEqual(['1-2i', '0.5+3i'])
  })

  test('of four bits are found at any offset', () => {
    const spec = tensor('int4', [11], [1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6])
    expect(details(spec, 9, 5).values).toEqual(['-5', '6'])
    expect(details(spec, 3, 3).values).toEqual(['-2', '3', '-3'])
  })
})

describe('the figures of a tensor', () => {
  test('are over its finite values', () => {
    const { statistics } = details(tensor('float32', [6], [1, 2, 3, 0, NaN, Infinity]))
    expect(statistics).toEqual({ min: 0, max: 3, mean: 1.5, standardDeviation: Math.sqrt(1.25), zeros: 1, nonFinite: 2, elements: 6 })
    expect(details(tensor('float32', [1], [NaN])).statistics).toBeNull()
    expect(details(tensor('float32', [0], [])).statistics).toBeNull()
  })

  test('stay exact where the spread is small beside the mean', () => {
    expect(details(tensor('float64', [4], [1e9, 1e9 + 1, 1e9, 1e9 + 1])).statistics).toMatchObject({ mean: 1e9 + 0.5, standardDeviation: 0.5 })
  })

  test('have a histogram that counts every finite value once, unless all are equal', () => {
    const { histogram } = details(tensor('int8', [5], [0, 1, 2, 127, 127]))
    expect(histogram).toHaveLength(64)
    expect(histogram[0]).toBe(2)
    expect(histogram.at(-1)).toBe(2)
    expect(histogram.reduce((sum, count) => sum + count, 0)).toBe(5)
    expect(details(tensor('int8', [3], [7, 7, 7])).histogram).toEqual([])
  })
})

test('a large tensor is read in pages, never whole', () => {
  const count = 3 * 2 ** 20 + 5
  const source = memorySource(bytesOf(Float32Array.from({ length: count }, (_, at) => at % 8)))
  let longest = 0
  const watched = { sizeBytes: source.sizeBytes, read: (offset: number, length: number) => ((longest = Math.max(longest, length)), source.read(offset, length)) }
  const large: Tensor = { name: 'w', dataType: 1, dims: [count], data: { kind: 'raw', span: { source: watched, offset: 0, length: 4 * count } } }
  const { statistics, values } = details(large, count - 2, 10)
  expect(values).toEqual(['3', '4'])
  expect(statistics).toMatchObject({ min: 0, max: 7, elements: count, zeros: 3 * 2 ** 17 + 1 })
  expect(longest).toBe(4 * 2 ** 20)
})

test('missing and unknown values give an empty page, damaged ones an error that says why', () => {
  const away: Tensor = { name: 'w', dataType: 1, dims: [2], data: { kind: 'external', entries: [], resolved: null } }
  expect(details(away)).toMatchObject({ tensor: { storage: 'missing' }, values: [], statistics: null, histogram: [] })
  expect(details({ ...away, dataType: 99, data: { kind: 'bytes', bytes: new Uint8Array(4) } })).toMatchObject({ values: [], statistics: null })
  expect(() => details({ ...away, data: { kind: 'bytes', bytes: new Uint8Array(4) } })).toThrow(/holds 4 bytes/)
})

test('a tensor is found by its name: an initializer here or around, a sparse one, what a Constant holds', () => {
  const model = buildModel({
    inputs: { c: 'bool[]', x: 'float32[1]' },
    outputs: { y: null },
    initializers: { w: tensor('float32', [1], [5]) },
    nodes: [['k = Constant()', { value: tensor('int64', [1], [7]) }], ['y = If(c)', { then_branch: { outputs: { a: null }, nodes: ['a = Neg(w)'] }, else_branch: { outputs: { b: null }, nodes: ['b = Neg(w)'] } }]],
  })
  const values = tensorRecord('s', tensor('float32', [1], [9]))
  const indices = tensorRecord('', tensor('int64', [1], [0]))
  const document = new ModelDocument({ ...model, graph: { ...model.graph, sparseInitializers: [{ values, indices, dims: [3] }] } })
  const [main, then] = document.graphs()
  if (!main || !then) throw new Error('internal: the model has subgraphs')
  expect(findTensor(document, then, 'w')?.name).toBe('w')
  expect(findTensor(document, main, 'k')?.dataType).toBe(7)
  expect(findTensor(document, then, 's')).toBe(values)
  expect(findTensor(document, main, 'x')).toBeNull()
  expect(findTensor(document, main, 'gone')).toBeNull()
})
