import { describe, expect, it } from 'vitest'
import type { LayerChange } from '#shared/ipc/jobs'
import type { GraphView } from '#shared/ipc/model-view'
import { sparsityOverlay } from './sparsity-overlay'
import { termErrors } from './term-errors'

const change = (nodeName: string, figures: Record<string, number>): LayerChange => ({ nodeId: 7, nodeName, opType: 'Conv', isChanged: true, note: '', figures })
const place = { documentId: 'd', title: 'Zeros' }

function graph(names: readonly string[]): GraphView {
  const nodes = names.map((name, id) => ({ id, name, opType: 'Conv', domain: '', inputs: [], outputs: [], attributes: [], parameterCount: 0, parameterBytes: 0, macs: null }))
  return { graphId: 1, name: 'g', kind: 'main', path: [], inputs: [], outputs: [], nodes, initializers: [], values: {} }
}

describe('what passes did to layers', () => {
  it('colours layers by their share of zeros, found by name', () => {
    const overlay = sparsityOverlay(graph(['a', 'b', '']), [change('b', { sparsity: 0.5 }), change('', { sparsity: 1 }), change('a', { rank: 3 })], place)
    expect([...(overlay?.nodes ?? [])]).toEqual([[1, { level: 0.5, text: '50.0 % = 0' }]])
  })

  it('colours nothing where no layer became sparse', () => {
    expect(sparsityOverlay(graph(['a']), [change('a', { rank: 3 })], place)).toBeNull()
  })

  it('takes the errors of each number of pairs in their order, and no other figure', () => {
    expect(termErrors([change('a', { error10: 0.1, error2: 0.3, relativeError: 0.3, terms: 2 }), change('b', { rank: 1 })])).toMatchObject([{ name: 'a', points: [[2, 0.3], [10, 0.1]] }])
  })
})
