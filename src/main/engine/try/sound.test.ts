import { expect, test } from 'vitest'
import { loudest, soundPeaks } from './sound'

test('of a long recording the part with the most energy is taken', () => {
  const sound = new Float32Array(100).fill(0.01)
  sound.fill(0.5, 60, 70)
  expect([...loudest(sound, 10)]).toEqual(new Array(10).fill(0.5))
})

test('a short one stands in the middle of silence', () => {
  expect([...loudest(Float32Array.of(1, 1), 6)]).toEqual([0, 0, 1, 1, 0, 0])
})

test('peaks are magnitudes, at most 160 of them', () => {
  expect(soundPeaks([0.5, -1, 0.25])).toEqual([0.5, 1, 0.25])
  expect(soundPeaks(new Float32Array(8000).fill(-0.5))).toEqual(new Array(160).fill(0.5))
})
