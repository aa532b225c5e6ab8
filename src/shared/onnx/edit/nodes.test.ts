/** Adding, inserting, removing and changing nodes. */
import { describe, expect, test } from 'vitest'
import { type ModelSpec, tensor } from '../testing/build-model'
import { edited, type GivenCommand, refusal } from '../testing/edit-model'

/** x → conv → a → relu → b → add(b, a) → y */
const chain: ModelSpec = {
  inputs: { x: 'float32[1,1,4,4]' },
  outputs: { y: 'float32[1,2,4,4]' },
  initializers: { w: tensor('float32', [2, 1, 1, 1], [1, 2]) },
  nodes: [['a = Conv(x, w)', { group: 1 }, 'conv'], ['b = Relu(a)', {}, 'relu'], ['y = Add(b, a)', {}, 'add']],
}

describe('addNode', () => {
  test('fills in outputs with fresh names, leaves required inputs open, and stands where it is put', async () => {
    const { nodes, document } = await edited(chain, { kind: 'addNode', node: { opType: 'MatMul', name: 'mm', inputs: ['b'] }, after: 'relu' })
    expect(nodes).toEqual(['a = Conv(x, w)', 'b = Relu(a)', 'mm_Y = MatMul(b, )', 'y = Add(b, a)'])
    expect(document.model.graph.nodes[2]?.name).toBe('mm')
  })

  test('begins required subgraphs, and asks for other required attributes', async () => {
    const { document } = await edited(chain, { kind: 'addNode', node: { opType: 'If', inputs: [] } })
    expect(document.model.graph.nodes[3]?.attributes.map(({ name, type }) => `${name}: ${type}`).toSorted()).toEqual(['else_branch: graph', 'then_branch: graph'])
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Cast', inputs: ['a'] } })).toContain('to (int)')
  })

  test('declares a domain that the model does not use yet', async () => {
    const { document } = await edited(chain, { kind: 'addNode', node: { opType: 'Gelu', domain: 'com.microsoft', inputs: ['a'] } })
    expect(document.model.opsetImports).toMatchObject([{ domain: '', version: 17 }, { domain: 'com.microsoft', version: 1 }])
  })

  test('refuses unknown operators, newer ones, values nobody makes, taken names, too many inputs and attributes of another type', async () => {
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Convolution' } })).toBe('There is no operator Convolution.')
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Gelu' } })).toBe('Gelu came with opset 20; the model uses 17.')
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Relu', inputs: ['nothing'] } })).toContain("no value 'nothing'")
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Relu', inputs: ['a'], outputs: ['b'] } })).toContain("'b' is already taken")
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Relu', inputs: ['a'], name: 'conv' } })).toContain("is called 'conv'")
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Relu', inputs: ['a', 'b'] } })).toContain('at most 1 inputs')
    expect(await refusal(chain, { kind: 'addNode', node: { opType: 'Softmax', inputs: ['a'], attributes: [{ name: 'axis', type: 'float', value: 1 }] } })).toContain('is of type int, not float')
  })
})

describe('insertNode', () => {
  test('stands between a value and all its readers', async () => {
    const { nodes } = await edited(chain, { kind: 'insertNode', value: 'a', node: { opType: 'Sigmoid', outputs: ['s'] } })
    expect(nodes).toEqual(['a = Conv(x, w)', 's = Sigmoid(a)', 'b = Relu(s)', 'y = Add(b, s)'])
  })

  test('stands on one edge only where that is asked for', async () => {
    const { nodes } = await edited(chain, { kind: 'insertNode', value: 'a', into: [{ node: 'add', input: 1 }], node: { opType: 'Sigmoid', outputs: ['s'] } })
    expect(nodes).toEqual(['a = Conv(x, w)', 's = Sigmoid(a)', 'b = Relu(a)', 'y = Add(b, s)'])
  })

  test('before an output of the graph, that keeps its name', async () => {
    const { nodes, document, errors } = await edited(chain, { kind: 'insertNode', value: 'y', node: { opType: 'Neg' } })
    expect(nodes.slice(2)).toEqual(['y_before_Neg = Add(b, a)', 'y = Neg(y_before_Neg)'])
    expect(document.model.graph.outputs[0]?.name).toBe('y')
    expect(errors).toEqual([])
  })

  test('refuses an edge that is not there', async () => {
    expect(await refusal(chain, { kind: 'insertNode', value: 'a', into: [{ node: 'add', input: 0 }], node: { opType: 'Neg' } })).toContain("does not read 'a'")
  })
})

