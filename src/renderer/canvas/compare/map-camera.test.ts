import { describe, expect, test } from 'vitest'
import { mapCentre, type Anchor } from './map-camera'

const anchors: Anchor[] = [
  { box: 0, from: { x: 0, y: 0 }, to: { x: 10, y: 0 } },
  { box: 1, from: { x: 0, y: 100 }, to: { x: 10, y: 300 } },
]

describe('the other canvas', () => {
  test('has the counterpart in its middle of what is in the middle here', () => {
    const at = mapCentre(anchors, { centre: { x: 0, y: 100 }, reach: 240, chosen: null })
    expect(at?.x).toBeCloseTo(10)
    expect(Math.abs((at?.y ?? NaN) - 300)).toBeLessThan(10)
  })

  test('goes steadily from one counterpart to the next', () => {
    const heights = Array.from({ length: 101 }, (_, y) => mapCentre(anchors, { centre: { x: 0, y }, reach: 500, chosen: null })?.y ?? NaN)
    for (let y = 1; y < heights.length; y++) {
      const step = (heights[y] ?? NaN) - (heights[y - 1] ?? NaN)
      expect(step).toBeGreaterThan(0)
      expect(step).toBeLessThan(8)
    }
  })

  test('holds on to what was chosen', () => {
    const free = mapCentre(anchors, { centre: { x: 0, y: 50 }, reach: 500, chosen: null })
    const held = mapCentre(anchors, { centre: { x: 0, y: 50 }, reach: 500, chosen: 0 })
    expect(free?.y).toBeCloseTo(150, 0)
    expect(held?.y).toBeLessThan(55)
  })

  test('is not moved by what is out of reach', () => {
    expect(mapCentre(anchors, { centre: { x: 0, y: 900 }, reach: 300, chosen: null })).toBeNull()
  })
})
