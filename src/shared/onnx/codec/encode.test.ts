import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildGraph, buildModel, buildNode, tensorValue } from '../../../../tests/fixtures/build-model'
import { makeGraph, makeInt, makeInts, makeString } from '../attributes'
import { memorySource } from '../byte-source'
import { ModelDocument } from '../document'
import type { Attribute, Graph, Model, Tensor, ValueType } from '../records'
import { rawTensor, tensorNumbers } from '../tensor-data'
import { decodeModel } from './decode'
import { encodeModel, joinPieces } from './encode'
import { isSpan } from './piece-writer'

function save(model: Model): Uint8Array {
  return joinPieces(encodeModel(model))
}

function reopen(model: Model): Model {
  return decodeModel(memorySource(save(model)))
}

/** x → Relu → a → If(c) { Neg(a) | Exp(a) } → y, with one large weight. */
function sample(): Model {
  const branch = (id: number, opType: string): Graph =>
    buildGraph({ id, name: opType, nodes: [buildNode({ opType, inputs: ['a'], outputs: [opType] })], outputs: [tensorValue(opType, 'float32', [4])] })
  return buildModel(
    {
      nodes: [
        buildNode({ opType: 'Relu', inputs: ['x'], outputs: ['a'] }),
        buildNode({ opType: 'If', inputs: ['c'], outputs: ['y'], attributes: [makeGraph('then_branch', branch(2, 'Neg')), makeGraph('else_branch', branch(3, 'Exp'))] }),
        buildNode({ opType: 'MatMul', inputs: ['y', 'w'], outputs: ['z'] }),
      ],
      inputs: [tensorValue('x', 'float32', [4]), tensorValue('c', 'bool', [])],
      outputs: [tensorValue('z', 'float32', [512])],
      initializers: [rawTensor('w', 'float32', [4, 512], new Uint8Array(4 * 512 * 4).fill(1))],
    },
    { metadata: [{ key: 'author', value: 'a test' }], docString: 'A sample.' },
  )
}

describe('an opened model', () => {
  test('that nobody changed is the very file, in one piece', () => {
    const source = memorySource(save(sample()))
    expect(encodeModel(decodeModel(source)).pieces).toEqual([{ source, offset: 0, length: source.sizeBytes }])
  })

  test('with one node replaced copies the rest from the file', () => {
    const model = reopen(sample())
    const [relu, ...rest] = model.graph.nodes
    const changed = { ...model, graph: { ...model.graph, nodes: [{ ...relu!, name: 'renamed' }, ...rest] } }
    const { pieces } = encodeModel(changed)
    expect(pieces.filter((piece) => !isSpan(piece)).reduce((sum, piece) => sum + piece.length, 0)).toBeLessThan(100)
    expect(reopen(changed).graph.nodes.map(({ name, opType }) => [name, opType])).toEqual([['renamed', 'Relu'], ['', 'If'], ['', 'MatMul']])
  })

  test('is written anew where a subgraph changed although its node did not, and as it was once that is undone', async () => {
    const bytes = save(sample())
    const document = new ModelDocument(decodeModel(memorySource(bytes)))
    const branch = document.graphs().find(({ name }) => name === 'Neg')!
    const transaction = await document.transact('rename', (edit) => void edit.updateNode(branch, branch.nodes[0]!, { opType: 'Abs' }))
    const inner = reopen(document.model).graph.nodes[1]?.attributes[0]
    expect(inner?.type === 'graph' && inner.value.nodes[0]?.opType).toBe('Abs')
    document.undo(transaction)
    expect(Buffer.compare(save(document.model), bytes)).toBe(0)
  })

  test('keeps what a moved record holds that we do not interpret', () => {
    // TypeProto.denotation (field 6) within the type of input x.
    const typed = sample()
    const bytes = save(typed)
    const marker = new TextEncoder().encode('IMAGE')
    const model = decodeModel(memorySource(withDenotation(bytes, marker)))
    const [x] = model.graph.inputs
    const moved = save({ ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, x!] } })
    expect(Buffer.from(moved).toString('latin1').split('IMAGE').length).toBe(3)
    const renamed = save({ ...model, graph: { ...model.graph, inputs: [{ ...x!, name: 'renamed' }] } })
    expect(Buffer.from(renamed).includes('IMAGE')).toBe(true)
  })
})

