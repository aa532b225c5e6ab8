/** The checker's verdicts against onnxruntime's own: errors are what it refuses, all else it loads. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import { memorySource } from '#shared/onnx/byte-source'
import { checkModel } from '#shared/onnx/check/check-model'
import { decodeModel } from '#shared/onnx/codec/decode'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Model } from '#shared/onnx/records'
import { buildModel, type GraphSpec, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { loadOnnxruntime } from '../src/main/runtime/onnxruntime'

const relu = { inputs: { x: 'float32[2]' }, outputs: { y: 'float32[2]' }, nodes: ['y = Relu(x)'] } as const satisfies ModelSpec
const twice = { domain: 'my', name: 'Twice', inputs: ['a'], outputs: ['b'], nodes: ['b = Add(a, a)'] }
const pair = tensor('float32', [2], [1, 2])

function branches(then: GraphSpec): ModelSpec {
  return {
    inputs: { c: 'bool[]', x: 'float32[2]' },
    outputs: { y: 'float32[2]', late: 'float32[2]' },
    nodes: [['y = If(c)', { then_branch: then, else_branch: { outputs: { e: 'float32[2]' }, nodes: ['e = Abs(x)'] } }], 'late = Neg(x)'],
  }
}

const cases: Record<string, { spec: ModelSpec; change?: Partial<Model>; finds: string | null }> = {
  'a sound model': { spec: relu, finds: null },
  'no format version': { spec: relu, change: { irVersion: 0 }, finds: 'no-ir-version' },
  'format version 1': { spec: relu, change: { irVersion: 1 }, finds: 'ir-version-too-low' },
  'a format version from the future': { spec: relu, change: { irVersion: 14 }, finds: 'ir-version-too-new' },
  'no opset imports': { spec: relu, change: { opsetImports: [] }, finds: 'no-opset-imports' },
  'an opset from the future': { spec: { ...relu, opset: 27 }, finds: 'opset-too-new' },
  'the newest opset': { spec: { ...relu, opset: 26 }, finds: null },
  'an input without a type': { spec: { ...relu, inputs: { x: null } }, finds: 'input-without-type' },
  'a value made twice': { spec: { ...relu, nodes: ['y = Relu(x)', 'y = Abs(x)'] }, finds: 'duplicate-definition' },
  'an initializer made by a node as well': { spec: { ...relu, initializers: { y: pair } }, finds: 'duplicate-definition' },
  'an undefined input': { spec: { ...relu, nodes: ['y = Add(x, gone)'] }, finds: 'undefined-input' },
  'an output that nothing makes': { spec: { ...relu, outputs: { y: 'float32', z: 'float32' } }, finds: 'output-not-produced' },
  'a circle': { spec: { ...relu, nodes: ['y = Add(x, c)', 'c = Relu(y)'] }, finds: 'cycle' },
  'nodes out of order': { spec: { ...relu, nodes: ['y = Relu(t)', 't = Abs(x)'] }, finds: 'not-sorted' },
  'two nodes of one name': { spec: { ...relu, nodes: [['t = Abs(x)', {}, 'n'], ['y = Relu(t)', {}, 'n']] }, finds: 'duplicate-node-name' },
  'a branch that makes a name of the graph around it': { spec: branches({ outputs: { x: 'float32[2]' }, nodes: ['x = Neg(x)'] }), finds: 'shadows-outer-value' },
  'a branch that makes a name which is made later outside': { spec: branches({ outputs: { late: 'float32[2]' }, nodes: ['late = Neg(x)'] }), finds: null },
  'a branch that reads what is made later outside': { spec: branches({ outputs: { o: 'float32[2]' }, nodes: ['o = Neg(late)'] }), finds: null },
  'a branch that gives out what is around it': { spec: branches({ outputs: { x: 'float32[2]' }, nodes: [] }), finds: 'output-not-produced' },
  'a branch with too many outputs': { spec: branches({ outputs: { o: 'float32[2]', p: 'float32[2]' }, nodes: ['o = Neg(x)', 'p = Abs(x)'] }), finds: 'subgraph-outputs' },
  'a missing input': { spec: { ...relu, nodes: ['y = Add(x)'] }, finds: 'missing-input' },
  'too many inputs': { spec: { ...relu, nodes: ['y = Relu(x, x)'] }, finds: 'too-many-inputs' },
  'too many outputs': { spec: { ...relu, nodes: ['y, z = Relu(x)'] }, finds: 'too-many-outputs' },
  'an unknown attribute': { spec: { ...relu, nodes: [['y = Relu(x)', { slope: 1 }]] }, finds: 'unknown-attribute' },
  'an attribute of the wrong type': { spec: { ...relu, nodes: [['y = LeakyRelu(x)', { alpha: 1 }]] }, finds: 'attribute-type' },
  'a missing attribute': { spec: { ...relu, nodes: ['y = Cast(x)'] }, finds: 'missing-attribute' },
  'an attribute of the tools': { spec: { ...relu, nodes: [['y = Relu(x)', { __note: 'ours' }]] }, finds: null },
  'an operator of a later opset': { spec: { ...relu, nodes: ['y = Gelu(x)'] }, finds: 'op-not-in-opset' },
  'an operator ONNX took out': { spec: { ...relu, inputs: { x: 'float32[2]', i: 'int64[1]' }, nodes: ['y = Scatter(x, i, x)'] }, finds: 'deprecated-op' },
  'a set that only onnxruntime supplies': { spec: { ...relu, nodes: ['y = com.microsoft.Gelu(x)'] }, finds: 'missing-opset-import' },
  'a function called rightly': { spec: { ...relu, opsets: { my: 1 }, functions: [twice], nodes: ['y = my.Twice(x)'] }, finds: null },
  'a function called without its import': { spec: { ...relu, functions: [twice], nodes: ['y = my.Twice(x)'] }, finds: 'missing-opset-import' },
  'a function called with too many inputs': { spec: { ...relu, opsets: { my: 1 }, functions: [twice], nodes: ['y = my.Twice(x, x)'] }, finds: 'too-many-inputs' },
  'a function that calls itself': { spec: { ...relu, opsets: { my: 1 }, functions: [{ ...twice, nodes: ['b = my.Twice(a)'] }], nodes: ['y = my.Twice(x)'] }, finds: 'recursive-function' },
  'a tensor whose data does not fit': {
    spec: { ...relu, initializers: { w: { name: 'w', dataType: 1, dims: [3], data: { kind: 'bytes', bytes: new Uint8Array(8) } } }, nodes: ['y = Add(x, w)'] },
    finds: 'tensor-data-mismatch',
  },
  'a tensor without a data type': {
    spec: { ...relu, initializers: { w: { name: 'w', dataType: 0, dims: [2], data: { kind: 'bytes', bytes: new Uint8Array(8) } } }, nodes: ['y = Add(x, w)'] },
    finds: 'tensor-without-type',
  },
  'an input of a type the operator does not take': { spec: { ...relu, inputs: { x: 'bool[2]' }, outputs: { y: 'bool[2]' } }, finds: 'input-type' },
  'inputs of two types where one is wanted': { spec: { ...relu, inputs: { x: 'float32[2]', i: 'int64[2]' }, nodes: ['y = Add(x, i)'] }, finds: 'input-types-differ' },
  'the same two steps on': { spec: { ...relu, nodes: ['s = Shape(x)', 't = Abs(s)', 'y = Mul(x, t)'] }, finds: 'input-types-differ' },
  'inputs of different types where that is meant': { spec: { ...relu, inputs: { x: 'float32[2]', i: 'int64[2]' }, nodes: ['y = Gather(x, i)'] }, finds: null },
  'an old file with initializers that are no inputs': { spec: { ...relu, irVersion: 3, initializers: { w: pair }, nodes: ['y = Add(x, w)'] }, finds: 'ir-version-too-low' },
}

function checkTyped(model: Model): Diagnostic[] {
  const document = new ModelDocument(model)
  return checkModel(document, inferTypes(document))
}

/** What onnxruntime says against a model, or null where it loads it. */
async function refusalOf(model: Model): Promise<string | null> {
  const bytes = joinPieces(encodeModel(model))
  const { InferenceSession } = await loadOnnxruntime()
  try {
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
    await session.release()
    return null
  } catch (error) {
    return String(error)
  }
}

