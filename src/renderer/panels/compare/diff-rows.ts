/** A comparison of two models as rows of a table. */
import type { ModelDiff, NodeChange } from '#shared/ipc/model-diff'

export interface DiffRow {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly name: string
  readonly opType: string
  readonly changes: readonly NodeChange[]
  /** Where it is: ids in the first model or in the second; null where a side does not have it. */
  readonly a: number | null
  readonly b: number | null
}

/** What differs, graph by graph: changed nodes, then those only one side has. */
export function diffRows({ graphs }: ModelDiff): DiffRow[] {
  return graphs.flatMap(({ pairs, removed, added }) => [
    ...pairs.flatMap(({ a, b, changes }): DiffRow[] => (changes.length === 0 ? [] : [{ kind: 'changed', name: b.name, opType: b.opType, changes, a: a.id, b: b.id }])),
    ...removed.map(({ id, name, opType }): DiffRow => ({ kind: 'removed', name, opType, changes: [], a: id, b: null })),
    ...added.map(({ id, name, opType }): DiffRow => ({ kind: 'added', name, opType, changes: [], a: null, b: id })),
  ])
}

/** `strides: [1, 1] → [2, 2]`; parts that one side lacks are a dash. */
export function changeText(change: NodeChange): string {
  const sides = `${change.a ?? '–'} → ${change.b ?? '–'}`
  switch (change.kind) {
    case 'operator':
      return sides
    case 'attribute':
      return `${change.name}: ${sides}`
    case 'type':
      return `[${change.output}] ${sides}`
    case 'input':
      return `(${change.input}) ${sides}`
    case 'weight':
      return `(${change.input}) ${change.relativeError === null ? sides : `‖Δ‖/‖w‖ ${change.relativeError.toPrecision(3)}`}`
  }
}
