import { expect, it } from 'vitest'
import type { GraphView } from '#shared/ipc/model-view'
import { removedOverlay } from './removed-overlay'

function graph(counts: Readonly<Record<string, number>>): GraphView {
  const nodes = Object.entries(counts).map(([name, parameterCount], at) => ({ id: at + 1, name, opType: 'Conv', domain: '', inputs: [], outputs: [], attributes: [], parameterCount, parameterBytes: 4 * parameterCount, macs: null }))
  return { graphId: 1, name: 'g', kind: 'main', path: [], inputs: [], outputs: [], nodes, initializers: [], values: {} }
}

const where = { documentId: 'd', title: 'Channels removed' }

it('marks layers by the part of their parameters that went, and leaves the others', () => {
  const overlay = removedOverlay(graph({ a: 100, b: 50, c: 10 }), graph({ b: 50, a: 25 }), where)
  expect([...(overlay?.nodes ?? [])]).toEqual([[2, { level: 0.75, text: '−75.0 %' }]])
})

it('is nothing where no layer shrank', () => {
  expect(removedOverlay(graph({ a: 100 }), graph({ a: 100, other: 3 }), where)).toBeNull()
})
