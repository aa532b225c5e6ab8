import { expect, test } from 'vitest'
import { AppError } from '../../errors'
import { TextErrorDetails } from '../../ipc/text-problem'
import { encodeModel, joinPieces } from '../codec/encode'
import { ModelDocument } from '../document'
import { type FunctionSpec, buildModel, filledTensor, tensor } from '../testing/build-model'
import { applyNodesText, applyText } from './apply-text'
import { printGraph, printModel, printNodes } from './print'

const twice: FunctionSpec = { domain: 'my', name: 'Twice', inputs: ['p'], outputs: ['q'], nodes: ['q = Add(p, p)'] }

function sampleDocument(): ModelDocument {
  return new ModelDocument(
    buildModel({
      opsets: { '': 17, my: 1 },
      inputs: { x: 'float32[1,40]', c: 'bool[]' },
      outputs: { y: 'float32[1,40]' },
      initializers: { w: filledTensor('float32', [1, 40], 1, 2, 3), b: tensor('float32', [1], [0.5]) },
      nodes: [
        ['h = Mul(x, w)', {}, 'scale'],
        ['k = Constant()', { value: filledTensor('float32', [40], 7) }],
        'l = Add(h, k)',
        ['m = If(c)', { then_branch: { name: 'yes', outputs: { a: 'float32[1,40]' }, nodes: ['a = Relu(l)'] }, else_branch: { name: 'no', outputs: { e: 'float32[1,40]' }, nodes: ['e = Neg(l)'] } }],
        'y = my.Twice(m)',
      ],
      functions: [twice],
    }),
  )
}

/** Edits the printed model and applies it; then undoes it and checks that nothing is left of it. */
async function edited(document: ModelDocument, change: (text: string) => string) {
  const before = { text: printModel(document.model), bytes: joinPieces(encodeModel(document.model)) }
  const wanted = change(before.text)
  expect(wanted).not.toBe(before.text)
  const transaction = await document.transact('text', (edit) => applyText(edit, edit.main, wanted))
  const after = printModel(document.model)
  document.undo(transaction)
  expect(printModel(document.model)).toBe(before.text)
  expect(Buffer.from(joinPieces(encodeModel(document.model))).equals(before.bytes)).toBe(true)
  document.redo(transaction)
  expect(printModel(document.model)).toBe(after)
  return { transaction, wanted, after }
}

