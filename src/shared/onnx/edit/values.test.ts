/** Names and types of values, graph inputs and outputs, dimensions, constants. */
import { describe, expect, test } from 'vitest'
import { type ModelSpec, tensor, tensorRecord } from '../testing/build-model'
import type { Tensor } from '../records'
import { edited, refusal } from '../testing/edit-model'
import { tensorNumbers, tensorStrings } from '../tensor-data'
import { typeText } from '../view/type-text'

const model: ModelSpec = {
  inputs: { x: 'float32[N,4]', z: 'float32[N,4]' },
  outputs: { y: 'float32[N,2]', s: 'float32[N,4]' },
  valueInfo: { t: 'float32[N,4]' },
  initializers: { w: tensor('float32', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8.5]), unread: tensor('int64', [2], [1, -1]) },
  nodes: ['t = Relu(x)', 'y = MatMul(t, w)', 's = Add(t, z)'],
}
/** Row-major. */
const numbers = (stored: Tensor) => Array.from<number | bigint>(tensorNumbers(stored))
const types = (values: readonly { name: string; type: Parameters<typeof typeText>[0] }[]) => Object.fromEntries(values.map(({ name, type }) => [name, typeText(type)]))

describe('values', () => {
  test('are renamed wherever they are read, graph inputs and outputs and their declarations too', async () => {
    const { nodes, document } = await edited(model, [
      { kind: 'renameValue', from: 't', to: 'hidden' },
      { kind: 'renameValue', from: 'x', to: 'image' },
      { kind: 'renameValue', from: 'y', to: 'logits' },
      { kind: 'renameValue', from: 'w', to: 'weight' },
    ])
    expect(nodes).toEqual(['hidden = Relu(image)', 'logits = MatMul(hidden, weight)', 's = Add(hidden, z)'])
    const { graph } = document.model
    expect([graph.inputs[0]?.name, graph.outputs[0]?.name, graph.valueInfo[0]?.name, graph.initializers[0]?.name]).toEqual(['image', 'logits', 'hidden', 'weight'])
  })

  test('do not take a name that is in use, within subgraphs too, or that nobody has', async () => {
    expect(await refusal(model, { kind: 'renameValue', from: 't', to: 'w' })).toContain('already taken')
    expect(await refusal(model, { kind: 'renameValue', from: 'absent', to: 'q' })).toContain("No value named 'absent'")
    const nested: ModelSpec = {
      inputs: { c: 'bool[]', x: 'float32[2]' },
      outputs: { y: 'float32[2]' },
      nodes: [['y = If(c)', { then_branch: { outputs: { p: null }, nodes: ['p = Neg(x)'] }, else_branch: { outputs: { q: null }, nodes: ['q = Abs(x)'] } }]],
    }
    expect(await refusal(nested, { kind: 'renameValue', from: 'x', to: 'p' })).toContain('already taken')
  })

  test('have their types declared, and the declaration taken away', async () => {
    const { document } = await edited(model, [{ kind: 'setValueType', name: 'x', type: 'float32[8,4]' }, { kind: 'setValueType', name: 't', type: null }, { kind: 'setValueType', name: 'y', type: 'float32[?,2]' }])
    expect(types([...document.model.graph.inputs, ...document.model.graph.outputs, ...document.model.graph.valueInfo])).toEqual({ x: 'float32[8,4]', z: 'float32[N,4]', y: 'float32[?,2]', s: 'float32[N,4]' })
    expect(await refusal(model, { kind: 'setValueType', name: 'x', type: 'float33[2]' })).toContain("'float33' is not a type")
    expect(await refusal(model, { kind: 'setValueType', name: 'absent', type: 'float32' })).toContain("no value 'absent'")
  })
})

