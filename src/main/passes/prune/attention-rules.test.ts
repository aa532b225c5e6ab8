import { describe, expect, it } from 'vitest'
import { checkModel } from '#shared/onnx/check/check-model'
import { buildModel, type ModelSpec, tensor, type TensorSpec } from '#shared/onnx/testing/build-model'
import type { ModelDocument } from '#shared/onnx/document'
import { pruneChannels } from '../prune-channels'
import { outputsOf, relativeError, runPass, testData } from '../testing/run-pass'

const WIDTH = 16
const HEADS = 4
const half = { target: 'channels', amount: 0.5, roundTo: 1, recovery: 'none', importance: 'l1' } as const
const data = testData({ x: [1, 6, WIDTH] })

/** Numbers that look random; the columns (or rows) of heads 1 and 3 are zero. */
function weight(dims: readonly number[], { seed, along }: { seed: number; along: 'rows' | 'columns' }): TensorSpec {
  const [, columns = 1] = dims
  let state = seed
  const count = dims.reduce((product, dim) => product * dim, 1)
  const values = Array.from({ length: count }, (_, at) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const channel = (along === 'rows' ? Math.floor(at / columns) : at % (dims.length === 1 ? count : columns)) % WIDTH
    return Math.floor(channel / (WIDTH / HEADS)) % 2 === 1 ? 0 : (state / 2 ** 31 - 1) / 4
  })
  return tensor('float32', dims, values)
}

const square = (seed: number) => weight([WIDTH, WIDTH], { seed, along: 'columns' })
const output = weight([WIDTH, WIDTH], { seed: 9, along: 'rows' })
const base = { inputs: { x: 'float32[1,6,16]' }, outputs: { y: 'float32[1,6,16]' } } as const
const projections: ModelSpec['nodes'] = ['q = MatMul(x, wq)', 'k = MatMul(x, wk)', 'v = MatMul(x, wv)']
const separate = { wq: square(1), wk: square(2), wv: square(3), o: output }

const FORMS: readonly [name: string, spec: ModelSpec, attributes: Record<string, bigint>, expected: Record<string, number[]>][] = [
  [
    "onnxruntime's attention of many heads, with its bias",
    { ...base, opsets: { 'com.microsoft': 1 }, initializers: { ...separate, b: weight([3 * WIDTH], { seed: 5, along: 'columns' }) }, nodes: [...projections, ['a = com.microsoft.MultiHeadAttention(q, k, v, b)', { num_heads: HEADS }], 'y = MatMul(a, o)'] },
    { num_heads: 2n },
    { wq: [16, 8], wk: [16, 8], wv: [16, 8], b: [24], o: [8, 16] },
  ],
  [
    "onnxruntime's attention with the projections in it",
    { ...base, opsets: { 'com.microsoft': 1 }, initializers: { w: weight([WIDTH, 3 * WIDTH], { seed: 4, along: 'columns' }), b: weight([3 * WIDTH], { seed: 5, along: 'columns' }), o: output }, nodes: [['a = com.microsoft.Attention(x, w, b)', { num_heads: HEADS }], 'y = MatMul(a, o)'] },
    { num_heads: 2n },
    { w: [16, 24], b: [24], o: [8, 16] },
  ],
  [
    "ONNX's attention",
    { ...base, opsets: { '': 23 }, initializers: separate, nodes: [...projections, ['a = Attention(q, k, v)', { q_num_heads: HEADS, kv_num_heads: HEADS }], 'y = MatMul(a, o)'] },
    { q_num_heads: 2n, kv_num_heads: 2n },
    { wq: [16, 8], wk: [16, 8], wv: [16, 8], o: [8, 16] },
  ],
]

describe('heads of attention in one operator', () => {
  it.each(FORMS)('cuts whole ones of %s, those that give nothing without a change of the outputs', async (_, spec, attributes, expected) => {
    const before = await outputsOf(buildModel(spec), data)
    const { document } = await runPass(buildModel(spec), pruneChannels, half, data)
    for (const [name, dims] of Object.entries(expected)) expect([name, dimsOf(document, name)]).toEqual([name, dims])
    const attention = document.model.graph.nodes.find(({ opType }) => opType.endsWith('Attention'))
    for (const [name, value] of Object.entries(attributes)) expect(attention?.attributes).toContainEqual(expect.objectContaining({ name, value }))
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(1e-5)
  })

  it('keeps those that share keys, and says so', async () => {
    const model = buildModel({ ...base, opsets: { '': 23 }, initializers: { ...separate, wk: weight([WIDTH, 8], { seed: 2, along: 'columns' }), wv: weight([WIDTH, 8], { seed: 3, along: 'columns' }) }, nodes: [...projections, ['a = Attention(q, k, v)', { q_num_heads: HEADS, kv_num_heads: 2 }], 'y = MatMul(a, o)'] })
    const { transaction, diagnostics } = await runPass(model, pruneChannels, half, data)
    expect(transaction.changes).toEqual([])
    expect(diagnostics[0]?.hint).toMatch(/share keys/)
  })
})

function dimsOf(document: ModelDocument, name: string): readonly number[] | undefined {
  return document.model.graph.initializers.find((initializer) => initializer.name === name)?.dims
}
