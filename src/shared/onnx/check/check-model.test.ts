import { describe, expect, test } from 'vitest'
import { ModelDocument } from '../document'
import type { Model } from '../records'
import { buildModel, filledTensor, type GraphSpec, type ModelSpec, tensor } from '../testing/build-model'
import { checkModel } from './check-model'

function check(model: Model) {
  return checkModel(new ModelDocument(model))
}

/** Codes of what is found, most severe first, as `error duplicate-input`. */
function findings(spec: ModelSpec, change: Partial<Model> = {}): string[] {
  return check({ ...buildModel(spec), ...change }).map(({ severity, code }) => `${severity} ${code}`)
}

const relu = { inputs: { x: 'float32[2]' }, outputs: { y: 'float32[2]' }, nodes: ['y = Relu(x)'] } as const satisfies ModelSpec

test('a sound model has no findings', () => {
  expect(findings(relu)).toEqual([])
  expect(
    findings({
      inputs: { x: 'float32[1,1,4,4]', lowest: 'float32[]' },
      outputs: { y: 'float32', both: 'float32' },
      initializers: { w: filledTensor('float32', [1, 1, 1, 1], 1) },
      nodes: [['c = Conv(x, w)', { strides: [1, 1], auto_pad: 'SAME_UPPER' }, 'conv'], 'y = Clip(c, lowest, )', ['both = Concat(c, c, y)', { axis: 0 }]],
    }),
  ).toEqual([])
})

describe('versions', () => {
  test('a file without a format version, or with one from the future, is refused', () => {
    expect(findings(relu, { irVersion: 0 })).toEqual(['error no-ir-version'])
    expect(findings(relu, { irVersion: 99 })).toEqual(['error ir-version-too-new'])
  })

  test('a model has to import operator sets, at versions onnxruntime knows', () => {
    expect(findings(relu, { opsetImports: [] })).toEqual(['error no-opset-imports'])
    expect(check({ ...buildModel(relu), irVersion: 1, opsetImports: [] })[0]?.message).toContain('format version 1 is from before operators had versions')
    expect(findings({ ...relu, opset: 999 })).toEqual(['error opset-too-new'])
    expect(findings({ ...relu, opsets: { '': 0 } })).toContain('error invalid-opset')
    expect(findings({ ...relu, opsets: { 'com.acme': 999 } })).toEqual([])
  })

  test('two versions of one set are a contradiction, the same one twice is not', () => {
    expect(findings(relu, { opsetImports: [{ domain: '', version: 13 }, { domain: 'ai.onnx', version: 12 }] })).toEqual(['warning duplicate-opset-import'])
    expect(findings(relu, { opsetImports: [{ domain: '', version: 13 }, { domain: 'ai.onnx', version: 13 }] })).toEqual([])
  })

  test('a set that is used but not imported is an error, but a warning where onnxruntime puts its own in', () => {
    const acme = { ...relu, nodes: ['y = com.acme.Foo(x)'] }
    expect(findings(acme)).toEqual(['error missing-opset-import', 'warning unknown-op'])
    expect(findings({ ...acme, opsets: { 'com.acme': 1 } })).toEqual(['warning unknown-op'])
    expect(findings({ ...relu, nodes: ['y = com.microsoft.Gelu(x)'] })).toEqual(['warning missing-opset-import'])
    expect(findings({ ...relu, nodes: ['y = ai.onnx.Relu(x)'] })).toEqual([])
  })

  test('an input needs a type, unless an initializer gives it', () => {
    expect(findings({ ...relu, inputs: { x: null } })).toEqual(['error input-without-type'])
    expect(findings({ ...relu, inputs: { x: 'undefined[2]' } })).toEqual(['error input-without-type'])
    expect(findings({ ...relu, inputs: { x: null }, initializers: { x: tensor('float32', [2], [1, 2]) } })).toEqual([])
  })

  test('features that are newer than the format version are named', () => {
    expect(findings({ ...relu, irVersion: 1 })).toEqual(['warning ir-version-too-low'])
    expect(findings({ ...relu, initializers: { four: tensor('int4', [2], [1, 2]) }, irVersion: 9 })).toEqual(['warning ir-version-too-low'])
    expect(findings({ ...relu, initializers: { four: tensor('int4', [2], [1, 2]) }, irVersion: 10 })).toEqual([])
    const weighted = { ...relu, nodes: ['y = Add(x, w)'], initializers: { w: tensor('float32', [2], [1, 2]) }, irVersion: 3 }
    expect(findings(weighted)).toEqual(['warning ir-version-too-low'])
    expect(findings({ ...weighted, inputs: { x: 'float32[2]', w: 'float32[2]' } })).toEqual([])
    expect(findings({ ...relu, inputs: { x: 'float32[2]', o: 'sequence(optional(float32))' }, irVersion: 7 })).toEqual(['warning ir-version-too-low'])
  })
})

