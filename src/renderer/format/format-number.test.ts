import { describe, expect, it } from 'vitest'
import { axisText, formatBytes, formatCount, formatDb, formatDuration, formatInteger, formatMs, formatRatio, quantityText, significant } from './format-number'

describe('figures for people', () => {
  it('keep three significant digits and pick the unit', () => {
    expect(quantityText(formatBytes(0))).toBe('0 B')
    expect(quantityText(formatBytes(999))).toBe('999 B')
    expect(quantityText(formatBytes(44_700_000))).toBe('44.7 MB')
    expect(quantityText(formatCount(25_557_032))).toBe('25.6 M')
    expect(quantityText(formatCount(12))).toBe('12')
  })

  it('step to the next unit rather than show a thousand of the smaller one', () => {
    expect(quantityText(formatBytes(999_600))).toBe('1.00 MB')
    expect(quantityText(formatBytes(2_000_000_000))).toBe('2.00 GB')
  })

  it('show time in microseconds, milliseconds or seconds', () => {
    expect(quantityText(formatMs(0.0123))).toBe('12.3 µs')
    expect(quantityText(formatMs(3.14159))).toBe('3.14 ms')
    expect(quantityText(formatMs(1234))).toBe('1.23 s')
    expect(quantityText(formatMs(0))).toBe('0 ms')
  })

  it('write ratios without a gap and equal outputs as infinite', () => {
    expect(quantityText(formatRatio(0.2671))).toBe('0.267×')
    expect(quantityText(formatDb(null))).toBe('∞ dB')
    expect(quantityText(formatDb(34.25))).toBe('34.3 dB')
  })

  it('group long integers and keep durations short', () => {
    expect(formatInteger(25557032)).toBe('25\u202f557\u202f032')
    expect(formatInteger(-1234)).toBe('-1\u202f234')
    expect(formatDuration(8_400)).toBe('8 s')
    expect(formatDuration(125_000)).toBe('2 min 05 s')
    expect(formatDuration(3_720_000)).toBe('1 h 02 min')
  })

  it('are as short as they can be on axes', () => {
    expect(axisText(formatMs(0.6))).toBe('0.6 ms')
    expect(axisText(formatMs(50))).toBe('50 ms')
    expect(axisText(formatMs(100))).toBe('100 ms')
    expect(axisText(formatBytes(1_250_000))).toBe('1.25 MB')
  })

  it('do not fall into exponents for ordinary figures', () => {
    expect(significant(0.00012345)).toBe('0.000123')
    expect(significant(123456)).toBe('123456')
    expect(significant(1e-9)).toBe('1.00e-9')
  })
})