/** Puts a denotation into the TypeProto of the model's first input. */
function withDenotation(bytes: Uint8Array, denotation: Uint8Array): Uint8Array {
  const raw = new Uint8Array([0x32, denotation.length, ...denotation])
  const model = decodeModel(memorySource(bytes))
  const [x, ...others] = model.graph.inputs
  // An unknown field of ValueInfoProto with the tag of `type` is a second `type`: protobuf takes the last.
  const type = new Uint8Array([0x0a, 4, 0x08, 1, 0x12, 0, ...raw])
  const input = { name: x!.name, type: null, unknown: [new Uint8Array([0x12, type.length, ...type])] }
  return save({ ...model, graph: { ...model.graph, inputs: [input, ...others] } })
}

describe('a new model', () => {
  test('is written with fields by number', () => {
    const model = buildModel({ name: 'g', nodes: [buildNode({ opType: 'Relu', name: 'n', inputs: ['x'], outputs: ['y'], attributes: [makeInt('a', -1)] })] }, { producerName: '', opsetImports: [{ domain: '', version: 9 }] })
    const node = [0x0a, 1, 120, 0x12, 1, 121, 0x1a, 1, 110, 0x22, 4, 82, 101, 108, 117, 0x2a, 17, 0x0a, 1, 97, 0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0xa0, 1, 2]
    const graph = [0x0a, node.length, ...node, 0x12, 1, 103]
    expect([...save(model)]).toEqual([0x08, 9, 0x3a, graph.length, ...graph, 0x42, 4, 0x0a, 0, 0x10, 9])
  })

  test('gives back what it was made of', () => {
    fc.assert(
      fc.property(arbitraryModel, (model) => {
        expect(withoutIds(reopen(model))).toEqual(withoutIds(model))
      }),
      { numRuns: 300 },
    )
  })

  test('is written the same after it was opened, record by record', () => {
    fc.assert(
      fc.property(arbitraryModel, (model) => {
        const opened = reopen(model)
        // Copies of the containers, so that every record is written by itself.
        const again = save({ ...opened, graph: { ...opened.graph } })
        expect(Buffer.compare(again, save(model))).toBe(0)
      }),
      { numRuns: 100 },
    )
  })
})

const name = fc.string({ unit: 'grapheme', maxLength: 12 })
const entries = fc.array(fc.record({ key: name, value: name }), { maxLength: 3 })
const unknown = fc.array(fc.nat({ max: 127 }).map((value) => new Uint8Array([0xf8, 0x07, value])), { minLength: 1, maxLength: 3 })
const docString = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const optional = <T>(values: Record<string, fc.Arbitrary<T>>) => fc.record(values, { requiredKeys: [] })

const shape = fc.array(fc.oneof(fc.nat(), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), fc.constant(null)), { maxLength: 4 })
const tensorType: fc.Arbitrary<ValueType> = fc
  .tuple(fc.constantFrom('tensor', 'sparse-tensor'), fc.nat({ max: 30 }), fc.option(shape))
  .map(([kind, dataType, dims]) => ({ kind, dataType, ...(dims && { shape: dims }) }))
const valueType: fc.Arbitrary<ValueType> = fc.letrec<{ type: ValueType }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small' },
    tensorType,
    fc.record({ kind: fc.constant('opaque'), domain: name, name }),
    fc.record({ kind: fc.constantFrom('sequence', 'optional'), element: fc.option(tie('type')) }),
    fc.record({ kind: fc.constant('map'), keyType: fc.nat({ max: 16 }), value: fc.option(tie('type')) }),
  ),
})).type

const numberTensor: fc.Arbitrary<Tensor> = fc
  .record({ name, values: fc.array(fc.integer({ min: -128, max: 127 }), { maxLength: 2000 }), rest: optional<unknown>({ docString, unknown }) })
  .map(({ name: tensorName, values, rest }) => ({ ...rawTensor(tensorName, 'int8', [values.length], new Uint8Array(Int8Array.from(values).buffer)), ...rest }))
const stringTensor: fc.Arbitrary<Tensor> = fc
  .array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 })
  .map((values) => ({ name: 's', dataType: 8, dims: [values.length], data: { kind: 'strings', values } }))
const externalTensor: fc.Arbitrary<Tensor> = entries.map((list) => ({ name: 'e', dataType: 1, dims: [2], data: { kind: 'external', entries: list, resolved: null } }))
const tensor = fc.oneof(numberTensor, stringTensor, externalTensor)
const sparse = fc.record({ values: numberTensor, indices: numberTensor, dims: fc.array(fc.nat(), { maxLength: 3 }) })
const valueInfo = fc
  .record({ name, type: fc.option(valueType), rest: optional<unknown>({ docString, unknown }) })
  .map(({ rest, ...value }) => ({ ...value, ...rest }))

