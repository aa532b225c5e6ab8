/** Whether two records read the same in the text form, which does not show all that records hold. */
import { AppError } from '../../errors'
import type { Attribute, SparseTensor, StringEntry, Tensor, ValueType } from '../records'
import { tensorBytes, tensorNumbers, tensorStrings } from '../tensor-data'
import { typeWord } from './print-words'

type LeftOut = ReadonlySet<Tensor | SparseTensor>

export function sameType(a: ValueType | null, b: ValueType | null): boolean {
  return a === b || (a !== null && b !== null && typeWord(a) === typeWord(b))
}

export function sameItems<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean = Object.is): boolean {
  return a.length === b.length && a.every((item, at) => same(item, b[at] as T))
}

export function sameEntries(a: readonly StringEntry[], b: readonly StringEntry[]): boolean {
  return sameItems(a, b, (one, other) => one.key === other.key && one.value === other.value)
}

export function hasShapeOf(a: Tensor, b: Tensor): boolean {
  return a.dataType === b.dataType && sameItems(a.dims, b.dims)
}

/** Names aside. Values that the text leaves out are those of the model. */
export function sameTensor(known: Tensor, read: Tensor, leftOut: LeftOut): boolean {
  if (!hasShapeOf(known, read)) return false
  if (leftOut.has(read) || read.dims.includes(0)) return true
  if (read.data.kind === 'external' || known.data.kind === 'external') {
    return read.data.kind === 'external' && known.data.kind === 'external' && sameEntries(known.data.entries, read.data.entries)
  }
  if (read.data.kind === 'strings') return known.data.kind === 'strings' && sameItems(tensorStrings(known), tensorStrings(read))
  const bytes = bytesIfSound(known)
  if (bytes === null || sameItems([...bytes], [...tensorBytes(read)])) return bytes !== null
  // All NaN are written alike, but for small floats, which are written as their bits.
  const [numbers, others] = [tensorNumbers(known), tensorNumbers(read)]
  return (numbers instanceof Float32Array || numbers instanceof Float64Array) && bytes.length / numbers.length >= 4 && sameItems([...numbers], [...others])
}

function bytesIfSound(tensor: Tensor): Uint8Array | null {
  try {
    return tensorBytes(tensor)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** Graphs within attributes are not looked into: they count as the same where both hold as many. */
export function sameAttribute(known: Attribute, read: Attribute, leftOut: LeftOut): boolean {
  if (known.name !== read.name || (known.refAttrName ?? '') !== (read.refAttrName ?? '') || known.type !== read.type) return false
  if (known.refAttrName) return true
  const a = known as Exclude<Attribute, { type: 'undefined' }>
  switch (a.type) {
    case 'float':
    case 'int':
      return Object.is(a.value, read.value)
    case 'floats':
    case 'ints':
      return sameItems<number | bigint>(a.value, read.value as typeof a.value)
    case 'string':
      return sameText(a.value, read.value as typeof a.value)
    case 'strings':
      return sameItems(a.value, read.value as typeof a.value, sameText)
    case 'tensor':
      return sameTensor(a.value, read.value as Tensor, leftOut)
    case 'tensors':
      return sameItems(a.value, read.value as readonly Tensor[], (one, other) => sameTensor(one, other, leftOut))
    case 'type':
      return sameType(a.value, read.value as typeof a.value)
    case 'types':
      return sameItems(a.value, read.value as typeof a.value, sameType)
    case 'graphs':
      return a.value.length === (read.value as typeof a.value).length
    default:
      return true
  }
}

/** Bytes that are no UTF-8 are printed as replacement characters. */
function sameText(a: Uint8Array, b: Uint8Array): boolean {
  return new TextDecoder().decode(a) === new TextDecoder().decode(b)
}
