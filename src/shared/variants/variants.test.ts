import { describe, expect, it } from 'vitest'
import { type Budget, budgetText, judgeBudget, parseBudgets } from './budget'
import { paretoFront } from './pareto-front'
import { reportHtml } from './report-html'
import { tableCsv, tableMarkdown } from './table-text'
import { accuracyKinds, accuracyOf, devicesOf, type VariantRow } from './variant-table'

const sha = (digit: string) => digit.repeat(64)

function row(fields: Partial<VariantRow> & Pick<VariantRow, 'name'>): VariantRow {
  return { role: 'variant', modelPath: `/models/${fields.name}.onnx`, revision: null, sha256: sha('a'), sourceSha256: sha('a'), sizeBytes: 4_000_000, parameters: 1_000_000, macs: 30_000_000, sqnr: null, latencies: [], accuracies: [], ...fields }
}

function latency(device: string, p50Ms: number, p95Ms = p50Ms * 1.2) {
  return { device, isPhone: device.startsWith('Phone'), p50Ms, p95Ms, spread: 0.02, peakMemoryBytes: null, conditions: 'onnxruntime', measuredAt: '2026-01-01T00:00:00Z' }
}

function accuracy(value: number, fingerprint = 'f1', measuredAt = '2026-01-01T00:00:00Z') {
  return { metric: 'top-1' as const, value, interval: { low: value - 0.01, high: value + 0.01 }, samples: 1000, data: 'digits', fingerprint, exactIntegers: true, measuredAt }
}

const rows = [
  row({ name: 'resnet <float>', role: 'source', latencies: [latency('CPU', 12), latency('Phone 8', 20)], accuracies: [accuracy(0.972)] }),
  row({ name: 'int8 | static', sizeBytes: 1_060_000, sqnr: { db: 31.2, conditions: 'on 64 samples' }, latencies: [latency('CPU', 6)], accuracies: [accuracy(0.97, 'f1', '2026-01-01T00:00:00Z'), accuracy(0.971, 'f1', '2026-02-01T00:00:00Z')] }),
  row({ name: '=pruned', sqnr: { db: null, conditions: 'on 64 samples' }, latencies: [latency('CPU', 9)], accuracies: [accuracy(0.9)] }),
]

describe('the front', () => {
  it('has what nothing else beats in both', () => {
    const points = [[1, 1], [2, 3], [3, 2], [2, 3], [4, 4], [4, 3]].map(([cost = 0, benefit = 0]) => ({ cost, benefit }))
    expect(paretoFront(points)).toEqual([points[0], points[1], points[4]])
    expect(paretoFront([])).toEqual([])
  })
})

describe('the table', () => {
  it('knows devices, this computer first, and the latest accuracy on the data most rows share', () => {
    expect(devicesOf(rows)).toEqual(['CPU', 'Phone 8'])
    const [kind] = accuracyKinds([...rows, row({ name: 'other', accuracies: [accuracy(0.5, 'f2')] })])
    expect(kind).toMatchObject({ metric: 'top-1', rows: 3 })
    expect(rows.map((each) => accuracyOf(each, kind?.key ?? '')?.value)).toEqual([0.972, 0.971, 0.9])
  })

  it('is written as CSV that no spreadsheet takes for formulas, and as Markdown that keeps its columns', () => {
    const choice = { devices: devicesOf(rows), accuracy: accuracyKinds(rows)[0] ?? null }
    const csv = tableCsv(rows, choice)
    expect(csv.split('\r\n')).toHaveLength(5)
    expect(csv).toContain("'=pruned,variant,")
    expect(csv.split('\r\n')[2]).toBe(`int8 | static,variant,${sha('a')},1060000,1000000,30000000,31.2,0.971,0.961,0.981,6,7.199999999999999,,,,`)
    const markdown = tableMarkdown(rows, choice).split('\n')
    expect(markdown[3]).toBe('| int8 \\| static | 1.06 MB | 1 M | 30 M | 31.2 dB | 97.10 % | 6.00 ms | 7.20 ms | – | – |')
  })
})

