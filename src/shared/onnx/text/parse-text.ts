/**
 * Reads ONNX's text form: what `print.ts` writes and what onnx.parser reads, as records.
 *
 * The form leaves out the values of long tensors (`{}`); what is left out is listed, for `apply-text.ts` to take from the
 * model that the text was printed from. Ids are numbered in the order of the text.
 */
import type { TextProblem } from '../../ipc/text-problem'
import type { Attribute, FunctionDefinition, Graph, Model, Node, OpsetImport, SparseTensor, StringEntry, Tensor, ValueInfo } from '../records'
import { readAttribute, readAttributeValue } from './attribute-reader'
import { readEntries, readHeader, readOpsets } from './entry-reader'
import { isTypeWord, nameWord } from './print-words'
import { readTensorData } from './tensor-reader'
import { problemAt, type TextRange, textError, TokenReader } from './token-reader'
import { readType } from './type-reader'

export interface ParsedText<T> {
  readonly value: T
  /** Tensors whose values the text does not hold. Their data is empty. */
  readonly leftOut: ReadonlySet<Tensor | SparseTensor>
  /** A problem where the text has the record: a node, a tensor, a value. */
  readonly problem: (record: object, message: string) => TextProblem
}

/** Throws AppError `invalid-data` with the place in `details.problems`. So do the others. */
export function parseModelText(source: string): ParsedText<Model> {
  return parse(source, (parser) => parser.model())
}

export function parseGraphText(source: string): ParsedText<Graph> {
  return parse(source, (parser) => parser.graph())
}

export function parseFunctionText(source: string): ParsedText<FunctionDefinition> {
  return parse(source, (parser) => parser.functionDefinition())
}

function parse<T>(source: string, read: (parser: Parser) => T): ParsedText<T> {
  const parser = new Parser(source)
  const value = read(parser)
  if (parser.reader.next.kind !== 'end') parser.reader.fail('the end of the text')
  return {
    value,
    leftOut: parser.leftOut,
    problem: (record, message) => problemAt(source, parser.ranges.get(record) ?? { start: 0, end: 0 }, message),
  }
}

interface Declarations {
  initializers: Tensor[]
  values: ValueInfo[]
}

class Parser {
  readonly reader: TokenReader
  readonly leftOut = new Set<Tensor | SparseTensor>()
  readonly ranges = new Map<object, TextRange>()
  readonly #attributes
  #nodeId = 1
  #graphId = 1

