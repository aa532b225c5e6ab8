import { describe, expect, test } from 'vitest'
import type { GraphDiff, ModelDiff, NodeChange } from '#shared/ipc/model-diff'
import { indexDiff } from './compare-index'

const node = (id: number, opType = 'Conv', name = `n${id}`) => ({ id, name, opType, domain: '' })
const pair = (a: number, b: number, changes: NodeChange[] = []) => ({ a: node(a), b: node(b), changes })
const weight: NodeChange = { kind: 'weight', input: 1, a: 'float32[8]', b: 'int8[8]', relativeError: 0.01 }

function diffOf(graph: Partial<GraphDiff>): ModelDiff {
  const full = { name: 'g', a: 1, b: 2, pairs: [], removed: [], added: [], replaced: [], inputs: [], outputs: [], ...graph }
  const changed = full.pairs.filter(({ changes }) => changes.length > 0).length
  return { graphs: [full], fields: [], functions: [], summary: { same: full.pairs.length - changed, changed, added: full.added.length, removed: full.removed.length } }
}

describe('an index of differences', () => {
  test('takes equal nodes as partners without a difference', () => {
    const index = indexDiff(diffOf({ pairs: [pair(1, 11)] }))
    expect(index.differences).toEqual([])
    expect(index.marks.a.size).toBe(0)
    expect(index.partners.a.get(1)).toEqual([11])
    expect(index.agreement).toBe(1)
  })

  test('tells of a node with the Q/DQ nodes around it as one difference, and counts those one by one', () => {
    const around = { id: 11, side: 'input' as const }
    const index = indexDiff(diffOf({ pairs: [pair(1, 11, [weight])], added: [{ ...node(12, 'QuantizeLinear'), around }, { ...node(13, 'DequantizeLinear'), around }] }))
    expect(index.differences).toMatchObject([{ tone: 'weights', a: [1], b: [11, 12, 13], come: ['QuantizeLinear', 'DequantizeLinear'] }])
    expect(index.marks.b.get(13)).toEqual({ tone: 'qdq', relativeError: null })
    expect(index.marks.a.get(1)).toEqual({ tone: 'weights', relativeError: 0.01 })
    expect(index.partners.b.get(12)).toEqual([1])
    expect(index.differenceOf.b.get(13)).toBe(0)
    expect(index.counts).toMatchObject({ weights: 1, qdq: 2, added: 0 })
  })

  test('tells of nodes taken in by another with that one, which stays paired', () => {
    const index = indexDiff(diffOf({ pairs: [pair(1, 11, [weight])], removed: [{ ...node(2, 'BatchNormalization'), around: null }], replaced: [{ a: [2], b: [11] }] }))
    expect(index.marks.a.get(2)?.tone).toBe('replaced')
    expect(index.marks.b.get(11)?.tone).toBe('weights')
    expect(index.partners.a.get(2)).toEqual([11])
    expect(index.partners.b.get(11)).toEqual([1, 2])
    expect(index.differences).toMatchObject([{ tone: 'weights', tones: ['replaced', 'weights'], a: [1, 2], b: [11], gone: ['BatchNormalization'] }])
    expect(index.counts).toMatchObject({ weights: 1, replaced: 1 })
  })

  test('tells of nodes that others took the place of as one difference', () => {
    const lone = (id: number) => ({ ...node(id), around: null })
    const index = indexDiff(diffOf({ pairs: [pair(1, 11)], removed: [lone(2), lone(3)], added: [lone(12)], replaced: [{ a: [2, 3], b: [12] }] }))
    expect(index.differences).toMatchObject([{ tone: 'replaced', a: [2, 3], b: [12] }])
    expect(index.counts).toMatchObject({ replaced: 2, added: 0, removed: 0 })
  })

  test('lists nodes of one side in the order of both graphs together', () => {
    const index = indexDiff(
      diffOf({ pairs: [pair(1, 11), pair(3, 13, [{ kind: 'attribute', name: 'group', a: '1', b: '2' }])], removed: [{ ...node(2), around: null }], added: [{ ...node(12), around: null }, { ...node(14), around: null }] }),
    )
    expect(index.differences.map(({ tone, name }) => [tone, name])).toEqual([
      ['added', 'n12'],
      ['removed', 'n2'],
      ['attribute', 'n13'],
      ['added', 'n14'],
    ])
  })

  test('gives the gravest of several changes as the tone', () => {
    const changes: NodeChange[] = [{ kind: 'type', output: 0, a: 'float32[1]', b: 'float32[2]' }, weight]
    expect(indexDiff(diffOf({ pairs: [pair(1, 11, changes)] })).marks.a.get(1)?.tone).toBe('weights')
  })

  test('says how far paired nodes agree: other values of a weight do not count against them, other shapes do', () => {
    const reshaped: NodeChange = { kind: 'weight', input: 1, a: 'float32[8]', b: 'float32[4]', relativeError: null }
    expect(indexDiff(diffOf({ pairs: [pair(1, 11), pair(2, 12, [weight]), pair(3, 13, [reshaped]), pair(4, 14, [{ kind: 'attribute', name: 'group', a: '1', b: '2' }])] })).agreement).toBe(0.5)
    expect(indexDiff(diffOf({})).agreement).toBe(0)
  })
})
