import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  minimumWeightScales,
  quantizationParameters,
  quantizationRange,
  quantizeBias,
  quantizeChannels,
  quantizeTensor,
  quantizeValue,
  roundHalfToEven,
} from './quantize-numerics'

const uint8 = { ...quantizationRange('uint8', { symmetric: false, reduceRange: false }), symmetric: false }
const int8 = { ...quantizationRange('int8', { symmetric: true, reduceRange: false }), symmetric: true }

describe('rounding', () => {
  it('takes halves to the even neighbour, on both sides of zero', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.5].map(roundHalfToEven).map((value) => value + 0)).toEqual([0, 2, 2, 0, -2, -2, 126, 128])
  })

  it('takes everything else to the nearest integer', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (value) => {
        fc.pre(Math.abs(value - Math.trunc(value)) !== 0.5)
        expect(Math.abs(roundHalfToEven(value) - value)).toBeLessThan(0.5)
      }),
    )
  })
})

describe('scale and zero point', () => {
  it('spread an asymmetric range over all 256 steps', () => {
    // 3 / 255 in float64, then float32; zero point round(0 + 1 / 0.0117647…) = 85.
    expect(quantizationParameters(-1, 2, uint8)).toEqual({ scale: Math.fround(3 / 255), zeroPoint: 85 })
  })

  it('always include zero', () => {
    expect(quantizationParameters(1, 2, uint8)).toEqual({ scale: Math.fround(2 / 255), zeroPoint: 0 })
    expect(quantizationParameters(-4, -1, uint8)).toEqual({ scale: Math.fround(4 / 255), zeroPoint: 255 })
  })

  it('keep zero in the middle where they are symmetric', () => {
    expect(quantizationParameters(-0.5, 2, int8)).toEqual({ scale: Math.fround(4 / 254), zeroPoint: 0 })
    // (0 + 255) / 2 rounds to even.
    expect(quantizationParameters(-0.5, 2, { ...uint8, symmetric: true })).toEqual({ scale: Math.fround(4 / 255), zeroPoint: 128 })
  })

  it('are 1 and 0 for a range that float32 cannot divide', () => {
    expect(quantizationParameters(0, 0, uint8)).toEqual({ scale: 1, zeroPoint: 0 })
    expect(quantizationParameters(0, 1e-40, uint8)).toEqual({ scale: 1, zeroPoint: 0 })
  })

  it('leave out what a reduced range leaves out', () => {
    expect(quantizationRange('int8', { symmetric: true, reduceRange: true })).toEqual({ qmin: -64, qmax: 64 })
    expect(quantizationRange('uint8', { symmetric: false, reduceRange: true })).toEqual({ qmin: 0, qmax: 127 })
    expect(quantizationRange('int8', { symmetric: false, reduceRange: false })).toEqual({ qmin: -128, qmax: 127 })
  })

  it('bring every value in range back within half a step, and zero exactly', () => {
    const range = fc.tuple(fc.float({ min: -1000, max: 1000, noNaN: true }), fc.float({ min: -1000, max: 1000, noNaN: true })).filter(([a, b]) => Math.abs(a - b) > 1e-3)
    fc.assert(
      fc.property(range, fc.double({ min: 0, max: 1, noNaN: true }), ([a, b], at) => {
        const [low, high] = [Math.min(a, b, 0), Math.max(a, b, 0)]
        const parameters = quantizationParameters(low, high, uint8)
        const value = Math.fround(low + at * (high - low))
        const back = (quantizeValue(value, parameters, uint8) - parameters.zeroPoint) * parameters.scale
        expect(Math.abs(back - value)).toBeLessThanOrEqual(parameters.scale * 1.001)
        expect(quantizeValue(0, parameters, uint8)).toBe(parameters.zeroPoint)
      }),
    )
  })
})

describe('weights', () => {
  it('get a scale for each index of the channel axis', () => {
    const values = Float32Array.of(1, -2, 0.5, 4, 3, -0.25)
    const rows = quantizeChannels(values, { dims: [2, 3], axis: 0 }, { type: 'int8', symmetric: true, reduceRange: false })
    expect([...rows.scales]).toEqual([4 / 254, 8 / 254].map(Math.fround))
    expect([...rows.values]).toEqual([64, -127, 32, 127, 95, -8])
    const columns = quantizeChannels(values, { dims: [2, 3], axis: 1 }, { type: 'int8', symmetric: true, reduceRange: false })
    expect([...columns.scales]).toEqual([8 / 254, 6 / 254, 1 / 254].map(Math.fround))
    expect([...columns.values]).toEqual([32, -85, 127, 127, 127, -64])
  })

  it('with one scale use the range of all of them', () => {
    const { values, scales, zeroPoints } = quantizeTensor(Float32Array.of(-1, 0, 2), { type: 'uint8', symmetric: false, reduceRange: false })
    expect([...values]).toEqual([0, 85, 255])
    expect([...scales]).toEqual([Math.fround(3 / 255)])
    expect([...zeroPoints]).toEqual([85])
  })
})

describe('a bias', () => {
  it('is an integer at the scale of the products it is added to', () => {
    const { values, scales } = quantizeBias(Float32Array.of(1, -1), 0.5, Float32Array.of(0.25, 0.125))
    expect([...scales]).toEqual([0.125, 0.0625])
    expect([...values]).toEqual([8, -16])
  })

  it('that would not fit int32 asks for a wider weight scale', () => {
    const minimum = minimumWeightScales(Float32Array.of(10, 0), 1e-3, Float32Array.of(1e-9, 1e-9))
    const [needed = 0] = minimum
    expect(minimum[1]).toBe(0)
    const { values } = quantizeBias(Float32Array.of(10), 1e-3, Float32Array.of(needed))
    expect(values[0]).toBeLessThan(2 ** 31 - 1)
    expect(values[0]).toBeGreaterThan(2 ** 31 * 0.99)
  })
})
