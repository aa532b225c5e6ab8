/** Attributes in the text form. */
import type { Attribute, AttributeValue, Graph, SparseTensor, Tensor, ValueType } from '../records'
import { isTypeWord } from './print-words'
import { readTensorData } from './tensor-reader'
import { isIntegerToken, problemAt, type TextRange, textError, type TokenReader } from './token-reader'
import { readType, readTypeUnless } from './type-reader'

/** What attributes hold that is read elsewhere. */
export interface AttributeContext {
  /** Reads a graph; where its name was taken already, what is behind it. */
  readonly readGraph: (name?: string) => Graph
  /** Told of every value that the text leaves out. */
  readonly leaveOut: (value: Tensor | SparseTensor, range: TextRange) => void
}

type AttributeType = AttributeValue['type']

const TYPE_BY_KEYWORD: ReadonlyMap<string, AttributeType> = new Map<string, AttributeType>([
  ...(['float', 'int', 'string', 'tensor', 'graph', 'floats', 'ints', 'strings', 'tensors', 'graphs', 'undefined'] as const).map((type): [string, AttributeType] => [type, type]),
  ['sparse_tensor', 'sparse-tensor'],
  ['sparse_tensors', 'sparse-tensors'],
  ['type_proto', 'type'],
  ['type_protos', 'types'],
])

const LARGEST_INT = 2n ** 63n - 1n

/** Reads `name = value`, `name: type = value` or `name: type = @reference`. */
export function readAttribute(reader: TokenReader, context: AttributeContext): Attribute {
  const { text: name, start } = reader.expectName('the name of an attribute')
  return readAttributeValue(reader, { name, start }, context)
}

/** The same behind the name. */
export function readAttributeValue(reader: TokenReader, { name, start }: { name: string; start: number }, context: AttributeContext): Attribute {
  const declared = reader.accept(':') ? readKeyword(reader) : null
  reader.expect('=')
  if (reader.accept('@')) {
    const refAttrName = reader.expectName("the name of the function's attribute").text
    if (declared === null) throw textError([problemAt(reader.source, { start, end: reader.lastEnd }, `A reference needs the type of the attribute: '${name}: float = @${refAttrName}'.`)])
    return { name, refAttrName, ...emptyValue(declared) }
  }
  if (declared === 'sparse-tensor' || declared === 'sparse-tensors' || declared === 'undefined') return { name, ...readHidden(reader, declared, context) }
  if (declared === 'type') return { name, type: declared, value: readTypeUnless(reader, ',', '>') }
  if (declared === 'types') return { name, type: declared, value: reader.list('[', ']', () => readTypeUnless(reader, ',', ']')) }
  const valueStart = reader.next.start
  const value = reader.isSign('[') ? listValue(reader, declared, context) : readSingle(reader, context)
  const fitting = declared === null ? value : asDeclared(value, declared)
  if (fitting === null) throw textError([problemAt(reader.source, { start: valueStart, end: reader.lastEnd }, `This is no value of type ${declared}.`)])
  return { name, ...fitting }
}

function readKeyword(reader: TokenReader): AttributeType {
  const { kind, text } = reader.next
  const type = kind === 'word' ? TYPE_BY_KEYWORD.get(text) : undefined
  if (type === undefined) reader.fail(`the type of an attribute (${[...TYPE_BY_KEYWORD.keys()].join(', ')})`)
  reader.take()
  return type
}

/** Types whose values the form does not show: an empty text stands for them. */
function readHidden(reader: TokenReader, type: 'sparse-tensor' | 'sparse-tensors' | 'undefined', { leaveOut }: AttributeContext): AttributeValue {
  const range = reader.next
  reader.expectText('an empty text')
  if (type === 'undefined') return { type, value: null }
  const none: Tensor = { name: '', dataType: 0, dims: [0], data: { kind: 'bytes', bytes: new Uint8Array() } }
  const sparse: SparseTensor = { values: none, indices: none, dims: [] }
  leaveOut(sparse, range)
  return type === 'sparse-tensor' ? { type, value: sparse } : { type, value: [sparse] }
}

function readSingle(reader: TokenReader, context: AttributeContext): AttributeValue {
  const token = reader.next
  if (token.kind === 'number' || (token.kind === 'word' && /^(inf|infinity|nan)$/.test(token.text))) return readNumber(reader)
  // A text is a name where a graph's inputs follow it.
  if (token.kind === 'text') {
    const { text } = reader.take()
    if (reader.isSign('(')) return { type: 'graph', value: context.readGraph(text) }
    return { type: 'string', value: new TextEncoder().encode(text) }
  }
  if (token.kind !== 'word') reader.fail('a value')
  return isTypeWord(token.text) ? readTypeOrTensor(reader, context) : { type: 'graph', value: context.readGraph() }
}

