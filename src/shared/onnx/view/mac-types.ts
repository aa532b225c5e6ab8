import type { ModelDocument } from '../document'
import { inferTypes, type TypeTable } from '../infer/infer-types'
import { singleBatch } from '../infer/macs'

const singleBatchTypes = new WeakMap<TypeTable, TypeTable>()

/** The types to count multiply–accumulates with: those given, but with an open batch taken as 1. Inferred once for each table. */
export function macTypes(document: ModelDocument, types: TypeTable): TypeTable {
  const known = singleBatchTypes.get(types)
  if (known) return known
  const dims = singleBatch(document)
  const counted = Object.keys(dims).length === 0 ? types : inferTypes(document, { dims })
  singleBatchTypes.set(types, counted)
  return counted
}

/** A count as it is shown: null where it is unknown or, in a damaged model, beyond all bounds. */
export function shownMacs(macs: number | null): number | null {
  return macs !== null && Number.isFinite(macs) ? macs : null
}
