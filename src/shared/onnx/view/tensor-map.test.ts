import { describe, expect, test } from 'vitest'
import { ModelDocument } from '../document'
import { buildModel, tensor, tensorRecord } from '../testing/build-model'
import { findTensor } from './describe-tensor'
import { channelRanges, mapTensor } from './tensor-map'
import { dequantizer, quantizationOf } from './tensor-quantization'

const counting = (dims: number[]) => tensorRecord('t', tensor('float32', dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => at)))

describe('a map of a tensor', () => {
  test('has the axis as rows and what follows it as columns, at an index of what comes before', () => {
    expect(mapTensor(counting([2, 3, 4]), { axis: 0, at: [], transform: null })).toMatchObject({ rows: 2, columns: 12, largest: 23 })
    expect(mapTensor(counting([2, 3, 4]), { axis: 1, at: [1], transform: null }).values).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23])
    expect(mapTensor(counting([2, 3, 4]), { axis: 2, at: [1, 2], transform: null })).toMatchObject({ rows: 4, columns: 1, values: [20, 21, 22, 23] })
    expect(mapTensor(counting([3]), { axis: 0, at: [], transform: null })).toMatchObject({ rows: 1, columns: 3 })
  })

  test('keeps the value of greatest magnitude where many share a cell', () => {
    const values = Array.from({ length: 320 }, (_, at) => (at === 5 ? -100 : 1))
    const map = mapTensor(tensorRecord('t', tensor('float32', [320, 1], values)), { axis: 0, at: [], transform: null })
    expect(map).toMatchObject({ rows: 320, shownRows: 160, largest: 100 })
    expect(map.values[2]).toBe(-100)
    expect(map.values.filter((value) => value === 1)).toHaveLength(159)
  })

  test('shows what is no number as a hole, and refuses a slice that is not there', () => {
    expect(mapTensor(tensorRecord('t', tensor('float32', [1, 2], [NaN, 2])), { axis: 0, at: [], transform: null }).values).toEqual([null, 2])
    expect(() => mapTensor(counting([2, 3]), { axis: 1, at: [2], transform: null })).toThrow(/no slice/)
    expect(() => mapTensor(tensorRecord('t', tensor('string', [1], ['a'])), { axis: 0, at: [], transform: null })).toThrow(/no real numbers/)
  })
})

test('ranges of channels are those of each index along the axis', () => {
  expect(channelRanges(counting([2, 3]), { axis: 0, transform: null })).toEqual({ channels: 2, min: [0, 3], max: [2, 5], zeroShare: [1 / 3, 0] })
  expect(channelRanges(counting([2, 3]), { axis: 1, transform: null })).toMatchObject({ channels: 3, min: [0, 1, 2], max: [3, 4, 5] })
})

describe('codes', () => {
  const model = (node: string, attributes = {}, codes = tensor('int8', [2, 2], [1, 2, 3, 4])) =>
    new ModelDocument(
      buildModel({
        opsets: { '': 21 },
        inputs: { x: 'float32[1,2]' },
        outputs: { y: null },
        initializers: { q: codes, s: tensor('float32', [1], [0.5]), perRow: tensor('float32', [2], [1, 10]), z: tensor('int8', [2], [1, 2]), blocks: tensor('float32', [2, 1], [1, 10]) },
        nodes: [[node, attributes]],
      }),
    )
  const real = (document: ModelDocument) => {
    const { graph } = document.model
    const codes = findTensor(document, graph, 'q')
    const quantization = codes && quantizationOf(document, graph, { name: 'q', tensor: codes, find: (name) => findTensor(document, graph, name) })
    if (!codes || !quantization) return null
    const transform = dequantizer(codes, quantization)
    return { axis: quantization.axis, values: transform && [...transform(Int8Array.of(1, 2, 3, 4), 0)], second: transform && [...transform(Int8Array.of(3, 4), 2)] }
  }

  test('stand for values by one scale for all, or one for each index along the axis', () => {
    expect(real(model('y = DequantizeLinear(q, s)'))).toEqual({ axis: null, values: [0.5, 1, 1.5, 2], second: [1.5, 2] })
    expect(real(model('y = DequantizeLinear(q, perRow, z)', { axis: 0 }))).toEqual({ axis: 0, values: [0, 1, 10, 20], second: [10, 20] })
    expect(real(model('y = DequantizeLinear(q, perRow)', { axis: 1 }))?.values).toEqual([1, 20, 3, 40])
  })

  test('stand for values by a scale for each block', () => {
    expect(real(model('y = DequantizeLinear(q, blocks)', { axis: 1, block_size: 2 }))?.values).toEqual([1, 2, 30, 40])
  })

  test('are told by operators that take scales themselves; a tensor without a scale has none', () => {
    expect(real(model('y = QLinearMatMul(x, s, z, q, perRow, z, s, z)'))?.axis).toBe(1)
    expect(real(model('y = MatMulInteger(x, q)'))).toBeNull()
  })
})
