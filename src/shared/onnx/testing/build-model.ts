/**
 * Small models for tests, written the way one would sketch them:
 *
 * ```ts
 * buildModel({
 *   inputs: { x: 'float32[N,3]' },
 *   outputs: { y: 'float32[N,2]' },
 *   initializers: { w: tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6]) },
 *   nodes: ['t = MatMul(x, w)', ['y = LeakyRelu(t)', { alpha: 0.1 }, 'act']],
 * })
 * ```
 */
import { DATA_TYPES, type DataTypeName } from '../data-type'
import type { Attribute, AttributeValue, FunctionDefinition, Graph, Model, Node, QuantizationAnnotation, StringEntry, Tensor, ValueInfo } from '../records'
import { parseType } from '../text/parse-type'

export interface TensorSpec {
  readonly dtype: DataTypeName
  readonly dims: readonly number[]
  readonly values: readonly (number | bigint | string)[]
}

/**
 * Whole numbers become `int` and `ints`, others `float` and `floats`. Where that is not what is meant (a float of 1.0), give
 * the attribute as in the records: `{ type: 'float', value: 1 }`.
 */
export type AttributeSpec = number | bigint | string | readonly number[] | readonly string[] | TensorSpec | GraphSpec | AttributeValue | { readonly reference: string; readonly type: AttributeValue['type'] }

/** `y1, y2 = domain.Op(x, , z)`; a left-out name is an optional input or output; then attributes and the node's name. */
export type NodeSpec = string | readonly [text: string, attributes: Readonly<Record<string, AttributeSpec>>, name?: string]

export interface GraphSpec {
  readonly name?: string
  /** Types as text: `float32[N,3]`, `float32` (unknown rank), `float32[]` (scalar), `sequence(int64[?])`; null for none. */
  readonly inputs?: Readonly<Record<string, string | null>>
  readonly outputs?: Readonly<Record<string, string | null>>
  readonly valueInfo?: Readonly<Record<string, string | null>>
  readonly initializers?: Readonly<Record<string, TensorSpec | Tensor>>
  readonly nodes: readonly NodeSpec[]
  readonly quantizationAnnotations?: readonly QuantizationAnnotation[]
}

export interface FunctionSpec {
  readonly domain: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributeNames?: readonly string[]
  readonly attributeDefaults?: Readonly<Record<string, AttributeSpec>>
  readonly opsets?: Readonly<Record<string, number>>
  readonly nodes: readonly NodeSpec[]
}

export interface ModelSpec extends GraphSpec {
  /** Version of the default domain; 17 where left out. */
  readonly opset?: number
  /** Other domains; `''` here replaces `opset`. */
  readonly opsets?: Readonly<Record<string, number>>
  readonly irVersion?: number
  readonly functions?: readonly FunctionSpec[]
  readonly metadata?: readonly StringEntry[]
}

/** Builds the records. Ids are numbered in file order, as the codec does. */
export function buildModel(spec: ModelSpec): Model {
  const ids = { node: 1, graph: 1 }
  const opsets = { '': spec.opset ?? 17, ...spec.opsets }
  return {
    irVersion: spec.irVersion ?? 8,
    producerName: 'test',
    producerVersion: '',
    domain: '',
    modelVersion: 0n,
    docString: '',
    opsetImports: opsetImports(opsets),
    metadata: spec.metadata ?? [],
    graph: buildGraph({ name: 'main', ...spec }, ids),
    functions: (spec.functions ?? []).map((definition) => buildFunction(definition, opsets, ids)),
    trainingInfo: [],
    unknown: [],
  }
}

/** A tensor to be named where it is used. Numbers are converted as a typed array would; strings need `string`. */
export function tensor(dtype: DataTypeName, dims: readonly number[], values: readonly (number | bigint | string)[]): TensorSpec {
  return { dtype, dims, values }
}

/** The same with `values` repeated until the shape is full. */
export function filledTensor(dtype: DataTypeName, dims: readonly number[], ...values: readonly number[]): TensorSpec {
  const count = dims.reduce((product, dim) => product * dim, 1)
  return { dtype, dims, values: Array.from({ length: count }, (_, at) => values[at % values.length] ?? 0) }
}

/** The tensor record, with its values as raw bytes. */
export function tensorRecord(name: string, { dtype, dims, values }: TensorSpec): Tensor {
  const { code } = DATA_TYPES[dtype]
  if (dtype === 'string') {
    const encoder = new TextEncoder()
    return { name, dataType: code, dims, data: { kind: 'strings', values: values.map((value) => encoder.encode(String(value))) } }
  }
  return { name, dataType: code, dims, data: { kind: 'bytes', bytes: rawBytes(dtype, values) } }
}

interface Ids {
  node: number
  graph: number
}

function buildGraph(spec: GraphSpec, ids: Ids): Graph {
  return {
    id: ids.graph++,
    name: spec.name ?? 'graph',
    docString: '',
    nodes: spec.nodes.map((node) => buildNode(node, ids)),
    inputs: values(spec.inputs),
    outputs: values(spec.outputs),
    valueInfo: values(spec.valueInfo),
    initializers: Object.entries(spec.initializers ?? {}).map(([name, given]) => ('dtype' in given ? tensorRecord(name, given) : { ...given, name })),
    sparseInitializers: [],
    quantizationAnnotations: spec.quantizationAnnotations ?? [],
    metadata: [],
    unknown: [],
  }
}

