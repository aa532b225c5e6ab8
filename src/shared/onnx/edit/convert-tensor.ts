import { AppError } from '../../errors'
import { DATA_TYPES, dataTypeName, type DataTypeName } from '../data-type'
import type { Tensor } from '../records'
import { numbersFromBytes, type TensorNumbers, tensorNumbers } from '../tensor-data'
import { type ElementInput, elementBytes, integerRange } from './element-bytes'

export interface Conversion {
  readonly converted: Tensor
  /** What was lost, as a predicate; null where every value is what it was. */
  readonly loss: string | null
}

/**
 * The tensor with elements of another type: floats round to the nearest, ties to even; to integers they are cut towards zero, and
 * what is out of range becomes the nearest end (NaN 0). Throws AppError `not-supported` for texts and complex numbers.
 */
export function convertTensor(tensor: Tensor, dataType: DataTypeName): Conversion {
  const from = dataTypeName(tensor.dataType)
  if (from === dataType) return { converted: tensor, loss: null }
  if (from === null || !isReal(from) || !isReal(dataType)) {
    throw new AppError({ code: 'not-supported', message: `'${tensor.name}' cannot be converted from ${from ?? 'an unknown type'} to ${dataType}.` })
  }
  const source = tensorNumbers(tensor)
  const range = integerRange(dataType)
  const bytes = elementBytes(dataType, range ? cutToRange(source, dataType, range) : Array.from<number | bigint, number>(source, Number))
  return { converted: { ...tensor, dataType: DATA_TYPES[dataType].code, data: { kind: 'bytes', bytes } }, loss: lossOf(source, numbersFromBytes(dataType, bytes, source.length)) }
}

function isReal(name: DataTypeName): boolean {
  return !['string', 'undefined', 'complex64', 'complex128'].includes(name)
}

function cutToRange(source: TensorNumbers, dataType: DataTypeName, [least, most]: readonly [bigint, bigint]): ElementInput[] {
  return Array.from<number | bigint, ElementInput>(source, (value) => {
    if (dataType === 'bool') return Number(value) !== 0
    if (typeof value === 'bigint') return value < least ? least : value > most ? most : value
    if (Number.isNaN(value)) return 0
    if (value <= Number(least)) return least
    return value >= Number(most) ? most : BigInt(Math.trunc(value))
  })
}

function lossOf(before: TensorNumbers, after: TensorNumbers): string | null {
  let changed = 0
  let largest = 0
  for (let at = 0; at < before.length; at++) {
    const [old, now] = [before[at] ?? 0, after[at] ?? 0]
    if (isSame(old, now)) continue
    changed++
    const error = Math.abs(Number(now) - Number(old))
    if (error > largest || Number.isNaN(error)) largest = error
  }
  return changed === 0 ? null : `changed ${changed} of ${before.length} values, by ${Number(largest.toPrecision(3))} at most`
}

/** Compared without rounding, also a float against a 64-bit integer. */
function isSame(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return Object.is(a, b) || a === b
  const [number, integer] = typeof a === 'number' ? [a, b] : [b, a]
  return Number.isInteger(number) && BigInt(number) === integer
}
