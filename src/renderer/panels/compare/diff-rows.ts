/** A comparison of two models as rows of a table. */
import type { ModelDiff } from '#shared/ipc/model-diff'
import { differenceWords, type CanvasWords } from '../../canvas/compare/change-words'
import type { CompareIndex, Difference, DiffTone } from '../../canvas/compare/compare-index'
import type { LatencyOf } from '../../canvas/compare/node-latencies'

export type EntryKind = 'input' | 'output' | 'field' | 'function'

export interface DiffRow {
  readonly kind: DiffTone | EntryKind
  readonly name: string
  readonly opType: string
  readonly words: string
  /** Latency p50 in both models, ms; null where it was not measured, or the side has no part in it. */
  readonly latencyA: number | null
  readonly latencyB: number | null
  /** Null for what is no node. */
  readonly difference: Difference | null
}

interface RowContext {
  readonly t: CanvasWords
  readonly latencyA: LatencyOf
  readonly latencyB: LatencyOf
}

/** What differs: the models' own fields and functions first, then graph by graph its inputs, outputs and nodes. */
export function diffRows({ diff, index }: { readonly diff: ModelDiff; readonly index: CompareIndex }, { t, latencyA, latencyB }: RowContext): DiffRow[] {
  return [
    ...entryRows('field', diff.fields),
    ...entryRows('function', diff.functions),
    ...diff.graphs.flatMap(({ inputs, outputs }) => [...entryRows('input', inputs), ...entryRows('output', outputs)]),
    ...index.differences.map((difference): DiffRow => {
      const { tone, name, opType, a, b } = difference
      return { kind: tone, name, opType, words: differenceWords(t, difference).join('; '), latencyA: latencyA(a), latencyB: latencyB(b), difference }
    }),
  ]
}

/** `1 → 2`; what one side does not have is a dash. */
function entryRows(kind: EntryKind, entries: ModelDiff['fields']): DiffRow[] {
  return entries.map(({ name, a, b }) => ({ kind, name, opType: '', words: `${a || '–'} → ${b || '–'}`, latencyA: null, latencyB: null, difference: null }))
}
