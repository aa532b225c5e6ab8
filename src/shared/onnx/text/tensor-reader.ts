import { AppError } from '../../errors'
import { DATA_TYPES, dataTypeLabel, dataTypeName, type DataTypeName } from '../data-type'
import { elementBytes } from '../edit/element-bytes'
import type { Tensor, TensorData } from '../records'
import { problemAt, type TextRange, textError, type Token, type TokenReader } from './token-reader'
import { readEntries } from './entry-reader'

/** A tensor whose values the text leaves out has empty data and is said to be `leftOut`. */
export interface ReadTensor {
  readonly tensor: Tensor
  readonly leftOut: boolean
  readonly range: TextRange
}

export interface TensorHead {
  readonly name: string
  readonly dataType: number
  /** Absent: the text gives no shape, which a tensor must have. */
  readonly shape?: readonly (number | string | null)[]
  readonly range: TextRange
}

/** Reads `{1, 2}`, `{}` or `["location": …]` behind a tensor's type and name. */
export function readTensorData(reader: TokenReader, { name, dataType, shape, range }: TensorHead): ReadTensor {
  const dims = (shape ?? [null]).map((dim) => {
    if (typeof dim !== 'number') throw textError([problemAt(reader.source, range, 'A tensor with values needs a shape of numbers.')])
    return dim
  })
  if (reader.isSign('[')) return { tensor: { name, dataType, dims, data: { kind: 'external', entries: readEntries(reader), resolved: null } }, leftOut: false, range }
  const start = reader.next.start
  const words = reader.list('{', '}', () => readValue(reader))
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (words.length === 0 && count !== 0) return { tensor: { name, dataType, dims, data: { kind: 'bytes', bytes: new Uint8Array() } }, leftOut: true, range }
  const data = tensorData(reader, { dataType, count, words, values: { start, end: reader.lastEnd } })
  return { tensor: { name, dataType, dims, data }, leftOut: false, range }
}

interface Values {
  readonly dataType: number
  readonly count: number
  readonly words: readonly Token[]
  readonly values: TextRange
}

function tensorData(reader: TokenReader, { dataType, count, words, values }: Values): TensorData {
  const wrong = (message: string) => textError([problemAt(reader.source, values, message)])
  const name = dataTypeName(dataType)
  const expected = name === 'complex64' || name === 'complex128' ? 2 * count : count
  if (words.length !== expected) throw wrong(`The shape takes ${expected} values, but ${words.length} are given.`)
  if (name === null || name === 'undefined') throw wrong(`Values of ${dataTypeLabel(dataType)} cannot be written.`)
  const misplaced = words.find(({ kind }) => (kind === 'text') !== (name === 'string'))
  if (misplaced) throw textError([problemAt(reader.source, misplaced, name === 'string' ? 'Texts stand in quotes.' : 'A number is expected.')])
  const texts = words.map(({ text }) => text)
  if (name === 'string') return { kind: 'strings', values: texts.map((text) => new TextEncoder().encode(text)) }
  try {
    return { kind: 'bytes', bytes: elementBytes(bitPatternType(name, texts) ?? name, texts) }
  } catch (error) {
    if (error instanceof AppError) throw wrong(error.message)
    throw error
  }
}

/** Small floats are written as their bits: as whole numbers of the same width. With points they are values. */
function bitPatternType(name: DataTypeName, texts: readonly string[]): DataTypeName | null {
  const { bits } = DATA_TYPES[name]
  if (!/^b?float(16|8)/.test(name) || !texts.every((text) => /^\d+$/.test(text))) return null
  return bits === 16 ? 'uint16' : 'uint8'
}

function readValue(reader: TokenReader): Token {
  const { kind, text } = reader.next
  if (kind !== 'number' && kind !== 'text' && !(kind === 'word' && /^(inf|infinity|nan|true|false)$/.test(text))) reader.fail('a value')
  return reader.take()
}
