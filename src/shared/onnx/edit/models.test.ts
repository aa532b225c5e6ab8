/** What concerns whole models: metadata, opsets, pasting, joining, replacing, functions, cutting. */
import { describe, expect, test } from 'vitest'
import { type ModelSpec, tensor } from '../testing/build-model'
import { edited, type GivenCommand, nodeTexts, refusal } from '../testing/edit-model'

const chain: ModelSpec = {
  inputs: { x: 'float32[N,2]' },
  outputs: { y: 'float32[N,2]' },
  initializers: { w: tensor('float32', [2, 2], [1, 2, 3, 4]) },
  nodes: [['a = MatMul(x, w)', {}, 'mm'], ['b = Relu(a)', {}, 'relu'], ['y = Add(b, a)', {}, 'add']],
}

describe('what the model says of itself', () => {
  test('is changed field by field', async () => {
    const { document } = await edited(chain, [
      { kind: 'setModel', producerName: 'me', modelVersion: '12345678901234567', docString: 'edited', graphName: 'net' },
      { kind: 'setMetadata', key: 'k', value: 'one' },
      { kind: 'setMetadata', key: 'k', value: 'two' },
      { kind: 'setOpset', domain: 'my.ops', version: 3 },
    ])
    const { model } = document
    expect(model).toMatchObject({ producerName: 'me', modelVersion: 12345678901234567n, docString: 'edited', metadata: [{ key: 'k', value: 'two' }], graph: { name: 'net' } })
    expect(model.opsetImports.at(-1)).toEqual({ domain: 'my.ops', version: 3 })
  })

  test('is refused where it cannot be', async () => {
    expect(await refusal(chain, { kind: 'setMetadata', key: 'k', value: null })).toContain("no metadata 'k'")
    expect(await refusal(chain, { kind: 'setOpset', domain: 'ai.onnx', version: 18 })).toContain('decides what its operators do')
    expect(await refusal(chain, { kind: 'setOpset', domain: 'com.microsoft', version: 9 })).toContain('up to version 1')
    expect(await refusal({ ...chain, opsets: { '': 17, own: 1 }, nodes: ['y = own.Op(x)'] }, { kind: 'setOpset', domain: 'own', version: null })).toContain('is of domain own')
  })

  test('its opset is raised where there are rules, and refused else', async () => {
    const old: ModelSpec = { opset: 9, irVersion: 4, inputs: { x: 'float32[2]' }, outputs: { y: 'float32[2]' }, nodes: [['y = Clip(x)', { min: { type: 'float', value: 0 } }]] }
    const { document, nodes } = await edited(old, { kind: 'convertOpset', version: 13 })
    expect(document.model.opsetImports).toMatchObject([{ version: 13 }])
    expect(nodes[0]).toMatch(/^y = Clip\(x, .+\)$/)
    expect(await refusal(chain, { kind: 'convertOpset', version: 11 })).toContain('raised, not lowered')
    expect(await refusal(chain, { kind: 'convertOpset', version: 99 })).toContain('not for 99')
  })
})

