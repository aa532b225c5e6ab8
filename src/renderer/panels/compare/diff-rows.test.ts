import { expect, test } from 'vitest'
import { changeText, diffRows } from './diff-rows'

const node = (id: number, name: string) => ({ id, name, opType: 'Conv', domain: '' })

test('rows are the nodes that changed, then those of one side only; equal nodes are left out', () => {
  const rows = diffRows({
    graphs: [
      {
        name: 'g',
        a: 1,
        b: 1,
        pairs: [
          { a: node(1, 'same'), b: node(11, 'renamed'), changes: [] },
          { a: node(2, 'conv'), b: node(12, 'conv'), changes: [{ kind: 'attribute', name: 'strides', a: '[1, 1]', b: null }] },
        ],
        removed: [{ ...node(3, 'gone'), around: null }],
        added: [{ ...node(13, 'new'), around: null }],
        replaced: [],
        inputs: [],
        outputs: [],
      },
    ],
    fields: [],
    functions: [],
    summary: { same: 1, changed: 1, added: 1, removed: 1 },
  })
  expect(rows.map(({ kind, name, a, b }) => [kind, name, a, b])).toEqual([
    ['changed', 'conv', 2, 12],
    ['removed', 'gone', 3, null],
    ['added', 'new', null, 13],
  ])
})

test('a change reads as what was and what is; weights by their relative error', () => {
  expect(changeText({ kind: 'attribute', name: 'strides', a: '[1, 1]', b: null })).toBe('strides: [1, 1] → –')
  expect(changeText({ kind: 'weight', input: 1, a: 'W', b: 'W', relativeError: 0.012345 })).toBe('(1) ‖Δ‖/‖w‖ 0.0123')
  expect(changeText({ kind: 'weight', input: 1, a: '8×3', b: '4×3', relativeError: null })).toBe('(1) 8×3 → 4×3')
})
