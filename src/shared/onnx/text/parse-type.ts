import { AppError } from '../../errors'
import { DATA_TYPES, type DataTypeName } from '../data-type'
import type { Dim, ValueType } from '../records'

/**
 * Reads the text of a type as `typeText` writes it: `float32[batch,?,10]`, `sequence(float32[])`, `map(string,float32)`, `optional(…)`,
 * `sparse(…)`. Throws AppError `bad-usage`.
 */
export function parseType(text: string): ValueType {
  const wrapped = /^(sequence|optional|map|sparse)\((.*)\)$/.exec(text.trim())
  const [, kind, inner = ''] = wrapped ?? []
  if (kind === 'sequence' || kind === 'optional') return { kind, element: parseType(inner) }
  if (kind === 'sparse') return { ...tensorType(inner), kind: 'sparse-tensor' }
  if (kind === 'map') {
    const comma = inner.indexOf(',')
    return { kind, keyType: dataTypeCode(inner.slice(0, comma)), value: parseType(inner.slice(comma + 1)) }
  }
  return tensorType(text)
}

function tensorType(text: string): Extract<ValueType, { kind: 'tensor' | 'sparse-tensor' }> {
  const found = /^(\w+)(?:\[(.*)\])?$/.exec(text.trim())
  if (!found) throw notAType(text)
  const [, name = '', shape] = found
  const dataType = dataTypeCode(name)
  if (shape === undefined) return { kind: 'tensor', dataType }
  return { kind: 'tensor', dataType, shape: shape.trim() === '' ? [] : shape.split(',').map(dim) }
}

function dim(text: string): Dim {
  const word = text.trim()
  return word === '?' || word === '' ? null : /^-?\d+$/.test(word) ? Number(word) : word
}

function dataTypeCode(name: string): number {
  const word = name.trim()
  if (!Object.hasOwn(DATA_TYPES, word)) throw notAType(name)
  return DATA_TYPES[word as DataTypeName].code
}

function notAType(text: string): AppError {
  return new AppError({ code: 'bad-usage', message: `'${text}' is not a type.`, hint: 'Types look like float32[batch,3,224,224], int64[] or float32.' })
}