const arbitraryGraph: fc.Arbitrary<Graph> = fc.letrec<{ graph: Graph; attribute: Attribute; node: Graph['nodes'][number] }>((tie) => ({
  attribute: fc
    .tuple(
      name,
      fc.oneof(
        fc.float({ noNaN: true }).map((value) => ({ type: 'float' as const, value })),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 'int' as const, value })),
        fc.uint8Array({ maxLength: 2000 }).map((value) => ({ type: 'string' as const, value })),
        tensor.map((value) => ({ type: 'tensor' as const, value })),
        sparse.map((value) => ({ type: 'sparse-tensor' as const, value })),
        fc.array(fc.float({ noNaN: true })).map((value) => ({ type: 'floats' as const, value })),
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((value) => ({ type: 'ints' as const, value })),
        fc.array(fc.uint8Array({ maxLength: 9 })).map((value) => ({ type: 'strings' as const, value })),
        fc.array(tensor, { maxLength: 2 }).map((value) => ({ type: 'tensors' as const, value })),
        fc.array(sparse, { maxLength: 2 }).map((value) => ({ type: 'sparse-tensors' as const, value })),
        valueType.map((value) => ({ type: 'type' as const, value })),
        fc.array(valueType, { maxLength: 2 }).map((value) => ({ type: 'types' as const, value })),
        tie('graph').map((value) => ({ type: 'graph' as const, value })),
        fc.array(tie('graph'), { maxLength: 2 }).map((value) => ({ type: 'graphs' as const, value })),
        fc.constant({ type: 'undefined' as const, value: null }),
      ),
      optional<unknown>({ docString, unknown }),
    )
    .map(([attributeName, value, rest]) => ({ name: attributeName, ...value, ...rest })),
  node: fc
    .record({
      opType: name,
      name,
      domain: name,
      inputs: fc.array(name, { maxLength: 4 }),
      outputs: fc.array(name, { maxLength: 3 }),
      attributes: fc.array(tie('attribute'), { maxLength: 3 }),
      rest: optional<unknown>({ docString, overload: docString, unknown }),
    })
    .map(({ rest, ...node }) => ({ id: 0, ...node, ...rest })),
  graph: fc
    .record({
      name,
      docString: name,
      nodes: fc.array(tie('node'), { maxLength: 3, depthIdentifier: 'graph' }),
      inputs: fc.array(valueInfo, { maxLength: 2 }),
      outputs: fc.array(valueInfo, { maxLength: 2 }),
      valueInfo: fc.array(valueInfo, { maxLength: 2 }),
      initializers: fc.array(tensor, { maxLength: 2 }),
      sparseInitializers: fc.array(sparse, { maxLength: 1 }),
      quantizationAnnotations: fc.array(fc.record({ tensorName: name, parameters: entries }), { maxLength: 1 }),
      metadata: entries,
      unknown: fc.oneof(fc.constant([]), unknown),
    })
    .map((graph) => ({ id: 0, ...graph })),
})).graph

const arbitraryModel: fc.Arbitrary<Model> = fc
  .record({
    irVersion: fc.nat({ max: 20 }),
    producerName: name,
    producerVersion: name,
    domain: name,
    modelVersion: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    docString: name,
    opsetImports: fc.array(fc.record({ domain: name, version: fc.nat() }), { maxLength: 3 }),
    metadata: entries,
    graph: arbitraryGraph,
    functions: fc.array(
      fc.record({
        name,
        domain: name,
        overload: name,
        docString: name,
        attributeNames: fc.array(name, { maxLength: 2 }),
        attributeDefaults: fc.constant([makeInts('axes', [1, 2]), makeString('mode', 'linear')]),
        opsetImports: fc.constant([{ domain: '', version: 18 }]),
        metadata: entries,
        body: fc.array(name, { maxLength: 2 }).map((names) => buildGraph({ id: 0, inputs: names.map((input) => ({ name: input, type: null })) })),
        unknown: fc.constant([]),
      }),
      { maxLength: 2 },
    ),
    trainingInfo: fc.constant([]),
    unknown: fc.oneof(fc.constant([]), unknown),
  })
  // A function's body has the function's name: FunctionProto has no other.
  .map((model) => ({ ...model, functions: model.functions.map((made) => ({ ...made, body: { ...made.body, name: made.name } })) }))

/** Ids are not part of the file; values are compared as numbers, wherever they are stored. */
function withoutIds(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(withoutIds)
  const fields = Object.entries(value).filter(([key]) => key !== 'id')
  return Object.fromEntries(fields.map(([key, field]) => [key, key === 'data' && isNumeric(value as Tensor) ? [...tensorNumbers(value as Tensor)] : withoutIds(field)]))
}

function isNumeric({ data }: Tensor): boolean {
  return data.kind === 'bytes' || data.kind === 'raw'
}
