import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { fuseMatMulAdd } from './fuse-matmul-add'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

const spec: ModelSpec = {
  inputs: { x: 'float32[3,4]' },
  outputs: { y: 'float32[3,5]' },
  initializers: { w: filledTensor('float32', [4, 5], 0.5, -0.25, 0.125, 1), b: filledTensor('float32', [5], 0.1, -0.2), row: filledTensor('float32', [1, 5], 0.3, -0.1) },
  nodes: ['p = MatMul(x, w)', 'y = Add(p, b)'],
}
const data = testData({ x: [3, 4] })

describe('writes MatMul and Add as Gemm', () => {
  it.each([
    ['with a bias behind', {}],
    ['with a bias in front', { nodes: ['p = MatMul(x, w)', 'y = Add(b, p)'] }],
    ['with a bias that is a row', { nodes: ['p = MatMul(x, w)', 'y = Add(p, row)'] }],
  ])('%s', async (_, changed) => {
    const { document, transaction } = await runPass(buildModel({ ...spec, ...changed }), fuseMatMulAdd)
    expect(opCounts(document)).toEqual({ Gemm: 1 })
    expect(relativeError(await outputsOf(buildModel({ ...spec, ...changed }), data), await outputsOf(document, data))).toBeLessThan(1e-6)
    document.undo(transaction)
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel({ ...spec, ...changed }))))
  })
})

describe('leaves them', () => {
  it.each([
    ['where the product is of more than a matrix', { inputs: { x: 'float32[2,3,4]' }, outputs: { y: 'float32[2,3,5]' } }],
    ['where the product is read elsewhere', { outputs: { y: 'float32[3,5]', p: 'float32[3,5]' } }],
    ['where the bias is not of the columns', { initializers: { ...spec.initializers, b: filledTensor('float32', [3, 1], 0.1) } }],
    ['where the bias is fed', { inputs: { x: 'float32[3,4]', fed: 'float32[5]' }, nodes: ['p = MatMul(x, w)', 'y = Add(p, fed)'] }],
  ])('%s', async (_, changed) => {
    expect((await runPass(buildModel({ ...spec, ...changed }), fuseMatMulAdd)).transaction.changes).toEqual([])
  })
})
