import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Edit, ModelDocument } from './document'
import { readNames } from './topological-order'
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from './records'

function value(name: string): ValueInfo {
  return { name, type: { kind: 'tensor', dataType: 1, shape: [2] } }
}

function tensor(name: string): Tensor {
  return { name, dataType: 1, dims: [2], data: { kind: 'bytes', bytes: new Uint8Array(8) } }
}

function node(id: number, inputs: string[], outputs: string[], attributes: Attribute[] = []): Node {
  return { id, name: `n${id}`, opType: 'Op', domain: '', inputs, outputs, attributes }
}

function graph(id: number, parts: Partial<Graph>): Graph {
  const empty = { docString: '', nodes: [], inputs: [], outputs: [], valueInfo: [], initializers: [], sparseInitializers: [] }
  return { ...empty, quantizationAnnotations: [], metadata: [], unknown: [], id, name: `g${id}`, ...parts }
}

/** x → n1 → a → n2(w) → b → n3 { captures a } → y */
function example(): Model {
  const inner = graph(2, { nodes: [node(4, ['a'], ['inner'])], outputs: [value('inner')] })
  const main = graph(1, {
    inputs: [value('x')],
    outputs: [value('y')],
    initializers: [tensor('w'), tensor('v')],
    nodes: [node(1, ['x'], ['a']), node(2, ['a', 'w'], ['b']), node(3, ['b'], ['y'], [{ name: 'then_branch', type: 'graph', value: inner }])],
  })
  const rest = { producerName: '', producerVersion: '', domain: '', modelVersion: 0n, docString: '', metadata: [], functions: [], trainingInfo: [], unknown: [] }
  return { ...rest, irVersion: 8, opsetImports: [{ domain: '', version: 17 }], graph: main }
}

/** Everything but ids that a save depends on. */
function snapshot(document: ModelDocument): unknown {
  return structuredClone(document.model)
}

const nodeAt = (document: ModelDocument, at: number): Node => document.model.graph.nodes[at] as Node

describe('use-def links', () => {
  it('find the reader in a subgraph that captures the value', () => {
    const document = new ModelDocument(example())
    const uses = document.uses(document.model.graph, 'a')
    expect(uses.map((use) => [use.graph.id, use.node?.id])).toEqual([
      [1, 2],
      [2, 4],
    ])
  })

  it('count graph outputs as uses', () => {
    const document = new ModelDocument(example())
    expect(document.uses(document.model.graph, 'y')).toEqual([{ graph: document.model.graph, node: null, input: 0 }])
  })

  it('name what a node reads through its subgraphs', () => {
    expect(readNames(nodeAt(new ModelDocument(example()), 2))).toEqual(['b', 'a'])
  })
})