  constructor(source: string) {
    this.reader = new TokenReader(source)
    this.#attributes = {
      readGraph: (name?: string) => this.graph(name),
      leaveOut: (value: Tensor | SparseTensor, range: TextRange) => {
        this.leftOut.add(value)
        this.ranges.set(value, range)
      },
    }
  }

  model(): Model {
    const { reader } = this
    let irVersion = 0
    let modelVersion = 0n
    let [producerName, producerVersion, domain, docString] = ['', '', '', '']
    let opsetImports: OpsetImport[] = []
    let metadata: StringEntry[] = []
    readHeader(reader, {
      ir_version: () => void (irVersion = Number(reader.expectInteger('a version'))),
      opset_import: () => void (opsetImports = readOpsets(reader)),
      producer_name: () => void (producerName = reader.expectText('a name')),
      producer_version: () => void (producerVersion = reader.expectText('a version')),
      domain: () => void (domain = reader.expectText('a domain')),
      model_version: () => void (modelVersion = reader.expectInteger('a version')),
      doc_string: () => void (docString = reader.expectText('a text')),
      metadata_props: () => void (metadata = readEntries(reader)),
    })
    const graph = this.graph()
    const functions: FunctionDefinition[] = []
    while (reader.next.kind !== 'end') functions.push(this.functionDefinition())
    return { irVersion, producerName, producerVersion, domain, modelVersion, docString, opsetImports, metadata, graph, functions, trainingInfo: [], unknown: [] }
  }

  functionDefinition(): FunctionDefinition {
    const { reader } = this
    const start = reader.next.start
    let [domain, overload, docString] = ['', '', '']
    let opsetImports: OpsetImport[] = []
    readHeader(reader, {
      domain: () => void (domain = reader.expectText('a domain')),
      overload: () => void (overload = reader.expectText('an overload')),
      opset_import: () => void (opsetImports = readOpsets(reader)),
      doc_string: () => void (docString = reader.expectText('a text')),
    })
    const name = reader.expectName('the name of a function').text
    const range = { start, end: reader.lastEnd }
    const attributeNames: string[] = []
    const attributeDefaults: Attribute[] = []
    if (reader.isSign('<')) {
      reader.list('<', '>', () => {
        const token = reader.expectName('the name of an attribute')
        if (reader.isSign(':') || reader.isSign('=')) attributeDefaults.push(readAttributeValue(reader, { name: token.text, start: token.start }, this.#attributes))
        else attributeNames.push(token.text)
      })
    }
    const body = this.#graphBehind(name, range)
    const [constant] = body.initializers
    if (constant) throw textError([problemAt(reader.source, this.ranges.get(constant) ?? range, 'A function has no initializers; use a Constant node.')])
    const definition = { name, domain, overload, docString, attributeNames, attributeDefaults, opsetImports, metadata: [], body, unknown: [] }
    this.ranges.set(definition, range)
    return definition
  }

  graph(name?: string): Graph {
    const { start } = this.reader.next
    const ownName = name ?? this.reader.expectName('the name of a graph').text
    return this.#graphBehind(ownName, { start, end: this.reader.lastEnd })
  }

  /** A graph behind its name: signature, declarations, nodes. */
  #graphBehind(name: string, range: TextRange): Graph {
    const { reader } = this
    const id = this.#graphId++
    const declared: Declarations = { initializers: [], values: [] }
    const inputs = reader.list('(', ')', () => this.#value(declared))
    reader.expect('=>')
    const outputs = reader.list('(', ')', () => this.#value(null))
    if (reader.isSign('<')) {
      reader.list('<', '>', () => {
        const before = declared.initializers.length
        const value = this.#value(declared)
        if (declared.initializers.length === before) declared.values.push(value)
      })
    }
    const nodes: Node[] = []
    reader.expect('{')
    while (!reader.accept('}')) nodes.push(this.#node())
    const graph: Graph = {
      ...{ id, name, docString: '', nodes, inputs, outputs, valueInfo: declared.values, initializers: declared.initializers },
      ...{ sparseInitializers: [], quantizationAnnotations: [], metadata: [], unknown: [] },
    }
    this.ranges.set(graph, range)
    return graph
  }

  /** `type name`, `name`, or `type name = {values}`, which makes an initializer too where `into` takes any. */
  #value(into: Declarations | null): ValueInfo {
    const { reader } = this
    const first = reader.next
    const hasType = first.kind === 'word' && isTypeWord(first.text)
    const type = hasType ? readType(reader) : null
    // A value that is called like a type and has none.
    const isName = hasType && reader.lastEnd === first.end && (reader.isSign(',') || reader.isSign(')') || reader.isSign('>'))
    const name = isName ? first.text : reader.expectName(hasType ? 'a name' : 'a name or a type').text
    const range = { start: first.start, end: reader.lastEnd }
    const value: ValueInfo = { name, type: isName ? null : type }
    this.ranges.set(value, range)
    if (into === null || !reader.accept('=')) return value
    if (type?.kind !== 'tensor') throw textError([problemAt(reader.source, range, 'A value with contents needs the type of a tensor.')])
    const { tensor, leftOut } = readTensorData(reader, { name, dataType: type.dataType, ...(type.shape && { shape: type.shape }), range })
    into.initializers.push(tensor)
    this.ranges.set(tensor, range)
    if (leftOut) this.leftOut.add(tensor)
    return value
  }

  /** `[name] a, b = domain.Op:overload<attributes>(x, y)`; the attributes may also stand at the end. */
  #node(): Node {
    const { reader } = this
    const { start } = reader.next
    const id = this.#nodeId++
    let name = ''
    if (reader.accept('[')) {
      name = reader.expectName('the name of the node').text
      reader.expect(']')
    }
    const outputs: string[] = []
    while (!reader.isSign('=')) {
      outputs.push(reader.expectName(outputs.length === 0 ? "an output, '=' or '}'" : 'an output').text)
      if (!reader.isSign('=')) {
        if (!reader.isSign(',')) reader.fail(`',' or '=' behind ${nameWord(outputs.at(-1) ?? '')}`)
        reader.take()
      }
    }
    reader.take()
    const words = [reader.expectName('an operator').text]
    while (reader.accept('.')) words.push(reader.expectName('an operator').text)
    const overload = reader.accept(':') ? reader.expectName('an overload').text : ''
    const attributes = this.#attributeList()
    const inputs = reader.list('(', ')', () => reader.expectName("an input, or '\"\"' for none").text)
    attributes.push(...this.#attributeList())
    const node: Node = { id, name, opType: words.at(-1) ?? '', domain: words.slice(0, -1).join('.'), ...(overload && { overload }), inputs, outputs, attributes }
    this.ranges.set(node, { start, end: reader.lastEnd })
    return node
  }

  #attributeList(): Attribute[] {
    return this.reader.isSign('<') ? this.reader.list('<', '>', () => readAttribute(this.reader, this.#attributes)) : []
  }
}
