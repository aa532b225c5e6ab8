import { describe, expect, it } from 'vitest'
import { buildModel, filledTensor } from '#shared/onnx/testing/build-model'
import { floatWeights } from './float-weights'

const table = filledTensor('float32', [100, 16], 0.5)
const codes = filledTensor('int8', [16, 8], 1, -1)

describe('weights left float', () => {
  const model = buildModel({
    inputs: { ids: 'int64[4]' },
    outputs: { y: 'float32[4,8]' },
    initializers: { table, codes, scale: filledTensor('float32', [], 0.1) },
    nodes: ['x = Gather(table, ids)', 'w = DequantizeLinear(codes, scale)', 'y = MatMul(x, w)'],
  })

  it('are told with the operator that reads most of them, and what else would quantize it', () => {
    const found = floatWeights(model, 7000)
    expect(found).toMatchObject({ severity: 'info', code: 'weights-left-float', message: '0.01 MB of weights stay float32, 91 % of the result; most of it is read by Gather.' })
    expect(found?.hint).toContain('quantize-dynamic')
  })

  it('are not told where they are little, or where nothing is in integers', () => {
    expect(floatWeights(model, 70_000)).toBeNull()
    expect(floatWeights(buildModel({ inputs: { x: 'float32[4,16]' }, outputs: { y: 'float32[4,8]' }, initializers: { w: filledTensor('float32', [16, 8], 0.5) }, nodes: ['y = MatMul(x, w)'] }), 600)).toBeNull()
  })
})
