import { expect, test } from 'vitest'
import type { Diagnostic } from '../../diagnostic'
import { ModelSummary } from '../../ipc/model-view'
import { ModelDocument } from '../document'
import { inferTypes } from '../infer/infer-types'
import { buildModel, filledTensor, type ModelSpec, tensor } from '../testing/build-model'
import { summarizeModel } from './summarize-model'

function summary(spec: ModelSpec, diagnostics: readonly Diagnostic[] = []): ModelSummary {
  const document = new ModelDocument(buildModel(spec))
  return ModelSummary.parse(summarizeModel({ document, path: 'a.onnx', sizeBytes: 123, diagnostics, types: inferTypes(document) }))
}

test('a model at a glance', () => {
  const result = summary({
    opset: 17,
    opsets: { 'com.microsoft': 1 },
    inputs: { x: 'float32[N,3]', w: 'float32[3,2]' },
    outputs: { y: 'float32' },
    initializers: { w: filledTensor('float32', [3, 2], 1) },
    metadata: [{ key: 'author', value: 'we' }],
    nodes: ['t = MatMul(x, w)', 'y = com.microsoft.Gelu(t)'],
  })
  expect(result).toMatchObject({
    path: 'a.onnx',
    format: 'ONNX v8',
    irVersion: 8,
    opsets: [{ domain: 'ai.onnx', version: 17 }, { domain: 'com.microsoft', version: 1 }],
    producer: 'test',
    modelVersion: '0',
    metadata: { author: 'we' },
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 3] }],
    nodeCount: 2,
    parameterCount: 6,
    macs: 6,
    sizeBytes: 123,
    opCounts: { MatMul: 1, 'com.microsoft.Gelu': 1 },
    functions: [],
  })
  expect(result.outputs).toMatchObject([{ name: 'y', dtype: 'float32', shape: ['N', 2] }])
})

test('nodes, operators and parameters of subgraphs and functions count', () => {
  const result = summary({
    opsets: { my: 1 },
    inputs: { c: 'bool[]', x: 'float32[2]' },
    outputs: { y: null },
    initializers: { w: tensor('float32', [2], [1, 2]), names: tensor('string', [3], ['a', 'b', 'c']), on: tensor('bool', [4], [1, 1, 0, 0]) },
    nodes: [['y = If(c)', { then_branch: { outputs: { a: null }, initializers: { v: tensor('int64', [1], [3]) }, nodes: ['a = Relu(x)'] }, else_branch: { outputs: { b: null }, nodes: ['b = my.F(x)'] } }]],
    functions: [{ domain: 'my', name: 'F', inputs: ['p'], outputs: ['q'], nodes: [['k = Constant()', { value: filledTensor('float32', [5], 1) }], 'q = Relu(p)'] }],
  })
  expect(result).toMatchObject({ nodeCount: 5, parameterCount: 2 + 1 + 5, opCounts: { Relu: 2, Constant: 1, If: 1, 'my.F': 1 }, functions: [{ domain: 'my', name: 'F' }] })
  expect(Object.keys(result.opCounts)[0]).toBe('Relu')
})

test('what two checks find alike is told once', () => {
  const finding: Diagnostic = { severity: 'error', code: 'tensor-data-mismatch', message: 'It does not fit.', valueName: 'w' }
  expect(summary({ nodes: [] }, [finding, { ...finding }, { ...finding, message: 'Another.' }]).diagnostics).toHaveLength(2)
})