describe('removeNodes', () => {
  test('leads readers around the node where the types agree', async () => {
    const { nodes, errors } = await edited(chain, { kind: 'removeNodes', nodes: ['relu'] })
    expect(nodes).toEqual(['a = Conv(x, w)', 'y = Add(a, a)'])
    expect(errors).toEqual([])
  })

  test('gives the name of a graph output to what is led through', async () => {
    const { nodes, errors } = await edited(chain, { kind: 'removeNodes', nodes: ['add'] })
    expect(nodes).toEqual(['a = Conv(x, w)', 'y = Relu(a)'])
    expect(errors).toEqual([])
  })

  test('leaves an Identity where the graph would give out its own input', async () => {
    const { nodes, notes } = await edited({ ...chain, nodes: ['y = Relu(x)'], outputs: { y: 'float32[1,1,4,4]' } }, { kind: 'removeNodes', nodes: ['y'] })
    expect(nodes).toEqual(['y = Identity(x)'])
    expect(notes.map(({ code }) => code)).toEqual(['kept-as-identity'])
  })

  test('leaves readers open where the types differ, and says so', async () => {
    const { nodes, notes, errors } = await edited(chain, { kind: 'removeNodes', nodes: ['conv'] })
    expect(nodes).toEqual(['b = Relu()', 'y = Add(b)'])
    expect(notes).toMatchObject([{ code: 'readers-left-open', valueName: 'a' }])
    expect(errors.length).toBeGreaterThan(0)
  })

  test('takes what only it feeds with it, outputs of the graph included', async () => {
    const { nodes, document } = await edited(chain, { kind: 'removeNodes', nodes: ['conv'], mode: 'with-dependents' })
    expect(nodes).toEqual([])
    expect(document.model.graph.outputs).toEqual([])
    const kept = await edited(chain, { kind: 'removeNodes', nodes: ['relu'], mode: 'with-dependents' })
    expect(kept.nodes).toEqual(['a = Conv(x, w)', 'y = Add(, a)'])
  })

  test('finds readers in subgraphs', async () => {
    const nested: ModelSpec = {
      inputs: { x: 'float32[2]', c: 'bool[]' },
      outputs: { y: 'float32[2]' },
      nodes: ['t = Relu(x)', ['y = If(c)', { then_branch: { outputs: { p: null }, nodes: ['p = Neg(t)'] }, else_branch: { outputs: { q: null }, nodes: ['q = Abs(x)'] } }]],
    }
    const { document } = await edited(nested, { kind: 'removeNodes', nodes: ['t'] })
    expect(document.graphs()[1]?.nodes[0]?.inputs).toEqual(['x'])
  })
})

