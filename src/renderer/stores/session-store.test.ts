import { beforeEach, describe, expect, it } from 'vitest'
import type { OpenDocument } from '#shared/ipc/contract'
import type { GraphView } from '#shared/ipc/model-view'
import { activeDocument, activeGraph, activeGraphId, useSessionStore } from './session-store'

const initial = useSessionStore.getInitialState()
const session = () => useSessionStore.getState()

beforeEach(() => useSessionStore.setState(initial, true))

function document(documentId: string, mainGraphId = 1): OpenDocument {
  const summary = {
    path: `/models/${documentId}.onnx`,
    format: 'ONNX v8',
    irVersion: 8,
    opsets: [],
    producer: '',
    domain: '',
    modelVersion: '0',
    docString: '',
    metadata: {},
    inputs: [],
    outputs: [],
    nodeCount: 0,
    parameterCount: 0,
    macs: null,
    sizeBytes: 0,
    opCounts: {},
    functions: [],
    diagnostics: [],
  }
  return { documentId, name: documentId, mainGraphId, summary }
}

function graph(graphId: number): GraphView {
  return { graphId, name: '', kind: 'main', path: [], inputs: [], outputs: [], nodes: [], initializers: [], values: {} }
}

describe('the session', () => {
  it('shows a document when it is added, at its main graph', () => {
    session().addDocument(document('a', 7))
    expect(activeDocument(session())?.documentId).toBe('a')
    expect(activeGraphId(session())).toBe(7)
    expect(activeGraph(session())).toBeNull()
    session().putGraph('a', graph(7))
    expect(activeGraph(session())?.graphId).toBe(7)
  })

  it('goes into subgraphs and back out, but never out of the main graph', () => {
    session().addDocument(document('a'))
    session().enterSubgraph(2)
    session().enterSubgraph(2)
    session().enterSubgraph(3)
    expect(session().graphPaths['a']).toEqual([1, 2, 3])
    session().leaveSubgraph()
    session().leaveSubgraph()
    session().leaveSubgraph()
    expect(session().graphPaths['a']).toEqual([1])
  })

  it('keeps the place in each document while another is shown', () => {
    session().addDocument(document('a'))
    session().enterSubgraph(2)
    session().addDocument(document('b'))
    session().activate('a')
    expect(activeGraphId(session())).toBe(2)
  })

  it('shows the neighbour when the document shown is closed, and forgets its graphs', () => {
    for (const id of ['a', 'b', 'c']) session().addDocument(document(id))
    session().putGraph('b', graph(1))
    session().activate('b')
    session().closeDocument('b')
    expect(session().activeDocumentId).toBe('c')
    expect(session().graphViews).toEqual({})
    session().closeDocument('c')
    session().closeDocument('a')
    expect(session().activeDocumentId).toBeNull()
  })

  it('leaves the document shown alone when another is closed', () => {
    for (const id of ['a', 'b']) session().addDocument(document(id))
    session().closeDocument('a')
    expect(session().activeDocumentId).toBe('b')
  })

  it('drops a graph that arrives after its document was closed', () => {
    session().addDocument(document('a'))
    session().closeDocument('a')
    session().putGraph('a', graph(1))
    expect(session().graphViews).toEqual({})
  })

  it('does not mix up documents whose ids begin alike', () => {
    session().addDocument(document('1'))
    session().addDocument(document('11'))
    session().putGraph('11', graph(1))
    session().closeDocument('1')
    expect(activeGraph(session())?.graphId).toBe(1)
  })
})