describe('paste', () => {
  const part: ModelSpec = { inputs: { a: 'float32[N,2]', k: 'float32[1]' }, outputs: { b: 'float32[N,2]' }, initializers: { w: tensor('float32', [2, 2], [1, 2, 3, 4]), v: tensor('float32', [1], [5]) }, nodes: [['m = MatMul(a, w)', {}, 'mm'], ['n = Mul(m, k)', {}, 'mul'], ['b = Add(n, v)', {}, 'sum']] }

  test('gives fresh names, shares constants that are the same, reads values of the same name, and makes inputs of the rest', async () => {
    const { nodes, document, errors } = await edited(chain, { kind: 'paste', model: { path: 'part' } }, { models: { part } })
    expect(nodes.slice(3)).toEqual(['m = MatMul(a, w)', 'n = Mul(m, k)', 'b_1 = Add(n, v)'])
    const { graph } = document.model
    expect(graph.nodes.slice(3).map(({ name }) => name)).toEqual(['mm_1', 'mul', 'sum'])
    expect(graph.initializers.map(({ name }) => name)).toEqual(['w', 'v'])
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'k'])
    expect(errors).toEqual([])
  })

  test('carries constants of the same name and other values under a new one', async () => {
    const other = { ...part, initializers: { ...part.initializers, w: tensor('float32', [2, 2], [9, 9, 9, 9]) } }
    const { nodes } = await edited(chain, { kind: 'paste', model: { path: 'part' }, connect: { a: 'x' } }, { models: { part: other } })
    expect(nodes[3]).toBe('m = MatMul(x, w_1)')
  })

  test('carries functions, renaming one that differs', async () => {
    const calling = (op: string): ModelSpec => ({ opsets: { '': 17, local: 1 }, inputs: { x: 'float32[N,2]' }, outputs: { y: 'float32[N,2]' }, nodes: ['y = local.F(x)'], functions: [{ domain: 'local', name: 'F', inputs: ['p'], outputs: ['q'], nodes: [`q = ${op}(p)`] }] })
    const same = await edited(calling('Relu'), { kind: 'paste', model: { path: 'part' } }, { models: { part: calling('Relu') } })
    expect(same.document.model.functions).toHaveLength(1)
    const { nodes, document, errors } = await edited(calling('Relu'), { kind: 'paste', model: { path: 'part' } }, { models: { part: calling('Neg') } })
    expect(nodes).toEqual(['y = local.F(x)', 'y_1 = local.F_1(x)'])
    expect(document.model.functions.map(({ name, body }) => [name, nodeTexts(body)])).toEqual([['F', ['q = Relu(p)']], ['F_1', ['q = Neg(p)']]])
    expect(errors).toEqual([])
  })

  test('gives subgraphs names that are free around them', async () => {
    const branching: ModelSpec = { inputs: { c: 'bool[]' }, outputs: { r: 'float32[N,2]' }, nodes: [['r = If(c)', { then_branch: { outputs: { b: null }, nodes: ['b = Neg(a)'] }, else_branch: { outputs: { e: null }, nodes: ['e = Abs(a)'] } }]] }
    const { document, errors } = await edited(chain, { kind: 'paste', model: { path: 'part' } }, { models: { part: branching } })
    expect(errors).toEqual([])
    expect(document.graphs()[1]?.nodes[0]).toMatchObject({ inputs: ['a'], outputs: ['b_1'] })
  })

  test('is refused where an operator means something else in the two opsets', async () => {
    const newer: ModelSpec = { opset: 18, inputs: { x: 'float32[N,2]' }, outputs: { r: 'float32[N]' }, initializers: { axes: tensor('int64', [1], [1]) }, nodes: ['r = ReduceMean(x, axes)'] }
    expect(await refusal(chain, { kind: 'paste', model: { path: 'part' } }, { models: { part: newer } })).toContain('ReduceMean is another operator')
  })
})

describe('joinModel', () => {
  const head: ModelSpec = { inputs: { features: 'float32[N,2]' }, outputs: { y: 'float32[N,2]' }, initializers: { w: tensor('float32', [2, 2], [0, 0, 0, 0]) }, nodes: [['y = MatMul(features, w)', {}, 'mm']] }

  test('feeds the other model by order where no name fits, and gives out what that gives out', async () => {
    const { nodes, document, errors } = await edited(chain, { kind: 'joinModel', model: { path: 'head' }, prefix: 'head/' }, { models: { head } })
    expect(nodes.at(-1)).toBe('head/y = MatMul(y, head/w)')
    expect(document.model.graph.outputs.map(({ name }) => name)).toEqual(['head/y'])
    expect(document.model.graph.nodes.at(-1)?.name).toBe('head/mm')
    expect(errors).toEqual([])
  })

  test('by a map, keeping outputs where asked', async () => {
    const { nodes, document } = await edited(chain, { kind: 'joinModel', model: { path: 'head' }, connect: { features: 'y' }, keepOutputs: ['y'] }, { models: { head } })
    expect(nodes.at(-1)).toBe('y_1 = MatMul(y, w_1)')
    expect(document.model.graph.outputs.map(({ name }) => name)).toEqual(['y', 'y_1'])
  })

  test('refuses inputs and values that are not there', async () => {
    expect(await refusal(chain, { kind: 'joinModel', model: { path: 'head' }, connect: { nope: 'y' } }, { models: { head } })).toContain("no input 'nope'")
    expect(await refusal(chain, { kind: 'joinModel', model: { path: 'head' }, connect: { features: 'nope' } }, { models: { head } })).toContain("no value 'nope'")
  })
})

describe('replaceNodes', () => {
  const fused: ModelSpec = { inputs: { p: 'float32[N,2]', q: 'float32[2,2]' }, outputs: { r: 'float32[N,2]' }, nodes: [['r = Gemm(p, q)', {}, 'gemm']] }

  test('puts the model in place of the selection and drops what only that read', async () => {
    const { nodes, errors } = await edited(chain, { kind: 'replaceNodes', nodes: ['mm'], model: { path: 'fused' }, inputs: { q: 'w' }, outputs: { r: 'a' } }, { models: { fused } })
    expect(nodes).toEqual(['a = Gemm(x, w)', 'b = Relu(a)', 'y = Add(b, a)'])
    expect(errors).toEqual([])
    const without = await edited(chain, { kind: 'replaceNodes', nodes: ['mm'], model: { path: 'neg' } }, { models: { neg: { inputs: { p: 'float32[N,2]' }, outputs: { r: 'float32[N,2]' }, nodes: ['r = Neg(p)'] } } })
    expect(without.nodes[0]).toBe('a = Neg(x)')
    expect(without.document.model.graph.initializers).toEqual([])
  })

  test('is refused where it gives too little or is not fed', async () => {
    const silent: ModelSpec = { inputs: { p: 'float32[N,2]' }, outputs: {}, nodes: ['r = Neg(p)'] }
    expect(await refusal(chain, { kind: 'replaceNodes', nodes: ['mm'], model: { path: 'silent' } }, { models: { silent } })).toContain("gives nothing for 'a'")
    expect(await refusal(chain, { kind: 'replaceNodes', nodes: ['mm'], model: { path: 'fused' } }, { models: { fused } })).toContain("input 'q'")
  })
})