async function problemsOf(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return TextErrorDetails.parse((error as AppError).details).problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

test('text that was not edited changes nothing', async () => {
  const document = sampleDocument()
  const transaction = await document.transact('text', (edit) => applyText(edit, edit.main, printModel(document.model)))
  expect(transaction.changes).toEqual([])
})

test('an edited attribute changes one node, which keeps its id', async () => {
  const document = sampleDocument()
  const { id } = document.model.graph.nodes[2] ?? { id: -1 }
  const { transaction, wanted, after } = await edited(document, (text) => text.replace('l = Add(h, k)', 'l = Sub<broadcast = 1>(h, k)'))
  expect(after).toBe(wanted)
  expect(transaction.changes).toHaveLength(1)
  expect(document.model.graph.nodes[2]).toMatchObject({ id, opType: 'Sub' })
})

test('renamed values, also of weights whose numbers the text leaves out, keep nodes and numbers', async () => {
  const document = sampleDocument()
  const ids = document.model.graph.nodes.map(({ id }) => id)
  const weight = document.model.graph.initializers[0]
  const { wanted, after } = await edited(document, (text) => text.replaceAll(/\bh\b/g, 'hidden').replaceAll(/\bw\b/g, 'weight').replaceAll(/\bk\b/g, 'offset').replace('[scale] ', ''))
  expect(after).toBe(wanted)
  expect(document.model.graph.nodes.map(({ id }) => id)).toEqual(ids)
  expect(document.model.graph.initializers[0]).toEqual({ ...weight, name: 'weight' })
})

test('nodes are added, removed and put in another order', async () => {
  const document = sampleDocument()
  const { wanted, after } = await edited(document, (text) =>
    text.replace('   [scale] h = Mul(x, w)\n', '').replace('   l = Add(h, k)\n', '   h = Add(x, w)\n   h2 = Relu(h)\n   l = Add(h2, k)\n'),
  )
  expect(after).toBe(wanted)
  expect(document.definition(document.model.graph, 'h2')?.definition.kind).toBe('node')
  expect(new Set(document.model.graph.nodes.map(({ id }) => id)).size).toBe(document.model.graph.nodes.length)
  const ids = new Set(document.model.graph.nodes.map(({ id }) => id))
  const swapped = await edited(document, (text) => text.replace(/( {3}h2 = .*\n)( {3}.*\n)*?( {3}k = .*\n)|( {3}k = .*\n)( {3}h = .*\n)/, (lines) => lines.trimEnd().split('\n').toReversed().join('\n') + '\n'))
  expect(new Set(document.model.graph.nodes.map(({ id }) => id))).toEqual(ids)
  expect(swapped.after).toBe(swapped.wanted)
})

test('values swap their names', async () => {
  const document = sampleDocument()
  const { wanted, after } = await edited(document, (text) => text.replaceAll(/\b[hl]\b/g, (name) => (name === 'h' ? 'l' : 'h')))
  expect(after).toBe(wanted)
  expect(document.definition(document.model.graph, 'l')?.definition).toMatchObject({ kind: 'node', node: { opType: 'Mul' } })
})

test('a subgraph, a new one, a function and the header are edited in place', async () => {
  const document = sampleDocument()
  const inner = document.graphs()[1]
  const { wanted, after } = await edited(document, (text) =>
    text
      .replace('a = Relu(l)', 'r = Relu(l)\n      a = If<then_branch = deep () => (d) {\n         d = Abs(r)\n      }, else_branch = other () => (o) {\n         o = Neg(r)\n      }>(c)')
      .replace('q = Add(p, p)', 'q = Mul(p, p)')
      .replace('producer_name: "test"', 'producer_name: "me",\n   metadata_props: ["a": "b"]'),
  )
  expect(after).toBe(wanted)
  expect(document.graphs()).toContain(inner)
  expect(new Set(document.graphs().map(({ id }) => id)).size).toBe(document.graphs().length)
})

test('one graph is edited by its own text', async () => {
  const document = sampleDocument()
  for (const [index, from, to] of [[1, 'Relu', 'Elu'], [3, 'Add', 'Mul']] as const) {
    const graph = document.graphs()[index]
    if (!graph) throw new Error('internal: the sample has four graphs')
    const text = printGraph(document.model, graph).replace(from, to)
    await document.transact('text', (edit) => applyText(edit, graph, text))
    expect(printGraph(document.model, graph)).toBe(text)
  }
})

test('written values replace those of the model, also where the model would print them shortened', async () => {
  const document = sampleDocument()
  const values = Array.from({ length: 40 }, (_, at) => at)
  const text = printModel(document.model).replace('float[1, 40] w = {}', `float[1, 40] w = {${values.join(', ')}}`).replace('b = {0.5}', 'b = {0.25}')
  await document.transact('text', (edit) => applyText(edit, edit.main, text))
  const [w, b] = document.model.graph.initializers
  expect([w?.data, b?.data].map((data) => data?.kind === 'bytes' && [...new Float32Array(data.bytes.slice().buffer)])).toEqual([values, [0.25]])
})

test('what the text leaves out and the model does not have is a problem at its place, and nothing is changed', async () => {
  const document = sampleDocument()
  const before = printModel(document.model)
  const apply = (text: string) => document.transact('text', (edit) => applyText(edit, edit.main, text))
  expect(await problemsOf(apply(before.replace('float[1, 40] w = {}', 'float[1, 80] w = {}')))).toEqual([
    '7:4 The values are left out, but the type or the shape is not what the model has here. Write the values.',
  ])
  expect(await problemsOf(apply(before.replace('   y = my.Twice', '   n = Constant<value = float[99] {}>()\n   y = my.Twice')))).toEqual([
    expect.stringMatching(/^18:\d+ The values are left out, and the model has no tensor of this type and shape/) as string,
  ])
  expect(await problemsOf(apply(before.replace('l = Add(h, k)', 'h = Add(h, k)')))).toEqual(["12:4 There is another value 'h' in this graph; values are made once."])
  expect(printModel(document.model)).toBe(before)
})

/** The text of the nodes that make these values. */
function nodesText(document: ModelDocument, ...values: string[]) {
  const { graph } = document.model
  const nodes = graph.nodes.filter(({ outputs }) => outputs.some((name) => values.includes(name)))
  return { nodes, text: printNodes({ graph, nodes, typeOf: () => null }) }
}

test('the text of some nodes shows what they read and give, and unedited changes nothing', async () => {
  const document = sampleDocument()
  const { nodes, text } = nodesText(document, 'h', 'l')
  expect(text).toContain('(x, k) => (l)')
  expect(text).toContain('[scale] h = Mul(x, w)')
  expect(text).not.toContain('Twice')
  const transaction = await document.transact('text', (edit) => applyNodesText(edit, edit.main, { nodes, text }))
  expect(transaction.changes).toEqual([])
})

test('edited text of some nodes changes those alone, in an order that runs, and undo takes it back', async () => {
  const document = sampleDocument()
  const before = printModel(document.model)
  const others = document.model.graph.nodes.filter(({ outputs }) => !outputs.includes('h') && !outputs.includes('l'))
  const { nodes, text } = nodesText(document, 'h', 'l')
  const wanted = text.replace('l = Add(h, k)', 'n = Neg(h)\n   l = Add(n, k)').replace('Mul(x, w)', 'Div(x, w)')
  const transaction = await document.transact('text', (edit) => applyNodesText(edit, edit.main, { nodes, text: wanted }))
  const after = document.model.graph.nodes
  expect(after.map(({ opType }) => opType)).toEqual(['Div', 'Constant', 'Neg', 'Add', 'If', 'Twice'])
  expect(after.find(({ name }) => name === 'scale')?.id).toBe(nodes[0]?.id)
  expect(others.every((node) => after.includes(node))).toBe(true)
  document.undo(transaction)
  expect(printModel(document.model)).toBe(before)
})

test('text of some nodes adds and changes initializers, and refuses a name that the rest of the graph has', async () => {
  const document = sampleDocument()
  const { nodes, text } = nodesText(document, 'h')
  const wanted = text.replace('Mul(x, w)', 'Mul(x, half)').replace('w = {}', 'w = {},\n   float[1] half = {0.5}')
  await document.transact('text', (edit) => applyNodesText(edit, edit.main, { nodes, text: wanted }))
  expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['w', 'b', 'half'])
  const again = nodesText(document, 'h')
  const clash = document.transact('text', (edit) => applyNodesText(edit, edit.main, { nodes: again.nodes, text: again.text.replace('h = Mul', 'k = Mul') }))
  expect(await problemsOf(clash)).toEqual([expect.stringMatching(/another value 'k'/)])
})
