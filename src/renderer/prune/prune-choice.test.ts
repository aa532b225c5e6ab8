import { describe, expect, it } from 'vitest'
import { shortfall } from './prune-choice'

const pair = (before: number, after: number) => ({ before, after })
const preview = { macs: pair(100, 72), parameters: pair(100, 99), sizeBytes: pair(400, 396) }

describe('shortfall', () => {
  it('is told where clearly less goes than was asked for', () => {
    expect(shortfall(preview, { target: 'parameters', amount: 0.3 })).toBeCloseTo(0.01)
    expect(shortfall(preview, { target: 'size', amount: 0.3 })).toBeCloseTo(0.01)
  })

  it('is none where channels that go in groups leave a little', () => {
    expect(shortfall(preview, { target: 'macs', amount: 0.3 })).toBeNull()
  })

  it('is not made up where it cannot be told beforehand', () => {
    expect(shortfall({ ...preview, macs: null }, { target: 'macs', amount: 0.3 })).toBeNull()
    expect(shortfall(preview, { target: 'latency', amount: 0.3 })).toBeNull()
  })
})
