/** Limits that a model is held to. */
import { z } from 'zod'
import { AppError } from '../errors'
import { type MetricName as Metric, MetricName, metricText } from '../evaluation/metric'
import { reportWords } from './report-words'
import { accuracyKinds, accuracyOf, type VariantRow } from './variant-table'

export const BUDGET_FIGURES = ['p50Ms', 'p95Ms', 'sizeBytes', 'parameters', 'macs', 'peakMemoryBytes', 'accuracy', 'sqnrDb'] as const

export const Budget = z
  .strictObject({
    name: z.string().min(1).max(80),
    figure: z.enum(BUDGET_FIGURES),
    atMost: z.number().optional(),
    atLeast: z.number().optional(),
    metric: MetricName.optional().describe('With the figure accuracy; the one evaluated where it is left out.'),
    device: z.string().optional().describe('With latencies and memory: part of the name of the device. Every device where it is left out; each must keep to the budget.'),
  })
  .refine(({ atMost, atLeast }) => (atMost === undefined) !== (atLeast === undefined), { message: 'give either atMost or atLeast' })
export type Budget = z.infer<typeof Budget>

/** What people take as fast or small enough, by what the model does. */
export const budgetPresets = {
  'image-recognition': { name: 'Image recognition', figure: 'p95Ms', atMost: 100 },
  voice: { name: 'Voice', figure: 'p95Ms', atMost: 800 },
  'text-in-image': { name: 'Text in image', figure: 'p95Ms', atMost: 1200 },
  gesture: { name: 'Gesture', figure: 'p95Ms', atMost: 100 },
  translation: { name: 'Translation', figure: 'sizeBytes', atMost: 50_000_000 },
  'whole-answer': { name: 'Whole answer', figure: 'p95Ms', atMost: 3000 },
} as const satisfies Record<string, Budget>
export type BudgetPreset = keyof typeof budgetPresets
export const budgetPresetNames = Object.keys(budgetPresets) as BudgetPreset[]

const Entry = z.union([Budget, z.strictObject({ preset: z.enum(budgetPresetNames as [BudgetPreset, ...BudgetPreset[]]), device: z.string().optional() })])
const BudgetFile = z.strictObject({ budgets: z.array(Entry).min(1) })

/** The budgets in a JSON document `{ "budgets": [ … ] }`. Throws AppError `invalid-data`, naming the field. */
export function parseBudgets(text: string): Budget[] {
  const wrong = (reason: string) => new AppError({ code: 'invalid-data', message: `These are no budgets: ${reason}.`, hint: `For example {"budgets": [{"preset": "image-recognition"}, {"name": "small", "figure": "sizeBytes", "atMost": 5000000}]}. Figures: ${BUDGET_FIGURES.join(', ')}. Presets: ${budgetPresetNames.join(', ')}.` })
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw wrong((error as Error).message)
  }
  const parsed = BudgetFile.safeParse(raw)
  if (!parsed.success) throw wrong(issueText(parsed.error))
  return parsed.data.budgets.map((entry): Budget => {
    if (!('preset' in entry)) return entry
    return { ...budgetPresets[entry.preset], ...(entry.device !== undefined && { device: entry.device }) }
  })
}

/** Of the entries' two forms, what is wrong with the one that was meant. */
function issueText(error: z.ZodError): string {
  const [issue] = error.issues
  const inner = issue?.code === 'invalid_union' ? issue.errors.flat().find(({ path, code }) => path.length > 0 || code === 'custom') : undefined
  const path = [...(issue?.path ?? []), ...(inner?.path ?? [])].join('.')
  return `${path === '' ? '' : `${path}: `}${inner?.message ?? issue?.message ?? 'not valid'}`
}

export interface Verdict {
  readonly outcome: 'met' | 'missed' | 'unknown'
  /** The figure that decided, the worst of several; null where there is none. */
  readonly actual: number | null
  /** Where it was measured, or what is missing. */
  readonly detail: string
}

/** Whether a model keeps to a budget; unknown where the figure was not measured. */
export function judgeBudget(row: VariantRow, budget: Budget): Verdict {
  const found = figuresFor(row, budget)
  if (found.length === 0) return { outcome: 'unknown', actual: null, detail: missing(budget) }
  const isWorse = (a: number, b: number) => (budget.atMost === undefined ? a < b : a > b)
  const worst = found.reduce((a, b) => (isWorse(b.value, a.value) ? b : a))
  const isMet = budget.atMost === undefined ? worst.value >= (budget.atLeast ?? 0) : worst.value <= budget.atMost
  return { outcome: isMet ? 'met' : 'missed', actual: worst.value, detail: worst.detail }
}

interface Found {
  readonly value: number
  readonly detail: string
}

function figuresFor(row: VariantRow, { figure, device, metric }: Budget): Found[] {
  const onDevices = row.latencies.filter((latency) => device === undefined || latency.device.toLowerCase().includes(device.toLowerCase()))
  switch (figure) {
    case 'p50Ms':
    case 'p95Ms':
      return onDevices.map((latency) => ({ value: latency[figure], detail: latency.device }))
    case 'peakMemoryBytes':
      return onDevices.flatMap((latency) => (latency.peakMemoryBytes === null ? [] : [{ value: latency.peakMemoryBytes, detail: latency.device }]))
    case 'sizeBytes':
    case 'parameters':
      return [{ value: row[figure], detail: '' }]
    case 'macs':
      return row.macs === null ? [] : [{ value: row.macs, detail: '' }]
    case 'sqnrDb':
      return row.sqnr === null ? [] : [{ value: row.sqnr.db ?? Infinity, detail: '' }]
    case 'accuracy': {
      const kinds = accuracyKinds([row]).filter((kind) => metric === undefined || kind.metric === metric)
      return kinds.flatMap(({ key }) => {
        const accuracy = accuracyOf(row, key)
        return accuracy ? [{ value: accuracy.value, detail: `${accuracy.metric}, ${accuracy.data}` }] : []
      })
    }
  }
}

function missing({ figure, device, metric }: Budget): string {
  if (figure === 'accuracy') return `${metric ?? 'accuracy'} was not evaluated`
  if (figure === 'sqnrDb') return 'outputs were not compared with a source'
  if (figure === 'macs') return 'a shape is open'
  return `not measured${device === undefined ? '' : ` on '${device}'`}`
}

/** For people: `p95 ≤ 100 ms`. */
export function budgetText(budget: Budget, names = reportWords.en.figures): string {
  const limit = budget.atMost ?? budget.atLeast ?? 0
  return `${names[budget.figure]} ${budget.atMost === undefined ? '≥' : '≤'} ${budgetFigureText(budget, limit)}`
}

export function budgetFigureText({ figure, metric }: Pick<Budget, 'figure' | 'metric'>, value: number): string {
  switch (figure) {
    case 'p50Ms':
    case 'p95Ms':
      return `${Number(value.toPrecision(4))} ms`
    case 'sizeBytes':
    case 'peakMemoryBytes':
      return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`
    case 'parameters':
    case 'macs':
      return value < 1e6 ? `${(value / 1e3).toFixed(1)} k` : `${(value / 1e6).toFixed(2)} M`
    case 'sqnrDb':
      return Number.isFinite(value) ? `${value.toFixed(1)} dB` : '∞ dB'
    case 'accuracy':
      return accuracyText(metric, value)
  }
}

function accuracyText(metric: Metric | undefined, value: number): string {
  return metric === undefined ? String(Number(value.toPrecision(5))) : metricText(metric, value)
}
