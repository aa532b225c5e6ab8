import { expect, test } from 'vitest'
import { figureText, spreadOf, timeSync } from './bench'

test('a figure tells its median, best and spread, and flags a spread over 5 %', () => {
  const figure = { name: 'start', unit: 'ms' as const, ...spreadOf([30, 10, 20, 50, 40]) }
  expect(figureText(figure)).toBe('  start: 30.0 ms (best 10.0, p10–p90 14.0–46.0), 5 runs, spread 107 % (over 5 %)')
  expect(figureText({ name: 'start', unit: 'ms', ...spreadOf([30, 30, 30]) })).toBe('  start: 30.0 ms (best 30.0, p10–p90 30.0–30.0), 3 runs')
})

test('a figure says whether it keeps its bar', () => {
  expect(figureText({ name: 'size', unit: '×', value: 0.27, runs: 1, atMost: 0.27 })).toBe('  size: 0.270 ×, 1 run, bar ≤ 0.27 ×: met')
  expect(figureText({ name: 'size', unit: '×', value: 0.271, runs: 1, atMost: 0.27, note: 'why' })).toBe('  size: 0.271 ×, 1 run, bar ≤ 0.27 ×: MISSED — why')
})

test('timing runs the work as often as asked, warm-up runs not counted', () => {
  let calls = 0
  const { wallMs, processorMs } = timeSync(() => void calls++, { runs: 4, warmup: 3 })
  expect([calls, wallMs.length, processorMs.length]).toEqual([7, 4, 4])
})