function readNumber(reader: TokenReader): AttributeValue {
  const token = reader.next
  if (!isIntegerToken(token)) return { type: 'float', value: Math.fround(numberOf(reader.take().text)) }
  const value = reader.expectInteger('a number')
  if (value > LARGEST_INT || value < -LARGEST_INT - 1n) throw textError([problemAt(reader.source, token, 'Whole numbers of attributes have 64 bits; this is too large.')])
  return { type: 'int', value }
}

function numberOf(word: string): number {
  const [, sign, name] = /^([+-]?)(inf|infinity|nan)$/.exec(word) ?? []
  if (name === undefined) return Number(word)
  return name === 'nan' ? NaN : sign === '-' ? -Infinity : Infinity
}

/** A tensor has values behind its type, a type has not. */
function readTypeOrTensor(reader: TokenReader, { leaveOut }: AttributeContext): AttributeValue {
  const { start } = reader.next
  const type: ValueType = readType(reader)
  const range = { start, end: reader.lastEnd }
  const isNamed = reader.next.kind === 'word' || reader.next.kind === 'text'
  const name = isNamed ? reader.take().text : ''
  const hasValues = reader.accept('=') || reader.isSign('{')
  if (!isNamed && !hasValues) return { type: 'type', value: type }
  if (type.kind !== 'tensor') throw textError([problemAt(reader.source, range, 'Only tensors have values.')])
  const read = readTensorData(reader, { name, dataType: type.dataType, ...(type.shape && { shape: type.shape }), range })
  if (read.leftOut) leaveOut(read.tensor, range)
  return { type: 'tensor', value: read.tensor }
}

function listValue(reader: TokenReader, declared: AttributeType | null, context: AttributeContext): AttributeValue {
  const { start } = reader.next
  const items = reader.list('[', ']', () => readSingle(reader, context))
  const mixed = (message: string) => textError([problemAt(reader.source, { start, end: reader.lastEnd }, message)])
  const [first] = items
  if (!first) {
    if (declared === null) throw mixed("An empty list needs the type of the attribute: 'axes: ints = []'.")
    return emptyValue(declared)
  }
  if (items.every((item) => item.type === 'int')) return { type: 'ints', value: items.map(({ value }) => value) }
  if (items.every((item) => item.type === 'float' || item.type === 'int')) return { type: 'floats', value: items.map(({ value }) => Math.fround(Number(value))) }
  if (items.every((item) => item.type === 'string')) return { type: 'strings', value: items.map(({ value }) => value) }
  if (items.every((item) => item.type === 'tensor')) return { type: 'tensors', value: items.map(({ value }) => value) }
  if (items.every((item) => item.type === 'graph')) return { type: 'graphs', value: items.map(({ value }) => value) }
  if (items.every((item) => item.type === 'type')) return { type: 'types', value: items.map(({ value }) => value) }
  throw mixed('The values of a list are of one type.')
}

/** Whole numbers may stand where floats are declared; null where the value is of another type. */
function asDeclared(value: AttributeValue, declared: AttributeType): AttributeValue | null {
  if (value.type === declared) return value
  if (declared === 'float' && value.type === 'int') return { type: 'float', value: Math.fround(Number(value.value)) }
  if (declared === 'floats' && value.type === 'ints') return { type: 'floats', value: value.value.map((item) => Math.fround(Number(item))) }
  return null
}

/** What a reference carries beside the name: the type with nothing in it. */
function emptyValue(type: AttributeType): AttributeValue {
  switch (type) {
    case 'float':
      return { type, value: 0 }
    case 'int':
      return { type, value: 0n }
    case 'string':
      return { type, value: new Uint8Array() }
    case 'floats':
    case 'ints':
    case 'strings':
    case 'tensors':
    case 'graphs':
    case 'sparse-tensors':
    case 'types':
      return { type, value: [] }
    case 'type':
    case 'undefined':
      return { type, value: null }
    case 'tensor':
      return { type, value: { name: '', dataType: 0, dims: [0], data: { kind: 'bytes', bytes: new Uint8Array() } } }
    case 'graph':
    case 'sparse-tensor':
      return { type: 'undefined', value: null }
  }
}
