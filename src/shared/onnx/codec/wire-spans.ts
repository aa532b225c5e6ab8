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

/**
 * Holds a span in a private field of any object: private fields are not copied by spreading and not seen by comparisons.
 * A WeakMap would say the same more plainly, but with a million records it costs the collector whole seconds.
 */
class Spanned extends returnsArgument() {
  #span: FieldSpan

  constructor(record: object, span: FieldSpan) {
    super(record)
    this.#span = span
  }

  static put(record: object, span: FieldSpan): void {
    if (#span in record) record.#span = span
    else new Spanned(record, span)
  }

  static get(record: object): FieldSpan | null {
    return #span in record ? record.#span : null
  }
}

/** A base class whose constructor returns its argument, so that a derived class adds its fields to that. */
function returnsArgument(): new (record: object) => object {
  return function (record: object) {
    return record
  } as unknown as new (record: object) => object
}

export function rememberSpan<R extends object>(record: R, span: FieldSpan): R {
  Spanned.put(record, span)
  return record
}

export function recallSpan(record: object): FieldSpan | null {
  return Spanned.get(record)
}

const snapshots = new WeakMap<object, Graph | Model>()

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