describe('budgets', () => {
  const judge = (budget: Budget) => rows.map((each) => judgeBudget(each, budget).outcome)

  it('are met, missed, or cannot be told', () => {
    expect(judge({ name: 'fast', figure: 'p50Ms', atMost: 9 })).toEqual(['missed', 'met', 'met'])
    expect(judge({ name: 'fast on the phone', figure: 'p95Ms', atMost: 100, device: 'phone' })).toEqual(['met', 'unknown', 'unknown'])
    expect(judge({ name: 'good', figure: 'accuracy', atLeast: 0.971 })).toEqual(['met', 'met', 'missed'])
    expect(judge({ name: 'edit distance', figure: 'accuracy', metric: 'cer', atMost: 0.1 })).toEqual(['unknown', 'unknown', 'unknown'])
    expect(judge({ name: 'close', figure: 'sqnrDb', atLeast: 40 })).toEqual(['unknown', 'missed', 'met'])
    expect(judge({ name: 'small', figure: 'sizeBytes', atMost: 2e6 })).toEqual(['missed', 'met', 'missed'])
  })

  it('of every device are decided by the slowest', () => {
    expect(judgeBudget(rows[0] as VariantRow, { name: 'fast', figure: 'p50Ms', atMost: 15 })).toEqual({ outcome: 'missed', actual: 20, detail: 'Phone 8' })
  })

  it('are read from a file, with presets', () => {
    const budgets = parseBudgets('{"budgets": [{"preset": "gesture", "device": "Pixel"}, {"name": "good", "figure": "accuracy", "metric": "top-1", "atLeast": 0.97}]}')
    expect(budgets.map((budget) => budgetText(budget))).toEqual(['p95 ≤ 100 ms', 'accuracy ≥ 97.00 %'])
    expect(budgets[0]?.device).toBe('Pixel')
  })

  it.each([
    ['{', /JSON/],
    ['{"budgets": []}', /budgets/],
    ['{"budgets": [{"name": "x", "figure": "speed", "atMost": 1}]}', /budgets\.0\.figure/],
    ['{"budgets": [{"name": "x", "figure": "p50Ms"}]}', /either atMost or atLeast/],
    ['{"budgets": [{"name": "x", "figure": "p50Ms", "atMost": "1"}]}', /budgets\.0\.atMost/],
  ])('%s are refused, naming the field', (text, message) => {
    expect(() => parseBudgets(text)).toThrow(expect.objectContaining({ code: 'invalid-data', message: expect.stringMatching(message) as string, hint: expect.stringContaining('image-recognition') as string }))
  })
})

describe('the report', () => {
  const html = reportHtml(rows, { title: 'Digits & more', budgets: [{ name: 'fast', figure: 'p50Ms', atMost: 9 }], madeAt: '2026-01-01T10:00:00Z', tool: 'edgefit 1', language: 'en' })

  it('refers to nothing outside itself, and escapes what it is given', () => {
    expect(html).not.toMatch(/(src|href)=|url\(|@import|<script/)
    expect(html).toContain('resnet &lt;float&gt;')
    expect(html).toContain('<title>Digits &amp; more</title>')
  })

  it('draws a plot for each device with both figures, and judges by word and sign, not by colour alone', () => {
    expect(html.match(/<svg/g)).toHaveLength(2)
    expect(html.match(/<circle/g)).toHaveLength(4)
    expect(html).toMatch(/class="missed">✗ missed 20 ms<small>Phone 8/)
    expect(html).toMatch(/class="met">✓ met 6 ms/)
    expect(html).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('writes names of points close by below each other', () => {
    const close = ['first', 'second', 'third'].map((name) => row({ name, latencies: [latency('CPU', 5)], accuracies: [accuracy(0.9)] }))
    const lines = [...reportHtml(close, { title: 't', budgets: [], madeAt: '', tool: '', language: 'en' }).matchAll(/class="name" x="[^"]*" y="([^"]*)"/g)].map(([, y]) => Number(y))
    expect(lines).toHaveLength(3)
    expect(new Set(lines).size).toBe(3)
  })

  it('says so where nothing was evaluated, and stands with a single point', () => {
    expect(reportHtml([row({ name: 'bare' })], { title: 't', budgets: [], madeAt: '', tool: '', language: 'en' })).toContain('No accuracy was evaluated')
    expect(reportHtml(rows.slice(0, 1), { title: 't', budgets: [], madeAt: '', tool: '', language: 'en' })).not.toMatch(/NaN|Infinity/)
  })

  it('is written in Chinese where that is asked for, but for what was written down', () => {
    const budgets: Budget[] = [{ name: '快', figure: 'p50Ms', atMost: 9 }, { name: '省', figure: 'peakMemoryBytes', atMost: 1 }]
    const chinese = reportHtml([...rows, row({ name: 'edited', revision: 3 })], { title: '数字', budgets, madeAt: '2026-01-01T10:00:00Z', tool: 'edgefit 1', language: 'zh-CN' })
    expect(chinese).toContain('<html lang="zh-CN">')
    expect(chinese).toMatch(/class="missed">✗ 未达到 20 ms<small>Phone 8/)
    expect(chinese).toContain('已编辑，修订 3，未保存')
    const shown = chinese.replace(/<style>.*<\/style>/s, '').replace(/<[^>]*>/g, ' ')
    expect(shown).not.toMatch(/\b(Models?|Size|Parameters|source|Budgets|spread|cannot|missed|met|interval|equal|latency)\b/)
  })
})