describe('names', () => {
  test('every value is made once', () => {
    expect(findings({ ...relu, nodes: ['y = Relu(x)', 'y = Abs(x)'] })).toEqual(['error duplicate-definition'])
    expect(findings({ ...relu, nodes: ['x = Relu(x)', 'y = Abs(x)'] })).toEqual(['error duplicate-definition'])
    expect(findings({ ...relu, initializers: { y: tensor('float32', [2], [1, 2]) } })).toEqual(['error duplicate-definition'])
    const [input] = buildModel(relu).graph.inputs
    const doubled = buildModel(relu)
    expect(check({ ...doubled, graph: { ...doubled.graph, inputs: input ? [input, input] : [] } }).map(({ code }) => code)).toEqual(['duplicate-input'])
  })

  test('an initializer with the name of an input is its default, two of one name are not right', () => {
    expect(findings({ ...relu, initializers: { x: tensor('float32', [2], [1, 2]) } })).toEqual([])
    const model = buildModel({ ...relu, initializers: { w: tensor('float32', [2], [1, 2]) } })
    const twice = { ...model, graph: { ...model.graph, initializers: [...model.graph.initializers, ...model.graph.initializers] } }
    expect(check(twice).map(({ code }) => code)).toEqual(['duplicate-initializer'])
  })

  test('what is read has to be made somewhere', () => {
    expect(check(buildModel({ ...relu, nodes: [['y = Add(x, gone)', {}, 'sum']] }))).toMatchObject([
      { severity: 'error', code: 'undefined-input', message: "Add 'sum' reads 'gone', which is no input, initializer or output of a node.", nodeId: 1, nodeName: 'sum', valueName: 'gone' },
    ])
  })

  test('nodes out of order are a warning, a circle is an error that names its nodes', () => {
    expect(findings({ ...relu, nodes: ['y = Relu(t)', 't = Abs(x)'] })).toEqual(['warning not-sorted'])
    const [circle, ...rest] = check(buildModel({ ...relu, nodes: ['y = Add(x, c)', 'a = Abs(c)', ['b = Neg(a)', {}, 'neg'], 'c = Relu(b)'] }))
    expect(rest).toEqual([])
    expect(circle).toMatchObject({ severity: 'error', code: 'cycle' })
    expect(circle?.message).toBe("The graph 'main' goes round in a circle: the Abs that makes 'a' → Neg 'neg' → the Relu that makes 'c' → back to the first.")
  })

  test('outputs have to be made in the graph that gives them out', () => {
    expect(findings({ ...relu, outputs: { y: null, z: null } })).toEqual(['error output-not-produced'])
    expect(findings({ ...relu, outputs: { y: null, x: null } })).toEqual([])
    expect(findings(branches({ outputs: { x: null }, nodes: [] }))).toEqual(['error output-not-produced'])
    const twice = buildModel(relu)
    expect(check({ ...twice, graph: { ...twice.graph, outputs: [...twice.graph.outputs, ...twice.graph.outputs] } }).map(({ code }) => code)).toEqual(['duplicate-output'])
  })

  test('node names are unique, empty ones may repeat', () => {
    expect(findings({ ...relu, nodes: [['t = Abs(x)', {}, 'n'], ['y = Relu(t)', {}, 'n']] })).toEqual(['error duplicate-node-name'])
    expect(findings({ ...relu, nodes: ['t = Abs(x)', 'y = Relu(t)'] })).toEqual([])
  })

  test('a subgraph reads what is around it and may not use those names again', () => {
    expect(findings(branches({ outputs: { o: null }, nodes: ['o = Relu(x)'] }))).toEqual([])
    expect(findings(branches({ outputs: { o: null }, nodes: ['o = Relu(gone)'] }))).toEqual(['error undefined-input'])
    expect(findings(branches({ outputs: { x: null }, nodes: ['x = Relu(c)'] }))).toContain('error shadows-outer-value')
    // The names of the other branch are free, and those of nodes further down.
    expect(findings(branches({ outputs: { e: null }, nodes: ['e = Relu(x)'] }))).toEqual([])
    expect(findings(branches({ outputs: { late: null }, nodes: ['late = Relu(x)'] }))).toEqual([])
    // onnxruntime brings the node that makes 'late' before the If.
    expect(findings(branches({ outputs: { o: null }, nodes: ['o = Relu(late)'] }))).toEqual([])
  })
})