describe('inputs and outputs of a graph', () => {
  test('are added, with the type that follows for outputs', async () => {
    const { document } = await edited(model, [{ kind: 'addInput', name: 'mask', type: 'bool[N]', index: 0 }, { kind: 'addOutput', name: 't' }])
    expect(types(document.model.graph.inputs)).toMatchObject({ mask: 'bool[N]' })
    expect(document.model.graph.inputs[0]?.name).toBe('mask')
    expect(types(document.model.graph.outputs)).toMatchObject({ t: 'float32[N,4]' })
    expect(document.model.graph.valueInfo).toEqual([])
    expect(await refusal(model, { kind: 'addInput', name: 't', type: 'bool' })).toContain('already taken')
    expect(await refusal(model, { kind: 'addOutput', name: 'y' })).toContain('already')
    expect(await refusal(model, { kind: 'addOutput', name: 'absent' })).toContain("no value 'absent'")
  })

  test('are removed unless something reads them', async () => {
    const { document } = await edited(model, [{ kind: 'removeOutput', name: 's' }, { kind: 'removeNodes', nodes: ['s'] }, { kind: 'removeInput', name: 'z' }])
    expect([document.model.graph.inputs.length, document.model.graph.outputs.length]).toEqual([1, 1])
    expect(await refusal(model, { kind: 'removeInput', name: 'z' })).toContain('still read by Add')
    expect(await refusal(model, { kind: 'removeOutput', name: 't' })).toContain("no output 't'")
  })

  test('are put in another order, in which each must be named once', async () => {
    const { document } = await edited(model, [{ kind: 'reorderInputs', names: ['z', 'x'] }, { kind: 'reorderOutputs', names: ['s', 'y'] }])
    expect([...document.model.graph.inputs, ...document.model.graph.outputs].map(({ name }) => name)).toEqual(['z', 'x', 's', 'y'])
    expect(await refusal(model, { kind: 'reorderInputs', names: ['z'] })).toContain('leaves out x')
    expect(await refusal(model, { kind: 'reorderOutputs', names: ['s', 's'] })).toContain('named twice')
  })
})

describe('dimensions', () => {
  test('of one symbol are fixed throughout the model', async () => {
    const { document } = await edited(model, { kind: 'setDimension', input: 'x', axis: 0, dim: 1 })
    const { graph } = document.model
    expect(types([...graph.inputs, ...graph.outputs, ...graph.valueInfo])).toEqual({ x: 'float32[1,4]', z: 'float32[1,4]', y: 'float32[1,2]', s: 'float32[1,4]', t: 'float32[1,4]' })
    expect((await edited(model, { kind: 'setSymbol', symbol: 'N', dim: 'batch' })).document.model.graph.inputs[1]).toMatchObject({ type: { shape: ['batch', 4] } })
    expect(await refusal(model, { kind: 'setSymbol', symbol: 'M', dim: 1 })).toContain("No dimension is called 'M'")
  })

  test('that were fixed become a symbol all the way to the outputs, through Reshapes that repeat the size', async () => {
    const fixed: ModelSpec = {
      inputs: { x: 'float32[2,3,4]' },
      outputs: { y: 'float32[2,12]' },
      valueInfo: { r: 'float32[2,12]' },
      initializers: { shape: tensor('int64', [2], [2, 12]) },
      nodes: [['r = Reshape(x, shape)', {}, 'flatten'], 'y = Relu(r)'],
    }
    const { document, notes } = await edited(fixed, { kind: 'setDimension', input: 'x', axis: 0, dim: 'batch' })
    const { graph } = document.model
    expect(types([...graph.inputs, ...graph.outputs, ...graph.valueInfo])).toEqual({ x: 'float32[batch,3,4]', y: 'float32[batch,12]', r: 'float32[batch,12]' })
    const target = document.initializer(graph, graph.nodes[0]?.inputs[1] ?? '')
    expect(target && numbers(target).map(Number)).toEqual([0, 12])
    expect(notes).toMatchObject([{ code: 'reshape-loosened', nodeName: 'flatten' }])
  })

  test('that are not there are refused', async () => {
    expect(await refusal(model, { kind: 'setDimension', input: 'x', axis: 2, dim: 1 })).toContain('there is no axis 2')
    expect(await refusal(model, { kind: 'setDimension', input: 'w', axis: 0, dim: 1 })).toContain("no input 'w'")
    expect(await refusal({ ...model, inputs: { x: 'float32', z: 'float32' } }, { kind: 'setDimension', input: 'x', axis: 0, dim: 1 })).toContain('rank')
  })
})

