/** What inference knows of one value: its type, and the contents of small tensors that shapes are computed from. */
import { DATA_TYPES } from '../data-type'
import type { Dim, Tensor, ValueType } from '../records'
import { MAX_RANK, type Shape } from './dims'

export interface Fact {
  readonly type: ValueType | null
  /**
   * Elements of a small numeric tensor in row-major order: numbers (booleans as 0 and 1), symbols that stand for
   * dimensions, or null where one is unknown. Only set together with a complete shape of that many elements.
   */
  readonly elements?: readonly Dim[]
  /** A sequence known to have no elements yet: what is inserted first decides their type. */
  readonly empty?: true
  /** A constant whose elements are not read before a rule asks for them. */
  readonly constant?: Tensor
}

/** Contents are followed up to this many elements: shapes, axes, pads and scales, never weights. */
export const MAX_ELEMENTS = 256

/** A tensor. `dataType` 0 is one we do not know; `shape` null an unknown rank. */
export function tensorFact(dataType: number, shape: Shape | null, elements?: readonly Dim[] | null): Fact {
  const type: ValueType = shape && shape.length <= MAX_RANK ? { kind: 'tensor', dataType, shape } : { kind: 'tensor', dataType }
  if (!elements || !type.shape || elements.length > MAX_ELEMENTS) return { type }
  return { type, elements }
}

export function sequenceFact(element: ValueType | null): Fact {
  return { type: { kind: 'sequence', element } }
}

export function shapeOf(type: ValueType | null): Shape | null {
  return type && (type.kind === 'tensor' || type.kind === 'sparse-tensor') ? (type.shape ?? null) : null
}

export function dataTypeOf(type: ValueType | null): number {
  return type && (type.kind === 'tensor' || type.kind === 'sparse-tensor') ? type.dataType : 0
}

export function isFloat(dataType: number): boolean {
  const { float16, float32, float64, bfloat16 } = DATA_TYPES
  return [float16.code, float32.code, float64.code, bfloat16.code].some((code) => code === dataType)
}

/** What holds of both: used for the branches of If, the turns of a Loop, and several calls of one function. */
export function joinTypes(a: ValueType | null, b: ValueType | null): ValueType | null {
  if (!a || !b) return null
  if ((a.kind === 'tensor' || a.kind === 'sparse-tensor') && a.kind === b.kind) {
    const dataType = a.dataType === b.dataType ? a.dataType : 0
    const [left, right] = [a.shape, b.shape]
    if (!left || !right || left.length !== right.length) return { kind: a.kind, dataType }
    return { kind: a.kind, dataType, shape: left.map((dim, axis) => (dim === right[axis] ? dim : null)) }
  }
  if ((a.kind === 'sequence' || a.kind === 'optional') && a.kind === b.kind) return { kind: a.kind, element: joinTypes(a.element, b.element) }
  if (a.kind === 'map' && b.kind === 'map' && a.keyType === b.keyType) return { kind: 'map', keyType: a.keyType, value: joinTypes(a.value, b.value) }
  return sameType(a, b) ? a : null
}

export function joinFacts(a: Fact | null, b: Fact | null): Fact | null {
  if (!a || !b) return null
  if (a.empty !== b.empty) return { type: a.empty ? b.type : a.type }
  if (a.empty) return a
  const type = joinTypes(a.type, b.type)
  const { elements } = a
  if (elements && b.elements && elements.length === b.elements.length && shapeOf(type)?.every((dim) => typeof dim === 'number')) {
    return { type, elements: elements.map((element, at) => (element === b.elements?.[at] ? element : null)) }
  }
  return a.constant && a.constant === b.constant ? { type, constant: a.constant } : { type }
}

export function sameType(a: ValueType | null, b: ValueType | null): boolean {
  if (a === b || !a || !b) return a === b
  if ((a.kind === 'tensor' || a.kind === 'sparse-tensor') && a.kind === b.kind) {
    if (a.dataType !== b.dataType || a.shape?.length !== b.shape?.length) return false
    return a.shape?.every((dim, axis) => dim === b.shape?.[axis]) ?? true
  }
  if ((a.kind === 'sequence' || a.kind === 'optional') && a.kind === b.kind) return sameType(a.element, b.element)
  if (a.kind === 'map' && b.kind === 'map') return a.keyType === b.keyType && sameType(a.value, b.value)
  return a.kind === 'opaque' && b.kind === 'opaque' && a.domain === b.domain && a.name === b.name
}
