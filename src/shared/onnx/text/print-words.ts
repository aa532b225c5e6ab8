/** Names, texts, numbers and types in ONNX's text form. */
import { DATA_TYPES, dataTypeName } from '../data-type'
import type { Dim, ValueType } from '../records'
import { float32Text } from '../view/number-text'

/** The name of a value, a node or a graph, in quotes where it is not an identifier or would read as a type or a number. */
export function nameWord(name: string): string {
  return isTypeWord(name) || name === 'inf' || name === 'nan' ? quoted(name) : identifierWord(name)
}

/** The name of an operator or an attribute, which stands where no type or number can. */
export function identifierWord(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoted(name)
}

/** Whether an unquoted word begins a type. */
export function isTypeWord(word: string): boolean {
  return TYPE_WORDS.has(word) || /^type_\d+$/.test(word)
}

const TYPE_WORDS: ReadonlySet<string> = new Set([
  ...Object.keys(DATA_TYPES).filter((name) => name !== 'float32' && name !== 'float64'),
  ...['float', 'double', 'seq', 'optional', 'map', 'sparse_tensor', 'opaque'],
])

/** Only quotes and backslashes are escaped: the form knows no other escapes, and line breaks stand as they are. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, (character) => `\\${character}`)}"`
}

/** A float with a point or an exponent, which is what sets it apart from an integer. */
export function floatWord(value: number, text: (value: number) => string = float32Text): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const digits = text(value)
  return /[.e]/.test(digits) ? digits : `${digits}.0`
}

/** ONNX's text form has `float` for a scalar, `float[]` for an unknown rank. */
export function typeWord(type: ValueType): string {
  switch (type.kind) {
    case 'tensor':
      return elementWord(type.dataType) + (type.shape ? shapeWord(type.shape) : '[]')
    case 'sparse-tensor':
      return `sparse_tensor(${typeWord({ ...type, kind: 'tensor' })})`
    case 'sequence':
      return `seq(${type.element ? typeWord(type.element) : ''})`
    case 'optional':
      return `optional(${type.element ? typeWord(type.element) : ''})`
    case 'map':
      return `map(${elementWord(type.keyType)}, ${type.value ? typeWord(type.value) : ''})`
    case 'opaque':
      return `opaque(${quoted(type.domain)}, ${quoted(type.name)})`
  }
}

export function shapeWord(shape: readonly Dim[]): string {
  return shape.length === 0 ? '' : `[${shape.map(dimWord).join(', ')}]`
}

export function elementWord(dataType: number): string {
  const name = dataTypeName(dataType)
  if (name === 'float32') return 'float'
  if (name === 'float64') return 'double'
  return name ?? `type_${dataType}`
}

function dimWord(dim: Dim): string {
  if (dim === null || dim === '') return '?'
  return typeof dim === 'number' ? String(dim) : nameWord(dim)
}
