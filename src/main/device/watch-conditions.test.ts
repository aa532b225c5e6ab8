import { expect, test } from 'vitest'
import type { SustainedSample } from '#shared/deploy'
import { summarizeSustained } from './summarize-sustained'
import { parseConditions } from './watch-conditions'

test('what a phone tells is read, in our units', () => {
  const text = 'Current Battery Service state:\r\n  status: 3\r\n  voltage: 3950\r\n  temperature: 341\r\nIsStatusOverride: false\nThermal Status: 1\nzone 42000\nzone 61500\nzone 5\nzone -40000\nclock 1800000\nclock 2400000\ncurrent -812000\n'
  expect(parseConditions(text)).toEqual({ batteryC: 34.1, hottestC: 61.5, clockMHz: 2100, thermalStatus: 1, currentMa: 812, voltage: 3.95 })
})

test('milliamperes are told from microamperes, and what is not told is null', () => {
  expect(parseConditions('current -450\n').currentMa).toBe(450)
  expect(parseConditions('')).toEqual({ batteryC: null, hottestC: null, clockMHz: null, thermalStatus: null, currentMa: null, voltage: null })
})

function windows(p50: (at: number) => number, more: Partial<SustainedSample> | ((at: number) => Partial<SustainedSample>) = {}): SustainedSample[] {
  return Array.from({ length: 20 }, (_, at) => {
    const base = { atMs: (at + 1) * 1000, runs: 100, p50Ms: p50(at), batteryC: null, hottestC: null, clockMHz: null, thermalStatus: null, currentMa: null, voltage: null }
    return { ...base, ...(typeof more === 'function' ? more(at) : more) }
  })
}

test('a steady run is not throttled; a slower end is, by what goes with it', () => {
  expect(summarizeSustained(windows(() => 10), { seconds: 20, charging: true })).toMatchObject({ slowdown: 1, throttled: null })
  expect(summarizeSustained(windows((at) => 10 + at / 5, (at) => ({ clockMHz: 2000 - 40 * at })), { seconds: 20, charging: true }).throttled).toBe('latency-and-clocks')
  expect(summarizeSustained(windows((at) => 10 + at / 5), { seconds: 20, charging: true }).throttled).toBe('latency')
  expect(summarizeSustained(windows((at) => 10 + at / 10, { clockMHz: 2000 }), { seconds: 20, charging: true }).throttled).toBeNull()
  expect(summarizeSustained(windows(() => 10, { thermalStatus: 2 }), { seconds: 20, charging: true }).throttled).toBe('thermal-status')
})

test('energy is power times time, and unknown while charging or where too little is told', () => {
  const hungry = windows(() => 10, { currentMa: 500, voltage: 4 })
  // 2000 mW for 10 ms.
  expect(summarizeSustained(hungry, { seconds: 20, charging: false }).energyPerInferenceMj).toBeCloseTo(20, 9)
  expect(summarizeSustained(hungry, { seconds: 20, charging: true }).energyPerInferenceMj).toBeNull()
  expect(summarizeSustained(windows(() => 10, (at) => (at < 5 ? { currentMa: 500, voltage: 4 } : {})), { seconds: 20, charging: false }).energyPerInferenceMj).toBeNull()
})
