import { DATA_TYPES, type DataTypeName } from '../data-type'
import type { Dim, ValueType } from '../records'
import { isTypeWord } from './print-words'
import type { TokenReader } from './token-reader'

/** Reads a type such as `float[N, 3]`, `seq(map(string, float[]))`: without brackets a scalar, with empty ones of unknown rank. */
export function readType(reader: TokenReader): ValueType {
  const { kind, text } = reader.next
  if (kind !== 'word' || !isTypeWord(text)) reader.fail('a type')
  switch (text) {
    case 'seq':
    case 'optional':
      reader.take()
      return { kind: text === 'seq' ? 'sequence' : 'optional', element: inBrackets(reader, () => readTypeUnless(reader, ')')) }
    case 'map':
      reader.take()
      return inBrackets(reader, () => {
        const keyType = readElementType(reader)
        reader.expect(',')
        return { kind: 'map', keyType, value: readTypeUnless(reader, ')') }
      })
    case 'sparse_tensor':
      reader.take()
      return inBrackets(reader, () => ({ ...readTensorType(reader), kind: 'sparse-tensor' }))
    case 'opaque':
      reader.take()
      return inBrackets(reader, () => {
        const domain = reader.expectText('a domain')
        reader.expect(',')
        return { kind: 'opaque', domain, name: reader.expectText('a name') }
      })
    default:
      return readTensorType(reader)
  }
}

/** Null where the type is left out and `close` follows. */
export function readTypeUnless(reader: TokenReader, ...closes: readonly string[]): ValueType | null {
  return closes.some((close) => reader.isSign(close)) ? null : readType(reader)
}

function readTensorType(reader: TokenReader): { kind: 'tensor'; dataType: number; shape?: readonly Dim[] } {
  const dataType = readElementType(reader)
  if (!reader.isSign('[')) return { kind: 'tensor', dataType, shape: [] }
  const shape = reader.list('[', ']', () => readDim(reader))
  return shape.length === 0 ? { kind: 'tensor', dataType } : { kind: 'tensor', dataType, shape }
}

function readElementType(reader: TokenReader): number {
  const { kind, text } = reader.next
  const code = kind === 'word' ? elementCode(text) : null
  if (code === null) reader.fail('an element type')
  reader.take()
  return code
}

function elementCode(word: string): number | null {
  if (word === 'float') return DATA_TYPES.float32.code
  if (word === 'double') return DATA_TYPES.float64.code
  const unknown = /^type_(-?\d+)$/.exec(word)
  if (unknown) return Number(unknown[1])
  return Object.hasOwn(DATA_TYPES, word) ? DATA_TYPES[word as DataTypeName].code : null
}

function readDim(reader: TokenReader): Dim {
  if (reader.accept('?')) return null
  if (reader.next.kind === 'number') return Number(reader.expectInteger('a whole number'))
  return reader.expectName("a size, a name or '?'").text
}

function inBrackets<T>(reader: TokenReader, read: () => T): T {
  reader.expect('(')
  const inside = read()
  reader.expect(')')
  return inside
}
