/**
 * Where records were read from. A record nobody replaced is written as the very bytes it came as; a copy made by
 * spreading is another object and has no span, so it is encoded anew.
 */
import type { ByteSource } from '../byte-source'
import type { Graph, Model } from '../records'

/** One field in a source: tag from `offset`, payload from `payloadOffset`, both up to `end`. */
export interface FieldSpan {
  readonly source: ByteSource
  readonly field: number
  readonly offset: number
  readonly payloadOffset: number
  readonly end: number
}

const fieldSpans = new WeakMap<object, FieldSpan>()
const snapshots = new WeakMap<object, Graph | Model>()

export function rememberSpan<R extends object>(record: R, span: FieldSpan): R {
  fieldSpans.set(record, span)
  return record
}

export function recallSpan(record: object): FieldSpan | null {
  return fieldSpans.get(record) ?? null
}

/** Graphs and models keep their identity while their fields are replaced: remembers the fields as they were read. */
export function rememberFields<C extends Graph | Model>(container: C): C {
  snapshots.set(container, { ...container })
  return container
}

/** Whether a graph or model has the very records it was read with, in the same order. Says nothing about subgraphs within its nodes. */
export function hasFieldsAsRead(container: Graph | Model): boolean {
  const read = snapshots.get(container)
  if (!read) return false
  const now = container as unknown as Record<string, unknown>
  return Object.entries(read).every(([key, value]) => sameItems(value, now[key]))
}

function sameItems(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a === b || (a.length === b.length && a.every((item, at) => item === b[at]))
}