describe('renaming, rewiring and attributes', () => {
  test('a node is renamed; a taken name is refused', async () => {
    expect((await edited(chain, { kind: 'renameNode', node: 'conv', name: 'first' })).document.model.graph.nodes[0]?.name).toBe('first')
    expect(await refusal(chain, { kind: 'renameNode', node: 'conv', name: 'relu' })).toContain("is called 'relu'")
  })

  test('an input reads another value, and nodes are put in order again', async () => {
    const parallel: ModelSpec = { ...chain, nodes: [['b = Relu(x)', {}, 'relu'], ['a = Conv(x, w)', {}, 'conv'], ['y = Add(a, a)', {}, 'add']] }
    const { nodes, errors } = await edited(parallel, { kind: 'setInput', node: 'relu', input: 0, value: 'a' })
    expect(nodes).toEqual(['a = Conv(x, w)', 'b = Relu(a)', 'y = Add(a, a)'])
    expect(errors).toEqual([])
  })

  test('a circle, an input that the operator lacks, and a value that is not there are refused', async () => {
    expect(await refusal(chain, { kind: 'setInput', node: 'conv', input: 0, value: 'b' })).toContain('cycle')
    expect(await refusal(chain, { kind: 'setInput', node: 'relu', input: 1, value: 'x' })).toContain('there is no input 1')
    expect(await refusal(chain, { kind: 'setInput', node: 'relu', input: 0, value: 'z' })).toContain("no value 'z'")
    expect(await refusal(chain, { kind: 'setInput', node: 'nobody', input: 0, value: 'x' })).toContain("no node 'nobody'")
  })

  test('an optional input is added and taken away again', async () => {
    const commands: GivenCommand[] = [{ kind: 'addInitializer', name: 'bias', tensor: { dtype: 'float32', dims: [2], values: [0, 1] } }, { kind: 'setInput', node: 'conv', input: 2, value: 'bias' }]
    expect((await edited(chain, commands)).nodes[0]).toBe('a = Conv(x, w, bias)')
    expect((await edited(chain, [...commands, { kind: 'setInput', node: 'conv', input: 2, value: '' }])).nodes[0]).toBe('a = Conv(x, w)')
  })

  test('an optional output is added, and refused where the operator has no more', async () => {
    const dropout: ModelSpec = { inputs: { x: 'float32[2]' }, outputs: { y: 'float32[2]' }, nodes: ['y = Dropout(x)'] }
    expect((await edited(dropout, { kind: 'setOutput', node: 'y', output: 1, value: 'mask' })).nodes).toEqual(['y, mask = Dropout(x)'])
    expect(await refusal(dropout, { kind: 'setOutput', node: 'y', output: 2, value: 'more' })).toContain('there is no output 2')
    expect(await refusal(dropout, { kind: 'setOutput', node: 'y', output: 0, value: '' })).toContain('still read')
  })

  test('attributes are set by type, and removed unless required', async () => {
    const { document } = await edited(chain, { kind: 'setAttribute', node: 'conv', attribute: { name: 'pads', type: 'ints', value: [0, 0, 0, '9223372036854775807'] } })
    expect(document.model.graph.nodes[0]?.attributes.find(({ name }) => name === 'pads')?.value).toEqual([0n, 0n, 0n, 9223372036854775807n])
    expect((await edited(chain, { kind: 'removeAttribute', node: 'conv', name: 'group' })).document.model.graph.nodes[0]?.attributes).toEqual([])
    const cast: ModelSpec = { ...chain, nodes: [['y = Cast(x)', { to: 1 }, 'cast']] }
    expect(await refusal(cast, { kind: 'removeAttribute', node: 'cast', name: 'to' })).toContain('needs the attribute')
    expect(await refusal(chain, { kind: 'setAttribute', node: 'conv', attribute: { name: 'stride', type: 'ints', value: [1] } })).toBe("Conv has no attribute 'stride'.")
    expect(await refusal(chain, { kind: 'setAttribute', node: 'conv', attribute: { name: 'group', type: 'int', value: '9223372036854775808' } })).toContain('out of the range')
  })

  test('another operator drops the attributes it does not have', async () => {
    const { nodes, notes } = await edited(chain, { kind: 'setOperator', node: 'conv', opType: 'MatMul' })
    expect(nodes[0]).toBe('a = MatMul(x, w)')
    expect(notes).toMatchObject([{ code: 'attributes-dropped' }])
    expect(await refusal(chain, { kind: 'setOperator', node: 'conv', opType: 'Konv' })).toContain('no operator Konv')
  })

  test('nodes in subgraphs and functions are edited by the name of their graph', async () => {
    const withFunction: ModelSpec = {
      opsets: { '': 17, local: 1 },
      inputs: { x: 'float32[2]' },
      outputs: { y: 'float32[2]' },
      nodes: ['y = local.Twice(x)'],
      functions: [{ domain: 'local', name: 'Twice', inputs: ['a'], outputs: ['b'], nodes: [['b = Add(a, a)', {}, 'sum']] }],
    }
    const { document, errors } = await edited(withFunction, [
      { kind: 'insertNode', graph: 'local:Twice', value: 'a', node: { opType: 'LeakyRelu', attributes: [{ name: 'alpha', reference: 'slope', type: 'float' }], outputs: ['r'] } },
      { kind: 'setDocString', graph: 'Twice', node: 'sum', docString: 'doubles' },
    ])
    expect(document.model.functions[0]?.body.nodes.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([[['a'], ['r']], [['r', 'r'], ['b']]])
    expect(errors).toEqual([])
    expect(await refusal(withFunction, { kind: 'renameNode', graph: 'Thrice', node: 'sum', name: 's' })).toContain("no graph 'Thrice'")
  })
})
