/** Arithmetic on followed elements: numbers as the kernels compute them, symbols where the answer does not depend on their size. */
import { DATA_TYPES } from '../data-type'
import type { Dim } from '../records'
import { addDims, elementCountOf, multiplyDims, type Shape } from './dims'
import { isFloat, MAX_ELEMENTS } from './fact'

type Binary = (a: Dim, b: Dim, dataType: number) => Dim
type Unary = (a: Dim, dataType: number) => Dim

/** Rounds to what the type can hold; an integer past 2^53 is no longer exact, so unknown. */
function stored(value: number, dataType: number): Dim {
  if (dataType === DATA_TYPES.float32.code) return Math.fround(value)
  if (isFloat(dataType)) return value
  return Number.isSafeInteger(value) ? value : null
}

function onNumbers(compute: (a: number, b: number) => number): Binary {
  return (a, b, dataType) => (typeof a === 'number' && typeof b === 'number' ? stored(compute(a, b), dataType) : null)
}

function divide(a: Dim, b: Dim, dataType: number): Dim {
  if (b === 1) return a
  if (typeof a === 'string') return a === b ? 1 : null
  if (typeof a !== 'number' || typeof b !== 'number') return null
  if (isFloat(dataType)) return stored(a / b, dataType)
  return b === 0 ? null : Math.trunc(a / b)
}

function subtract(a: Dim, b: Dim, dataType: number): Dim {
  if (b === 0) return a
  if (typeof a === 'string') return a === b ? 0 : null
  return onNumbers((x, y) => x - y)(a, b, dataType)
}

/** A dimension is never negative, so a symbol never equals a negative number. */
function equal(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return null
  if (a === b) return 1
  if (typeof a === 'number' && typeof b === 'number') return 0
  const number = typeof a === 'number' ? a : b
  return typeof number === 'number' && number < 0 ? 0 : null
}

const truth = (value: boolean) => (value ? 1 : 0)

export const BINARY: Readonly<Record<string, Binary>> = {
  Add: (a, b, type) => (typeof a === 'number' && typeof b === 'number' ? stored(a + b, type) : addDims(a, b)),
  Sub: subtract,
  Mul: (a, b, type) => (typeof a === 'number' && typeof b === 'number' ? stored(a * b, type) : multiplyDims(a, b)),
  Div: divide,
  Pow: onNumbers((a, b) => a ** b),
  // Integer Mod takes the sign of the divisor; fmod=1 is not used on shapes.
  Mod: onNumbers((a, b) => (b === 0 ? NaN : a - b * Math.floor(a / b))),
  Max: (a, b, type) => (a === b ? a : onNumbers(Math.max)(a, b, type)),
  Min: (a, b, type) => (a === b ? a : onNumbers(Math.min)(a, b, type)),
  Equal: equal,
  Greater: onNumbers((a, b) => truth(a > b)),
  GreaterOrEqual: onNumbers((a, b) => truth(a >= b)),
  Less: onNumbers((a, b) => truth(a < b)),
  LessOrEqual: onNumbers((a, b) => truth(a <= b)),
  And: (a, b) => (a === 0 || b === 0 ? 0 : a === null || b === null ? null : 1),
  Or: (a, b) => (a === 1 || b === 1 ? 1 : a === 0 && b === 0 ? 0 : null),
  Xor: onNumbers((a, b) => truth(a !== b)),
}

function onNumber(compute: (a: number) => number): Unary {
  return (a, dataType) => (typeof a === 'number' ? stored(compute(a), dataType) : null)
}

/** Keeps symbols: a dimension is a whole number and not negative. */
function onWhole(compute: (a: number) => number): Unary {
  return (a, dataType) => (typeof a === 'number' ? stored(compute(a), dataType) : a)
}

export const UNARY: Readonly<Record<string, Unary>> = {
  Abs: onWhole(Math.abs),
  Ceil: onWhole(Math.ceil),
  Floor: onWhole(Math.floor),
  Round: onWhole(roundHalfEven),
  Neg: onNumber((a) => -a),
  Not: onNumber((a) => truth(a === 0)),
  Sqrt: onNumber(Math.sqrt),
  Reciprocal: onNumber((a) => 1 / a),
  Sign: onNumber(Math.sign),
  Identity: (a) => a,
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

/** What Cast makes of an element. */
export function castElement(element: Dim, to: number): Dim {
  if (typeof element !== 'number') return to === DATA_TYPES.bool.code ? null : element
  if (to === DATA_TYPES.bool.code) return truth(element !== 0)
  if (to === DATA_TYPES.float32.code) return Math.fround(element)
  if (isFloat(to)) return element
  return Number.isFinite(element) ? Math.trunc(element) : null
}

/**
 * The elements of a tensor of `shape`, each taken from where `source` says. Null where the shape is not fixed or too large.
 * `source` gets the coordinates, which it must not keep.
 */
export function gridElements(shape: Shape | null, source: (at: readonly number[]) => Dim): Dim[] | null {
  const count = shape && elementCountOf(shape)
  if (!shape || count === null || count > MAX_ELEMENTS) return null
  const at = shape.map(() => 0)
  const elements: Dim[] = []
  for (let done = 0; done < count; done++) {
    elements.push(source(at))
    for (let axis = at.length - 1; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1
      at[axis] = next < Number(shape[axis]) ? next : 0
      if (at[axis] !== 0) break
    }
  }
  return elements
}

/** Row-major position of coordinates in a fixed shape, with numpy broadcasting of the leading and the size-1 axes. */
export function flatIndex(shape: Shape, at: readonly number[]): number {
  const skipped = at.length - shape.length
  let index = 0
  for (const [axis, dim] of shape.entries()) index = index * Number(dim) + (dim === 1 ? 0 : (at[axis + skipped] ?? 0))
  return index
}
