/** Arithmetic on dimensions: a number, a symbol (the same name is the same number everywhere in a model), or unknown. */
import type { Dim } from '../records'

export type Shape = readonly Dim[]

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a === 0) return b
  return b === 0 ? a : null
}

export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a === 0 || b === 0) return 0
  if (a === 1) return b
  return b === 1 ? a : null
}

/** a / b where it is exact or follows from the symbols; else null. */
export function divideDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return b !== 0 && a % b === 0 ? a / b : null
  if (b === 1) return a
  return a !== null && a === b ? 1 : null
}

/** The product of the known part, or null where any is a symbol or unknown. */
export function elementCountOf(shape: Shape): number | null {
  let count = 1
  for (const dim of shape) {
    if (typeof dim !== 'number') return null
    count *= dim
  }
  return count
}

/**
 * One axis of numpy-style broadcasting. A symbol against a number above 1 gives the number: the symbol must be 1 or
 * that number where the model is valid. Two different symbols give unknown.
 */
export function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a
  if (a === 1) return b
  if (typeof a === 'number') return a
  return typeof b === 'number' ? b : null
}

/** Multidirectional broadcasting (ONNX Broadcasting.md) of shapes, any of which may be unknown. */
export function broadcastShapes(shapes: readonly (Shape | null)[]): Shape | null {
  let result: Shape | null = null
  for (const shape of shapes) {
    if (!shape) return null
    result = result === null ? shape : broadcastTwo(result, shape)
  }
  return result
}

function broadcastTwo(left: Shape, right: Shape): Shape {
  const [long, short] = left.length >= right.length ? [left, right] : [right, left]
  const missing = long.length - short.length
  return long.map((dim, axis) => (axis < missing ? dim : broadcastDim(dim, short[axis - missing] ?? null)))
}

/** An axis counted from the end made one counted from the start; null where it lies outside. */
export function normalizeAxis(axis: number, rank: number): number | null {
  const at = axis < 0 ? axis + rank : axis
  return at >= 0 && at < rank ? at : null
}

/** The same for a list; null where one lies outside. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] | null {
  const result: number[] = []
  for (const axis of axes) {
    const at = normalizeAxis(axis, rank)
    if (at === null) return null
    result.push(at)
  }
  return result
}

export function withDim(shape: Shape, axis: number, dim: Dim): Dim[] {
  return shape.map((known, at) => (at === axis ? dim : known))
}

/** No tensor has more axes than this; a hostile file whose ranks grow from node to node must not make us allocate. */
export const MAX_RANK = 64

/** As many unknown dimensions as a rank that the model computed; null where that is unknown or absurd. */
export function dimsOfRank(rank: Dim | undefined): null[] | null {
  return typeof rank === 'number' && rank >= 0 && rank <= MAX_RANK ? unknownDims(rank) : null
}

/** `rank` unknown dimensions. */
export function unknownDims(rank: number): null[] {
  return Array.from({ length: rank }, () => null)
}