describe('constants', () => {
  const stored = (document: Awaited<ReturnType<typeof edited>>['document'], name: string) => {
    const found = document.initializer(document.model.graph, name)
    if (!found) throw new Error(`no initializer ${name}`)
    return found
  }

  test('are added by values, bytes and arrays', async () => {
    const array = tensorRecord('', tensor('uint8', [2], [3, 4]))
    const { document } = await edited(
      model,
      [
        { kind: 'addInitializer', name: 'values', tensor: { dtype: 'float16', dims: [3], values: [1, '-0.5', 'NaN'] } },
        { kind: 'addInitializer', name: 'bytes', tensor: { dtype: 'int16', dims: [2], base64: 'AQD//w==' } },
        { kind: 'addInitializer', name: 'array', tensor: { npy: 'a.npy' } },
        { kind: 'addInitializer', name: 'texts', tensor: { dtype: 'string', dims: [2], values: ['one', '二'] } },
        { kind: 'addInitializer', name: 'big', tensor: { dtype: 'int64', dims: [1], values: ['-9223372036854775808'] } },
      ],
      { arrays: { 'a.npy': array } },
    )
    expect(numbers(stored(document, 'values'))).toEqual([1, -0.5, NaN])
    expect(numbers(stored(document, 'bytes'))).toEqual([1, -1])
    expect(numbers(stored(document, 'array'))).toEqual([3, 4])
    expect(tensorStrings(stored(document, 'texts'))).toEqual(['one', '二'])
    expect(numbers(stored(document, 'big'))).toEqual([-(2n ** 63n)])
  })

  test('are refused where the values do not fit', async () => {
    const add = (given: { dtype: 'int8' | 'float32' | 'string'; dims: number[]; values: (number | string)[] } | { dtype: 'int16'; dims: number[]; base64: string }) => refusal(model, { kind: 'addInitializer', name: 'n', tensor: given })
    expect(await add({ dtype: 'int8', dims: [1], values: [128] })).toContain('outside the range -128 to 127')
    expect(await add({ dtype: 'int8', dims: [1], values: [0.5] })).toContain('no whole number')
    expect(await add({ dtype: 'float32', dims: [2], values: [1] })).toContain('takes 2 values, not 1')
    expect(await add({ dtype: 'float32', dims: [1], values: ['one'] })).toContain('no number')
    expect(await add({ dtype: 'int16', dims: [2], base64: 'AQA=' })).toContain('takes 4 bytes, not 2')
  })

  test('are replaced and removed; one that is read stays', async () => {
    const { document } = await edited(model, [{ kind: 'setInitializer', name: 'w', tensor: { dtype: 'float32', dims: [4, 1], values: [1, 2, 3, 4] } }, { kind: 'removeInitializer', name: 'unread' }])
    expect(stored(document, 'w').dims).toEqual([4, 1])
    expect(document.model.graph.initializers).toHaveLength(1)
    expect(await refusal(model, { kind: 'removeInitializer', name: 'w' })).toContain('still read by MatMul')
  })

  test('have single elements changed, in nibbles and in Constant nodes too', async () => {
    const spec: ModelSpec = { ...model, initializers: { ...model.initializers, nibbles: tensor('uint4', [3], [1, 2, 3]) }, nodes: [...model.nodes, ['k = Constant()', { value: tensor('float32', [2], [1, 2]) }]] }
    const { document } = await edited(spec, [
      { kind: 'setElements', name: 'w', elements: [{ index: 7, value: 0.25 }, { index: 0, value: '-Infinity' }] },
      { kind: 'setElements', name: 'nibbles', elements: [{ index: 1, value: 15 }] },
      { kind: 'setElements', name: 'k', elements: [{ index: 1, value: 9 }] },
    ])
    expect(numbers(stored(document, 'w'))).toEqual([-Infinity, 2, 3, 4, 5, 6, 7, 0.25])
    expect(numbers(stored(document, 'nibbles'))).toEqual([1, 15, 3])
    const value = document.model.graph.nodes.at(-1)?.attributes[0]
    expect(value?.type === 'tensor' && numbers(value.value)).toEqual([1, 9])
    expect(await refusal(model, { kind: 'setElements', name: 'w', elements: [{ index: 8, value: 1 }] })).toContain('no element 8')
    expect(await refusal(spec, { kind: 'setElements', name: 'nibbles', elements: [{ index: 0, value: 16 }] })).toContain('outside the range')
  })

  test('are converted, and what is lost is told', async () => {
    const halves = await edited(model, { kind: 'convertInitializer', name: 'w', dtype: 'float16' })
    expect(halves.notes).toEqual([])
    expect(numbers(stored(halves.document, 'w'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8.5])
    const integers = await edited(model, { kind: 'convertInitializer', name: 'w', dtype: 'uint4' })
    expect(numbers(stored(integers.document, 'w'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(integers.notes).toMatchObject([{ severity: 'warning', code: 'lossy-conversion', message: "Converting 'w' to uint4 changed 1 of 8 values, by 0.5 at most." }])
    const wrapped = await edited(model, { kind: 'convertInitializer', name: 'unread', dtype: 'uint8' })
    expect(numbers(stored(wrapped.document, 'unread'))).toEqual([1, 0])
    const eighths = await edited(model, { kind: 'convertInitializer', name: 'w', dtype: 'float8e4m3fn' })
    expect(numbers(stored(eighths.document, 'w'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(await refusal(model, { kind: 'convertInitializer', name: 'w', dtype: 'string' })).toContain('cannot be converted')
  })
})
