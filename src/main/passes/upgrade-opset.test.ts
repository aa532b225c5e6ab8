import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { opCounts, outputsOf, relativeError, snapshot, testData } from './testing/run-pass'
import { type UpgradeRefusal, upgradeOpset } from '#shared/onnx/edit/upgrade-opset'

async function upgrade(spec: ModelSpec, target = 13) {
  const document = new ModelDocument(buildModel(spec))
  let refusal: UpgradeRefusal | null = null
  const transaction = await document.transact('upgrade', (edit) => {
    refusal = upgradeOpset(edit, target)
  })
  return { document, transaction, refusal: refusal as UpgradeRefusal | null }
}

const image: Pick<ModelSpec, 'inputs' | 'outputs' | 'irVersion'> = { inputs: { x: 'float32[1,4,6,6]' }, outputs: { y: null }, irVersion: 4 }
const data = testData({ x: [1, 4, 6, 6] })

describe('a model computes the same at opset 13 with', () => {
  it.each([
    ['Squeeze and Unsqueeze', 9, {}, [['u = Unsqueeze(x)', { axes: [0] }], ['y = Squeeze(u)', { axes: [0, 1] }]]],
    ['ReduceSum', 11, {}, [['y = ReduceSum(x)', { axes: [2, 3], keepdims: 0 }]]],
    ['Split', 11, {}, [['a, y = Split(x)', { axis: 1, split: [1, 3] }]]],
    ['Slice to the end', 9, {}, [['y = Slice(x)', { axes: [2, 3], starts: [1, -3], ends: { type: 'ints', value: [9223372036854775807n, 5n] } }]]],
    ['Clip', 9, {}, [['y = Clip(x)', { min: -0.25, max: 0.5 }]]],
    ['Clip on one side', 9, {}, [['y = Clip(x)', { max: 0.5 }]]],
    ['Pad', 9, {}, [['y = Pad(x)', { pads: [0, 0, 1, 1, 0, 0, 2, 2], value: 0.5 }]]],
    ['Upsample by an attribute', 8, {}, [['y = Upsample(x)', { mode: 'nearest', scales: { type: 'floats', value: [1, 1, 2, 2] } }]]],
    ['Upsample by an input, linear', 9, { s: tensor('float32', [4], [1, 1, 2, 2]) }, [['y = Upsample(x, s)', { mode: 'linear' }]]],
    ['Resize', 10, { s: tensor('float32', [4], [1, 1, 1.5, 1.5]) }, [['y = Resize(x, s)', { mode: 'nearest' }]]],
    ['TopK', 9, {}, [['y, i = TopK(x)', { k: 2, axis: 3 }]]],
    ['Softmax over several axes', 11, {}, [['y = Softmax(x)', { axis: 2 }]]],
    ['Softmax over the last axis', 11, {}, [['y = Softmax(x)', { axis: 3 }]]],
    ['LogSoftmax with the axis of old', 9, {}, ['y = LogSoftmax(x)']],
    ['Dropout', 9, {}, [['d = Dropout(x)', { ratio: 0.3 }], 'y = Relu(d)']],
    ['BatchNormalization', 8, { s: filledTensor('float32', [4], 1.5, 2), z: filledTensor('float32', [4], 0.5) }, [['y = BatchNormalization(x, s, z, z, s)', { spatial: 1 }]]],
    ['MaxPool, Conv and Flatten', 7, { w: filledTensor('float32', [2, 4, 3, 3], 0.5, -0.25, 0.1) }, ['c = Conv(x, w)', ['p = MaxPool(c)', { kernel_shape: [2, 2] }], 'y = Flatten(p)']],
  ] as [string, number, ModelSpec['initializers'], ModelSpec['nodes']][])('%s', async (_, opset, initializers, nodes) => {
    const spec: ModelSpec = { ...image, opset, nodes, initializers: initializers ?? {} }
    const before = await outputsOf(buildModel(spec), data)
    const { document, refusal } = await upgrade(spec)
    expect(refusal).toBeNull()
    expect(document.model.opsetImports).toEqual([{ domain: '', version: 13 }])
    expect(document.model.irVersion).toBe(7)
    const after = await outputsOf(document, data)
    expect(after.length).toBe(before.length)
    expect(relativeError(before, after)).toBeLessThan(1e-6)
  })
})