describe('functions', () => {
  const wrap: GivenCommand = { kind: 'wrapFunction', nodes: ['mm', 'relu'], name: 'Block' }

  test('are made of a selection, with constants as inputs, and the call stands in its place', async () => {
    const { nodes, document, errors } = await edited({ ...chain, irVersion: 7 }, wrap)
    expect(nodes).toEqual(['a, b = local.Block(x, w)', 'y = Add(b, a)'])
    const [made] = document.model.functions
    expect(made && { inputs: made.body.inputs.map(({ name }) => name), outputs: made.body.outputs.map(({ name }) => name), nodes: nodeTexts(made.body) }).toEqual({ inputs: ['x', 'w'], outputs: ['a', 'b'], nodes: ['a = MatMul(x, w)', 'b = Relu(a)'] })
    expect(document.model.irVersion).toBe(8)
    expect(errors).toEqual([])
  })

  test('inlined, they are the nodes again and the definition goes with the last call', async () => {
    const { nodes, document, errors } = await edited(chain, [wrap, { kind: 'inlineFunction', node: 'Block' }])
    expect(nodes).toEqual(['a = MatMul(x, w)', 'b = Relu(a)', 'y = Add(b, a)'])
    expect(document.model.functions).toEqual([])
    expect(errors).toEqual([])
  })

  test('inlined, they take the attributes of the call, else their defaults, else none', async () => {
    const calling: ModelSpec = {
      opsets: { '': 17, local: 1 },
      inputs: { x: 'float32[2]' },
      outputs: { y: 'float32[2]' },
      nodes: [['t = local.F(x)', { slope: 0.5 }, 'one'], ['y = local.F(t)', {}, 'two']],
      functions: [{ domain: 'local', name: 'F', inputs: ['p'], outputs: ['q'], attributeNames: ['slope'], attributeDefaults: { axis: 0 }, nodes: [['r = LeakyRelu(p)', { alpha: { reference: 'slope', type: 'float' } }], ['q = Softmax(r)', { axis: { reference: 'axis', type: 'int' } }]] }],
    }
    const { document, nodes, errors } = await edited(calling, [{ kind: 'inlineFunction', node: 'one' }, { kind: 'inlineFunction', node: 'two' }])
    expect(nodes).toEqual(['one/r = LeakyRelu(x)', 't = Softmax(one/r)', 'two/r = LeakyRelu(t)', 'y = Softmax(two/r)'])
    expect(document.model.graph.nodes.map(({ attributes }) => attributes.map(({ name, value }) => [name, value]))).toEqual([[['alpha', 0.5]], [['axis', 0n]], [], [['axis', 0n]]])
    expect(errors).toEqual([])
  })

  test('are refused under a taken name, across a circle, and where there is no call', async () => {
    expect(await refusal(chain, [wrap, { ...wrap, nodes: ['add'] }])).toContain('has a function local.Block already')
    const diamond: ModelSpec = { ...chain, nodes: [['a = Relu(x)', {}, 'one'], ['b = Neg(a)', {}, 'two'], ['y = Add(a, b)', {}, 'three']] }
    expect(await refusal(diamond, { kind: 'wrapFunction', nodes: ['one', 'three'], name: 'F' })).toContain('cycle')
    expect(await refusal(chain, { kind: 'inlineFunction', node: 'relu' })).toContain('calls no function')
  })
})

describe('cut', () => {
  test('keeps what lies between values, which become inputs and outputs', async () => {
    const { nodes, document, errors } = await edited(chain, { kind: 'cut', inputs: ['a'], outputs: ['b'] })
    expect(nodes).toEqual(['b = Relu(a)'])
    const { graph } = document.model
    expect([graph.inputs, graph.outputs].map((values) => values.map(({ name }) => name))).toEqual([['a'], ['b']])
    expect(graph.initializers).toEqual([])
    expect(errors).toEqual([])
  })

  test('is refused where something else must be fed, or nothing is left', async () => {
    expect(await refusal(chain, { kind: 'cut', inputs: ['b'], outputs: ['y'] })).toContain("input 'x'")
    expect(await refusal(chain, { kind: 'cut', inputs: ['a'], outputs: ['a'] })).toContain('No node lies between')
    expect(await refusal(chain, { kind: 'cut', inputs: ['nope'], outputs: ['y'] })).toContain("no value 'nope'")
  })
})