test.for(Object.entries(cases))('onnxruntime agrees on %s', async ([, { spec, change, finds }]) => {
  const model = { ...buildModel(spec), ...change }
  const found = checkTyped(model)
  expect(found.map(({ code }) => code)).toEqual(finds === null ? [] : [finds])
  const isError = found.some(({ severity }) => severity === 'error')
  const refusal = await refusalOf(model)
  if (isError) expect(refusal).not.toBeNull()
  else expect(refusal).toBeNull()
})

const modelFolder = join(import.meta.dirname, '../../shared/models')
const indexFile = join(modelFolder, 'index.json')

interface IndexEntry {
  readonly file: string
  readonly ran: boolean
}

describe.skipIf(!existsSync(indexFile))('third-party models (skipped where they are not beside the checkout)', () => {
  const entries: IndexEntry[] = existsSync(indexFile) ? (JSON.parse(readFileSync(indexFile, 'utf8')) as IndexEntry[]) : []
  const check = (file: string) => checkTyped(decodeModel(memorySource(readFileSync(join(modelFolder, file)))))
  const errors = (file: string) => check(file).filter(({ severity }) => severity === 'error')

  test.for(entries.filter(({ file, ran }) => ran && file.endsWith('.onnx')).map(({ file }) => file))('%s runs in onnxruntime and has no errors', (file) => {
    expect(errors(file)).toEqual([])
  })

  test('models that cannot load say why', () => {
    expect(errors('awkward/super_resolution_ir1.onnx').map(({ code }) => code)).toEqual(['no-opset-imports'])
    expect(errors('awkward/tenncor_fast_gru.onnx').map(({ code }) => code)).toContain('no-opset-imports')
    for (const [file, op] of [['awkward/bert_tokenizer_contrib.onnx', 'ai.onnx.contrib.BertTokenizer'], ['awkward/espcn_brevitas_quant.onnx', 'onnx.brevitas.Quant']] as const) {
      expect(check(file)).toMatchObject([{ severity: 'warning', code: 'unknown-op' }])
      expect(check(file)[0]?.message).toContain(op)
    }
  })
})