/** An If with the given branch beside a sound one, and a node after it. */
function branches(then: GraphSpec): ModelSpec {
  return {
    inputs: { c: 'bool[]', x: 'float32[2]' },
    outputs: { y: 'float32[2]' },
    nodes: [['y = If(c)', { then_branch: then, else_branch: { outputs: { e: null }, nodes: ['e = Abs(x)'] } }], 'late = Neg(x)'],
  }
}

describe('operators', () => {
  const codes = (node: ModelSpec['nodes'][number], spec: Partial<ModelSpec> = {}) => findings({ ...relu, ...spec, nodes: [node] })

  test('inputs and outputs are as many as the schema says, and those it requires are there', () => {
    expect(codes('y = Add(x)')).toEqual(['error missing-input'])
    expect(codes('y = Add(x, )')).toEqual(['error missing-input'])
    expect(codes('y = Relu(x, x)')).toEqual(['error too-many-inputs'])
    expect(codes('y, z = Relu(x)')).toEqual(['error too-many-outputs'])
    expect(codes('y = Clip(x, , x)')).toEqual([])
    expect(codes(['y = Concat(x, x, x, x)', { axis: 0 }])).toEqual([])
    expect(findings({ ...relu, nodes: ['y = Identity(x)', ' = Relu(x)'] })).toEqual(['error missing-output'])
    expect(check(buildModel({ ...relu, nodes: ['y = Where(x)'] }))[0]?.message).toContain('lacks its input X, Y')
  })

  test('attributes are known, of their type, and there where required', () => {
    expect(codes(['y = Relu(x)', { slope: 1 }])).toEqual(['error unknown-attribute'])
    expect(codes(['y = LeakyRelu(x)', { alpha: 1 }])).toEqual(['error attribute-type'])
    expect(codes(['y = LeakyRelu(x)', { alpha: { type: 'float', value: 1 } }])).toEqual([])
    expect(codes('y = Cast(x)')).toEqual(['error missing-attribute'])
    expect(codes(['y = Relu(x)', { __note: 'ours' }])).toEqual([])
  })

  test('attributes are those of the opset the model uses', () => {
    expect(codes(['y = Squeeze(x)', { axes: [0] }], { opset: 11 })).toEqual([])
    expect(codes(['y = Squeeze(x)', { axes: [0] }], { opset: 13 })).toEqual(['error unknown-attribute'])
  })

  test('an operator that came later than the opset is an error that says since when there is one', () => {
    const [found] = check(buildModel({ ...relu, nodes: ['y = Gelu(x)'] }))
    expect(found).toMatchObject({ severity: 'error', code: 'op-not-in-opset', hint: 'Raise the opset to 20 or later.' })
    expect(codes('y = Gelu(x)', { opset: 20 })).toEqual([])
  })

  test('deprecated operators are errors, but for those that came back in another form', () => {
    expect(codes('y = Scatter(x, x, x)', { opset: 10 })).toEqual([])
    expect(codes('y = Scatter(x, x, x)')).toEqual(['error deprecated-op'])
    expect(codes(['y = GroupNormalization(x, x, x)', { num_groups: 1 }], { opset: 18 })).toEqual(['warning deprecated-op'])
  })

  test('a custom operator is named once, with what it means', () => {
    const found = check(buildModel({ ...relu, opsets: { 'com.acme': 1 }, nodes: ['t = com.acme.Foo(x)', 'y = com.acme.Foo(t)'] }))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ severity: 'warning', code: 'unknown-op', nodeId: 1 })
    expect(found[0]?.message).toContain('com.acme.Foo (2 nodes)')
    expect(found[0]?.hint).toMatch(/saved unchanged.*cannot run/)
  })

  test("a model's own function is no custom operator; calls have to fit it and it must not call itself", () => {
    const twice = { domain: 'my', name: 'Twice', inputs: ['a'], outputs: ['b'], nodes: ['b = Add(a, a)'] }
    const spec = { ...relu, opsets: { my: 1 }, functions: [twice] }
    expect(findings({ ...spec, nodes: ['y = my.Twice(x)'] })).toEqual([])
    expect(findings({ ...spec, nodes: ['y = my.Twice(x, x)'] })).toEqual(['error too-many-inputs'])
    expect(findings({ ...spec, nodes: ['y, z = my.Twice(x)'] })).toEqual(['error too-many-outputs'])
    expect(findings({ ...spec, nodes: ['y = my.Twice(x)'], functions: [{ ...twice, nodes: ['b = my.Twice(a)'] }] })).toEqual(['error recursive-function'])
  })

  test('a function is read by its own imports', () => {
    const squeeze = { domain: 'my', name: 'F', inputs: ['a'], outputs: ['b'], opsets: { '': 11 }, nodes: [['b = Squeeze(a)', { axes: [0] }]] as const }
    const spec = { ...relu, opsets: { my: 1 }, nodes: ['y = my.F(x)'] }
    expect(findings({ ...spec, functions: [squeeze] })).toEqual([])
    expect(findings({ ...spec, functions: [{ ...squeeze, opsets: { '': 13 } }] })).toEqual(['error unknown-attribute'])
    expect(findings({ ...spec, functions: [{ ...squeeze, opsets: { my: 1 } }] })).toContain('error missing-opset-import')
    expect(findings({ ...spec, functions: [{ ...squeeze, opsets: {} }] })).toContain('error no-opset-imports')
  })

  test('branches and loop bodies give out and take in what their node does', () => {
    expect(findings(branches({ outputs: { o: null, x2: null }, nodes: ['o = Relu(x)', 'x2 = Abs(x)'] }))).toEqual(['error subgraph-outputs'])
    const loop = (body: GraphSpec): ModelSpec => ({ inputs: { n: 'int64[]', x: 'float32[2]' }, outputs: { y: null, all: null }, nodes: [['y, all = Loop(n, , x)', { body }]] })
    const inputs = { i: 'int64[]', go: 'bool[]', v: 'float32[2]' }
    expect(findings(loop({ inputs, outputs: { go2: null, v2: null, each: null }, nodes: ['go2 = Identity(go)', 'v2 = Relu(v)', 'each = Abs(v)'] }))).toEqual([])
    expect(findings(loop({ inputs, outputs: { go2: null, v2: null }, nodes: ['go2 = Identity(go)', 'v2 = Relu(v)'] }))).toEqual(['error subgraph-outputs'])
    expect(findings(loop({ inputs: { i: 'int64[]', go: 'bool[]' }, outputs: { go2: null, v2: null, each: null }, nodes: ['go2 = Identity(go)', 'v2 = Relu(x)', 'each = Abs(x)'] }))).toEqual(['error subgraph-inputs'])
  })
})