describe('a model computes the same at opset 21 with', () => {
  it.each([
    ['ReduceMean over axes', 13, {}, [['y = ReduceMean(x)', { axes: [2, 3], keepdims: 0 }]]],
    ['ReduceL2 over everything', 13, {}, ['y = ReduceL2(x)']],
    ['Split into equal parts', 13, {}, [['a, y = Split(x)', { axis: 1 }]]],
    ['Split by sizes', 11, {}, [['a, y = Split(x)', { axis: 1, split: [1, 3] }]]],
    ['GridSample', 16, { grid: filledTensor('float32', [1, 5, 5, 2], -0.9, 0.3, 0.75, -0.1, 0.5) }, [['y = GridSample(x, grid)', { mode: 'bicubic', padding_mode: 'border' }]]],
    ['RoiAlign', 13, { rois: tensor('float32', [2, 4], [0, 0, 4, 4, 1, 1, 5, 3]), batch: tensor('int64', [2], [0, 0]) }, [['y = RoiAlign(x, rois, batch)', { output_height: 2, output_width: 2, sampling_ratio: 2 }]]],
    ['BatchNormalization', 9, { s: filledTensor('float32', [4], 1.5, 2), z: filledTensor('float32', [4], 0.5) }, ['y = BatchNormalization(x, s, z, z, s)']],
    ['Resize, Pad and AveragePool', 11, { r: tensor('float32', [0], []), s: tensor('float32', [4], [1, 1, 1.5, 2]), p: tensor('int64', [8], [0, 0, 1, 1, 0, 0, 2, 2]) }, [['u = Resize(x, r, s)', { mode: 'linear' }], 'q = Pad(u, p)', 'k = Neg(q)', ['y = AveragePool(k)', { kernel_shape: [2, 2], strides: [2, 2] }]]],
    ['Reshape, Shape and Cast', 13, { t: tensor('int64', [2], [0, -1]) }, ['r = Reshape(x, t)', 'n = Shape(r)', ['f = Cast(n)', { to: 1 }], ['s = ReduceMax(f)', { keepdims: 0 }], 'y = Mul(r, s)']],
  ] as [string, number, ModelSpec['initializers'], ModelSpec['nodes']][])('%s', async (_, opset, initializers, nodes) => {
    const spec: ModelSpec = { ...image, irVersion: 8, opset, nodes, initializers: initializers ?? {} }
    const before = await outputsOf(buildModel(spec), data)
    const { document, refusal } = await upgrade(spec, 21)
    expect(refusal).toBeNull()
    expect(document.model).toMatchObject({ opsetImports: [{ domain: '', version: 21 }], irVersion: 10 })
    const after = await outputsOf(document, data)
    expect(after.length).toBe(before.length)
    expect(relativeError(before, after)).toBeLessThan(1e-6)
  })

  it.each([
    ['DFT', 17, [['y = DFT(x)', { axis: 2 }]], 'its axis became an input'],
    ['GroupNormalization', 18, [['y = GroupNormalization(x, s, s)', { num_groups: 2 }]], 'those of channels'],
  ] as [string, number, ModelSpec['nodes'], string][])('but %s, which is refused', async (_, opset, nodes, reason) => {
    const { refusal } = await upgrade({ ...image, opset, nodes, initializers: { s: tensor('float32', [2], [1, 2]) } }, 21)
    expect(refusal?.message).toContain(reason)
  })
})

it('takes Softmax as it is where only its axis counts', async () => {
  const { document } = await upgrade({ ...image, opset: 11, inputs: { x: 'float32[1,4,1,1]' }, nodes: [['y = Softmax(x)', { axis: 1 }]] })
  expect(opCounts(document)).toEqual({ Softmax: 1 })
})

it('takes initializers out of the inputs below IR version 4, where they were no defaults', async () => {
  const { document } = await upgrade({ ...image, irVersion: 3, opset: 8, inputs: { x: 'float32[1,4,6,6]', w: 'float32[1]' }, initializers: { w: tensor('float32', [1], [2]) }, nodes: ['y = Mul(x, w)'] })
  expect(document.model.graph.inputs.map(({ name }) => name)).toEqual(['x'])
})

it('goes no further than it is asked to, and not back', async () => {
  const spec: ModelSpec = { ...image, opset: 10, nodes: [['y = Squeeze(x)', { axes: [0] }]] }
  const { document } = await upgrade(spec, 11)
  expect(document.model.opsetImports).toEqual([{ domain: '', version: 11 }])
  expect(document.model.graph.nodes[0]?.inputs).toEqual(['x'])
  expect((await upgrade({ ...spec, opset: 17 }, 13)).transaction.changes).toEqual([])
})

describe('refuses, touching nothing, and names', () => {
  it.each([
    ['an operator that is gone', { opset: 8, nodes: [['y = ImageScaler(x)', { scale: 0.5 }, 'scaler']] }, /ImageScaler 'scaler'/],
    ['a Scan with a batch axis', { opset: 8, nodes: [['y = Scan(x)', { num_scan_inputs: 1 }, 'loop']] }, /Scan 'loop'/],
    ['a Dropout whose mask is read', { opset: 9, outputs: { y: null, m: null }, nodes: [['y, m = Dropout(x)', {}, 'drop']] }, /Dropout 'drop'/],
    ['a normalization of each position', { opset: 8, nodes: [['y = BatchNormalization(x, x, x, x, x)', { spatial: 0 }, 'norm']] }, /BatchNormalization 'norm'/],
    ['an opset older than 7', { opset: 6, nodes: ['y = Relu(x)'] }, /opset 6/],
    ['functions of the model', { opset: 11, opsets: { local: 1 }, nodes: ['y = Relu(x)'], functions: [{ domain: 'local', name: 'F', inputs: ['a'], outputs: ['b'], nodes: ['b = Relu(a)'] }] }, /functions/],
  ] as [string, ModelSpec, RegExp][])('%s', async (_, changed, message) => {
    const spec = { ...image, ...changed }
    const { document, refusal, transaction } = await upgrade(spec)
    expect(refusal?.message).toMatch(message)
    expect(transaction.changes).toEqual([])
    expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
  })
})
