import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bfloat16ToFloat32, float32ToBfloat16, float32ToFloat16, smallFloatTable } from './small-floats'

const float16ToFloat32 = (code: number): number => smallFloatTable('float16')[code] ?? NaN

describe('float16', () => {
  test('comes back the same from float32 for every code', () => {
    for (let code = 0; code < 65536; code++) {
      const value = float16ToFloat32(code)
      if (Number.isNaN(value)) expect(Number.isNaN(float16ToFloat32(float32ToFloat16(value)))).toBe(true)
      else if (float32ToFloat16(value) !== code) expect.fail(`code ${code} is ${value}, and came back as ${float32ToFloat16(value)}`)
    }
  })

  test('rounds half way to the even code, and to the nearest elsewhere', () => {
    for (let code = 0; code < 0x7bff; code++) {
      const [low, high] = [float16ToFloat32(code), float16ToFloat32(code + 1)]
      const middle = (low + high) / 2
      const even = code % 2 === 0 ? code : code + 1
      if (float32ToFloat16(middle) !== even) expect.fail(`${middle} became ${float32ToFloat16(middle)}`)
      const step = (high - low) / 64
      if (float32ToFloat16(middle - step) !== code || float32ToFloat16(middle + step) !== code + 1) expect.fail(`around ${middle}`)
    }
  })

  test.each([
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-65520, 0xfc00],
    [1e30, 0x7c00],
    [Infinity, 0x7c00],
    [-0, 0x8000],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1.5 * 2 ** -25, 1],
    [1, 0x3c00],
  ])('of %d is %d', (value, code) => {
    expect(float32ToFloat16(value)).toBe(code)
  })
})

describe('bfloat16', () => {
  test('is the nearest of float32 values with 8 significant bits, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(3e38), min: Math.fround(-3e38) }), (value) => {
        const code = float32ToBfloat16(value)
        const error = Math.abs(bfloat16ToFloat32(code) - value)
        const neighbours = [code - 1, code + 1].filter((near) => (near & 0x8000) === (code & 0x8000) && near >= 0)
        for (const near of neighbours) {
          const other = Math.abs(bfloat16ToFloat32(near) - value)
          if (other < error) return false
          if (other === error && code % 2 !== 0) return false
        }
        return true
      }),
      { numRuns: 2000 },
    )
  })

  test('keeps NaN and infinities', () => {
    expect(bfloat16ToFloat32(float32ToBfloat16(NaN))).toBeNaN()
    expect(bfloat16ToFloat32(float32ToBfloat16(-Infinity))).toBe(-Infinity)
  })
})

describe('small formats', () => {
  // Largest finite, smallest positive and the codes of NaN, from the format definitions in ONNX's documentation.
  test.each([
    ['float8e4m3fn', 0x7e, 448, 2 ** -9, [0x7f, 0xff]],
    ['float8e4m3fnuz', 0x7f, 240, 2 ** -10, [0x80]],
    ['float8e5m2', 0x7b, 57344, 2 ** -16, [0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff]],
    ['float8e5m2fnuz', 0x7f, 57344, 2 ** -17, [0x80]],
  ] as const)('%s has its largest value, smallest value and NaNs', (name, largestCode, largest, smallest, nans) => {
    const table = smallFloatTable(name)
    expect(table[largestCode]).toBe(largest)
    expect(table[1]).toBe(smallest)
    const isNan = [...table.keys()].filter((code) => Number.isNaN(table[code]))
    expect(isNan).toEqual(nans)
    expect(Math.max(...[...table].filter(Number.isFinite))).toBe(largest)
  })

  test('float4e2m1 has its sixteen values', () => {
    const positive = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    expect([...smallFloatTable('float4e2m1')]).toEqual([...positive, ...positive.map((value) => -value)])
  })

  test('float8e8m0 has powers of two, and NaN at the end', () => {
    const table = smallFloatTable('float8e8m0')
    expect([table[0], table[127], table[254], table[255]]).toEqual([2 ** -127, 1, 2 ** 127, NaN])
  })
})
