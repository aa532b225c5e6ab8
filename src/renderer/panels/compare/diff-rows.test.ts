import { beforeAll, expect, test } from 'vitest'
import i18next from 'i18next'
import type { ModelDiff } from '#shared/ipc/model-diff'
import { changeWords } from '../../canvas/compare/change-words'
import { indexDiff } from '../../canvas/compare/compare-index'
import { canvasEn } from '../../canvas/i18n/en'
import { diffRows } from './diff-rows'

const words = i18next.createInstance()
beforeAll(() => words.init({ lng: 'en', resources: { en: { canvas: canvasEn } }, interpolation: { escapeValue: false } }))

const node = (id: number, name: string, opType = 'Conv') => ({ id, name, opType, domain: '' })

const diff: ModelDiff = {
  graphs: [
    {
      name: 'g',
      a: 1,
      b: 1,
      pairs: [
        { a: node(1, 'same'), b: node(11, 'renamed'), changes: [] },
        { a: node(2, 'conv'), b: node(12, 'conv'), changes: [{ kind: 'attribute', name: 'strides', a: '[1, 1]', b: null }] },
      ],
      removed: [{ ...node(3, 'gone', 'Relu'), around: null }],
      added: [{ ...node(13, 'new'), around: null }],
      replaced: [{ a: [3], b: [12] }],
      inputs: [{ name: 'x', a: 'float32[1]', b: 'float32[2]' }],
      outputs: [{ name: 'y', a: null, b: 'float32[1]' }],
    },
  ],
  fields: [{ name: 'opset ai.onnx', a: '17', b: '18' }],
  functions: [{ name: 'my.F', a: 'present', b: null }],
  summary: { same: 1, changed: 1, added: 1, removed: 1 },
}

test('rows are fields, functions, inputs and outputs, then what differs of the nodes; equal nodes are left out', () => {
  const rows = diffRows({ diff, index: indexDiff(diff) }, { t: words.getFixedT('en', 'canvas'), latencyA: (ids) => (ids.includes(2) ? 2 : null), latencyB: () => null })
  expect(rows.map(({ kind, name, words: text }) => [kind, name, text])).toEqual([
    ['field', 'opset ai.onnx', '17 → 18'],
    ['function', 'my.F', 'present → –'],
    ['input', 'x', 'float32[1] → float32[2]'],
    ['output', 'y', '– → float32[1]'],
    ['attribute', 'conv', 'strides: [1, 1] → –; − Relu'],
    ['added', 'new', ''],
  ])
  expect(rows.map(({ latencyA }) => latencyA)).toEqual([null, null, null, null, 2, null])
})

test('a change reads as what was and what is; weights by their relative error', () => {
  const t = words.getFixedT('en', 'canvas')
  expect(changeWords(t, { kind: 'input', input: 2, a: '', b: 'b' })).toBe('input 2 reads – → b')
  expect(changeWords(t, { kind: 'weight', input: 1, a: 'float32[8]', b: 'int8[8]', relativeError: 0.0123 })).toBe('weights at input 1: float32[8] → int8[8], relative error 1.2 %')
  expect(changeWords(t, { kind: 'weight', input: 1, a: 'float32[8,3]', b: 'float32[4,3]', relativeError: null })).toBe('weights at input 1: float32[8,3] → float32[4,3]')
})