describe('a transaction', () => {
  it('is taken back whole when it throws', async () => {
    const document = new ModelDocument(example())
    const before = snapshot(document)
    const failing = document.transact('fails', (edit) => {
      edit.setInitializer(edit.main, tensor('extra'))
      edit.addNode(edit.main, { opType: 'Relu', inputs: ['a'], outputs: ['c'] }, { after: nodeAt(document, 0) })
      edit.renameValue(edit.main, 'a', 'renamed')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(snapshot(document)).toEqual(before)
    expect(document.uses(document.model.graph, 'a')).toHaveLength(2)
  })

  it('refuses edits after it has ended', async () => {
    const document = new ModelDocument(example())
    let kept: Edit | undefined
    await document.transact('keeps', (edit) => void (kept = edit))
    expect(() => kept?.updateModel({ producerName: 'late' })).toThrow('internal:')
  })

  it('refuses a second definition of a name', async () => {
    const document = new ModelDocument(example())
    const adding = document.transact('adds', (edit) => void edit.addNode(edit.main, { opType: 'Relu', inputs: ['x'], outputs: ['a'] }))
    await expect(adding).rejects.toMatchObject({ code: 'invalid-model' })
  })

  it('refuses to remove a node that is still read, also from a subgraph', async () => {
    const document = new ModelDocument(example())
    const removing = document.transact('removes', (edit) => {
      edit.replaceUses(edit.main, 'a', 'x', (reader) => reader.id === 2)
      edit.removeNode(edit.main, nodeAt(document, 0))
    })
    await expect(removing).rejects.toThrow("'a' of Op 'n1' is still read by 'n4'")
  })

  it('renames a value in the subgraph that captures it', async () => {
    const document = new ModelDocument(example())
    await document.transact('renames', (edit) => edit.renameValue(edit.main, 'a', 'z'))
    const inner = document.graphs().find(({ id }) => id === 2)
    expect(inner?.nodes[0]?.inputs).toEqual(['z'])
    expect(nodeAt(document, 1).inputs).toEqual(['z', 'w'])
  })

  it('refuses a name that would be hidden from a reader in a subgraph', async () => {
    const document = new ModelDocument(example())
    const renaming = document.transact('renames', (edit) => edit.renameValue(edit.main, 'a', 'inner'))
    await expect(renaming).rejects.toMatchObject({ code: 'invalid-model' })
  })

  it('gives names that nothing has yet', async () => {
    const document = new ModelDocument(example())
    await document.transact('names', (edit) => {
      expect(edit.freshName(edit.main, 'inner')).toBe('inner_1')
      expect(edit.freshName(edit.main, 'new')).toBe('new')
      expect(edit.freshName(edit.main, 'new')).toBe('new_1')
    })
  })

  it('sorts nodes behind those that feed them and leaves sorted graphs alone', async () => {
    const document = new ModelDocument(example())
    const untouched = await document.transact('sorts', (edit) => edit.sortTopologically(edit.main))
    expect(untouched.changes).toEqual([])
    await document.transact('adds at the end, reads before', (edit) => {
      edit.addNode(edit.main, { opType: 'Relu', inputs: ['x'], outputs: ['late'] })
      edit.setInput(edit.main, nodeAt(document, 0), 0, 'late')
      edit.sortTopologically(edit.main)
    })
    expect(document.model.graph.nodes.map(({ id }) => id)).toEqual([5, 1, 2, 3])
  })
})

type Step = (edit: Edit) => void

/** Edits that are possible in any state of the example; what does not apply does nothing. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(9).map((at): Step => (edit) => {
    const target = edit.main.nodes[at % edit.main.nodes.length]
    if (target) edit.addNode(edit.main, { opType: 'Relu', inputs: [target.outputs[0] ?? ''], outputs: [edit.freshName(edit.main, 'r')] }, { after: target })
  }),
  fc.nat(9).map((at): Step => (edit) => {
    const target = edit.main.nodes[at % edit.main.nodes.length]
    if (target && target.outputs.every((name) => edit.document.uses(edit.main, name).length === 0)) edit.removeNode(edit.main, target)
  }),
  fc.nat(9).map((at): Step => (edit) => {
    const target = edit.main.nodes[at % edit.main.nodes.length]
    const name = target?.outputs[0]
    if (name !== undefined) edit.renameValue(edit.main, name, edit.freshName(edit.main, 'renamed'))
  }),
  fc.nat(3).map((at): Step => (edit) => {
    const known = edit.main.initializers[at % Math.max(1, edit.main.initializers.length)]
    if (known && edit.document.uses(edit.main, known.name).length === 0) edit.removeInitializer(edit.main, known.name)
    else edit.setInitializer(edit.main, tensor(edit.freshName(edit.main, 'k')))
  }),
  fc.nat(9).map((at): Step => (edit) => {
    const target = edit.main.nodes[at % edit.main.nodes.length]
    if (target) edit.setAttribute(edit.main, target, 'axis', { name: 'axis', type: 'int', value: BigInt(at) })
  }),
)

describe('undo', () => {
  it('returns to exactly the state before, and redo to the state after, for any sequence of edits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 8 }), async (scripts) => {
        const document = new ModelDocument(example())
        const states = [snapshot(document)]
        const history = []
        for (const script of scripts) {
          history.push(await document.transact('edits', (edit) => script.forEach((change) => change(edit))))
          states.push(snapshot(document))
        }
        for (let at = history.length - 1; at >= 0; at--) {
          const transaction = history[at]
          if (transaction) document.undo(transaction)
          expect(snapshot(document)).toEqual(states[at])
        }
        for (const [at, transaction] of history.entries()) {
          document.redo(transaction)
          expect(snapshot(document)).toEqual(states[at + 1])
        }
        const rebuilt = new ModelDocument(structuredClone(document.model))
        for (const { outputs } of document.model.graph.nodes) {
          for (const name of outputs) expect(document.uses(document.model.graph, name).length).toBe(rebuilt.uses(rebuilt.model.graph, name).length)
        }
      }),
      { numRuns: 200 },
    )
  })
})