describe('tensors', () => {
  const stored = (record: Partial<Model['graph']['initializers'][number]>) =>
    findings({ ...relu, initializers: { w: { name: 'w', dataType: 1, dims: [2], data: { kind: 'bytes', bytes: new Uint8Array(8) }, ...record } } })
  const field = (name: string, length: number) => ({ kind: 'field', field: name, chunks: [{ packed: true, span: { source: { sizeBytes: length, read: () => new Uint8Array(length) }, offset: 0, length } }] }) as const

  test('data has to fit type and shape', () => {
    expect(stored({})).toEqual([])
    expect(stored({ dims: [3] })).toEqual(['error tensor-data-mismatch'])
    expect(stored({ data: field('float_data', 8) })).toEqual([])
    expect(stored({ data: field('float_data', 12) })).toEqual(['error tensor-data-mismatch'])
    expect(stored({ data: field('int64_data', 2) })).toEqual(['error tensor-data-mismatch'])
    expect(stored({ dataType: 8, data: { kind: 'strings', values: [new Uint8Array()] } })).toEqual(['error tensor-data-mismatch'])
    expect(stored({ dataType: 22, dims: [3], data: { kind: 'bytes', bytes: new Uint8Array(2) } })).toEqual(['warning ir-version-too-low'])
  })

  test('shapes and types are possible ones', () => {
    expect(stored({ dims: [-2] })).toEqual(['error tensor-data-mismatch'])
    expect(stored({ dims: [2 ** 40, 2 ** 40] })).toEqual(['error tensor-data-mismatch'])
    expect(stored({ dataType: 0 })).toEqual(['error tensor-without-type'])
    expect(stored({ dataType: 99 })).toEqual(['warning unknown-data-type'])
  })

  test('the tensor of a Constant is looked at as well', () => {
    const value = { name: '', dataType: 1, dims: [2], data: { kind: 'bytes', bytes: new Uint8Array(4) } } as const
    const [found] = check(buildModel({ ...relu, nodes: [['c = Constant()', { value: { type: 'tensor', value } }], 'y = Add(x, c)'] }))
    expect(found).toMatchObject({ severity: 'error', code: 'tensor-data-mismatch', nodeId: 1 })
    expect(found?.message).toContain('holds 4 bytes')
  })

  test('missing external data is left to whoever looked for the file', () => {
    expect(stored({ data: { kind: 'external', entries: [{ key: 'location', value: 'w.bin' }], resolved: null } })).toEqual([])
  })

  test('quantization annotations speak of tensors that exist', () => {
    const annotated = (tensorName: string, scale: string) =>
      findings({ ...relu, initializers: { s: tensor('float32', [1], [1]) }, quantizationAnnotations: [{ tensorName, parameters: [{ key: 'SCALE_TENSOR', value: scale }] }] })
    expect(annotated('y', 's')).toEqual([])
    expect(annotated('gone', 's')).toEqual(['warning unknown-annotated-tensor'])
    expect(annotated('y', 'gone')).toEqual(['warning unknown-annotated-tensor'])
  })
})

test('errors come first, and many findings of one kind are cut and counted', () => {
  const nodes = Array.from({ length: 60 }, (_, at) => `t${at} = Relu(gone${at})`)
  const found = check(buildModel({ ...relu, nodes: ['y = com.microsoft.Gelu(x)', ...nodes] }))
  expect(found.filter(({ code }) => code === 'undefined-input')).toHaveLength(51)
  expect(found.filter(({ severity }) => severity === 'error').at(-1)?.message).toBe('10 more findings like the 50 listed (undefined-input).')
  expect(found.at(-1)?.severity).toBe('warning')
})