function buildFunction(spec: FunctionSpec, modelOpsets: Readonly<Record<string, number>>, ids: Ids): FunctionDefinition {
  const untyped = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]))
  return {
    name: spec.name,
    domain: spec.domain,
    overload: '',
    docString: '',
    attributeNames: spec.attributeNames ?? [],
    attributeDefaults: attributes(spec.attributeDefaults ?? {}, ids),
    opsetImports: opsetImports(spec.opsets ?? modelOpsets),
    metadata: [],
    body: buildGraph({ name: spec.name, inputs: untyped(spec.inputs), outputs: untyped(spec.outputs), nodes: spec.nodes }, ids),
    unknown: [],
  }
}

function buildNode(spec: NodeSpec, ids: Ids): Node {
  const [text, given = {}, name = ''] = typeof spec === 'string' ? [spec] : spec
  const match = /^(.*)=\s*(?:([\w.]+)\.)?(\w+)\((.*)\)$/s.exec(text.trim())
  if (!match) throw new Error(`internal: '${text}' is not of the form 'y = Op(x)'`)
  const [, outputs = '', domain = '', opType = '', inputs = ''] = match
  const id = ids.node++
  return { id, name, opType, domain, inputs: names(inputs), outputs: names(outputs), attributes: attributes(given, ids) }
}

function names(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((name) => name.trim())
}

function attributes(given: Readonly<Record<string, AttributeSpec>>, ids: Ids): Attribute[] {
  return Object.entries(given).map(([name, spec]): Attribute => {
    if (typeof spec === 'object' && 'reference' in spec) return { name, refAttrName: spec.reference, ...emptyValue(spec.type) }
    return { name, ...attributeValue(spec, ids) }
  })
}

function attributeValue(spec: Exclude<AttributeSpec, { readonly reference: string }>, ids: Ids): AttributeValue {
  if (typeof spec === 'bigint') return { type: 'int', value: spec }
  if (typeof spec === 'number') return Number.isInteger(spec) ? { type: 'int', value: BigInt(spec) } : { type: 'float', value: spec }
  if (typeof spec === 'string') return { type: 'string', value: new TextEncoder().encode(spec) }
  if ('nodes' in spec) return { type: 'graph', value: buildGraph(spec, ids) }
  if ('dtype' in spec) return { type: 'tensor', value: tensorRecord('', spec) }
  if ('type' in spec) return spec
  const list: readonly (number | string)[] = spec
  const numbers = list.filter((item) => typeof item === 'number')
  if (numbers.length < list.length) return { type: 'strings', value: list.map((item) => new TextEncoder().encode(String(item))) }
  return numbers.every(Number.isInteger) ? { type: 'ints', value: numbers.map((item) => BigInt(item)) } : { type: 'floats', value: numbers }
}

/** What a reference carries beside the name it refers to: the type with nothing in it. */
function emptyValue(type: AttributeValue['type']): AttributeValue {
  if (type === 'float') return { type, value: 0 }
  if (type === 'int') return { type, value: 0n }
  if (type === 'string') return { type, value: new Uint8Array() }
  if (type === 'floats' || type === 'ints' || type === 'strings') return { type, value: [] }
  throw new Error(`internal: a reference to an attribute of type ${type} cannot be built`)
}

function values(given: Readonly<Record<string, string | null>> = {}): ValueInfo[] {
  return Object.entries(given).map(([name, type]) => ({ name, type: type === null ? null : parseType(type) }))
}

function opsetImports(opsets: Readonly<Record<string, number>>) {
  return Object.entries(opsets).map(([domain, version]) => ({ domain, version }))
}

function rawBytes(dtype: DataTypeName, values: readonly (number | bigint | string)[]): Uint8Array {
  const numbers = values.map(Number)
  const integers = () => values.map((value) => BigInt(value))
  switch (dtype) {
    case 'float32':
      return bytesOf(Float32Array.from(numbers))
    case 'float64':
      return bytesOf(Float64Array.from(numbers))
    case 'int64':
      return bytesOf(BigInt64Array.from(integers()))
    case 'uint64':
      return bytesOf(BigUint64Array.from(integers()))
    case 'int32':
      return bytesOf(Int32Array.from(numbers))
    case 'uint32':
      return bytesOf(Uint32Array.from(numbers))
    case 'int16':
      return bytesOf(Int16Array.from(numbers))
    // Half floats are given as their bit patterns.
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return bytesOf(Uint16Array.from(numbers))
    case 'int8':
      return bytesOf(Int8Array.from(numbers))
    case 'uint8':
    case 'bool':
      return Uint8Array.from(numbers)
    case 'int4':
    case 'uint4': {
      const packed = new Uint8Array(Math.ceil(numbers.length / 2))
      numbers.forEach((value, at) => (packed[at >> 1] = (packed[at >> 1] ?? 0) | ((value & 15) << (4 * (at & 1)))))
      return packed
    }
    default:
      throw new Error(`internal: test tensors of ${dtype} cannot be built`)
  }
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
