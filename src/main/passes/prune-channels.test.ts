import { describe, expect, it } from 'vitest'
import { checkModel } from '#shared/onnx/check/check-model'
import { filledTensor, buildModel, type ModelSpec, tensor, type TensorSpec } from '#shared/onnx/testing/build-model'
import { ModelDocument } from '#shared/onnx/document'
import type { CalibrationData } from './pass'
import { pruneChannels } from './prune-channels'
import { outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

/** Numbers that look random and are always the same. */
function noise(dims: readonly number[], seed = 1): TensorSpec {
  let state = seed
  const count = dims.reduce((product, dim) => product * dim, 1)
  return tensor('float32', dims, Array.from({ length: count }, () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31 - 1) / Math.sqrt(dims[1] ?? 1)))
}

const image = { inputs: { x: 'float32[1,3,8,8]' } } as const
const real = (count = 16): CalibrationData => ({ ...testData({ x: [1, 3, 8, 8] }, count), synthetic: false })
const half = { target: 'channels', distribution: 'even', amount: 0.5, roundTo: 1, recovery: 'none' } as const

function dimsOf(document: ModelDocument, name: string): readonly number[] | undefined {
  return document.model.graph.initializers.find((initializer) => initializer.name === name)?.dims
}

/** What each form must come to; every one is checked and run by onnxruntime as well. */
const FORMS: readonly [name: string, spec: ModelSpec, expected: Record<string, number[]>][] = [
  [
    'plain convolutions',
    { ...image, outputs: { y: 'float32[1,4,8,8]' }, initializers: { a: noise([8, 3, 1, 1]), ab: noise([8]), b: noise([4, 8, 1, 1]) }, nodes: ['h = Conv(x, a, ab)', 'r = Relu(h)', 'y = Conv(r, b)'] },
    { a: [4, 3, 1, 1], ab: [4], b: [4, 4, 1, 1] },
  ],
  [
    'a residual, whose producers go together',
    { ...image, outputs: { y: 'float32[1,2,8,8]' }, initializers: { a: noise([8, 3, 1, 1]), b: noise([8, 8, 1, 1]), c: noise([2, 8, 1, 1]) }, nodes: ['h = Conv(x, a)', 'g = Conv(h, b)', 's = Add(g, h)', 'y = Conv(s, c)'] },
    { a: [4, 3, 1, 1], b: [4, 4, 1, 1], c: [2, 4, 1, 1] },
  ],
  [
    'a depthwise convolution',
    { ...image, outputs: { y: 'float32[1,2,8,8]' }, initializers: { a: noise([8, 3, 1, 1]), d: noise([8, 1, 3, 3]), c: noise([2, 8, 1, 1]) }, nodes: ['h = Conv(x, a)', ['g = Conv(h, d)', { group: 8, pads: [1, 1, 1, 1] }], 'y = Conv(g, c)'] },
    { a: [4, 3, 1, 1], d: [4, 1, 3, 3], c: [2, 4, 1, 1] },
  ],
  [
    'a convolution with two wide groups',
    { ...image, outputs: { y: 'float32[1,2,8,8]' }, initializers: { a: noise([8, 3, 1, 1]), d: noise([8, 4, 1, 1]), c: noise([2, 8, 1, 1]) }, nodes: ['h = Conv(x, a)', ['g = Conv(h, d)', { group: 2 }], 'y = Conv(g, c)'] },
    { a: [4, 3, 1, 1], d: [4, 2, 1, 1], c: [2, 4, 1, 1] },
  ],
  [
    'batch normalization, PRelu and a transposed convolution',
    {
      ...image,
      outputs: { y: 'float32[1,2,8,8]' },
      initializers: { a: noise([8, 3, 1, 1]), s: filledTensor('float32', [8], 1), t: filledTensor('float32', [8], 0), p: filledTensor('float32', [8, 1, 1], 0.1), c: noise([8, 2, 1, 1]) },
      nodes: ['h = Conv(x, a)', 'n = BatchNormalization(h, s, t, t, s)', 'r = PRelu(n, p)', 'y = ConvTranspose(r, c)'],
    },
    { a: [4, 3, 1, 1], s: [4], p: [4, 1, 1], c: [4, 2, 1, 1] },
  ],
  [
    'channels side by side, and split again',
    {
      ...image,
      outputs: { y: 'float32[1,2,8,8]' },
      initializers: { a: noise([8, 3, 1, 1]), b: noise([4, 3, 1, 1], 7), sizes: tensor('int64', [2], [6n, 6n]), c: noise([2, 6, 1, 1]), d: noise([2, 6, 1, 1], 9) },
      nodes: ['h = Conv(x, a)', 'g = Conv(x, b)', ['j = Concat(h, g)', { axis: 1 }], ['l, r = Split(j, sizes)', { axis: 1 }], 'u = Conv(l, c)', 'v = Conv(r, d)', 'y = Add(u, v)'],
    },
    // Three of six and one of two of the first, two of four of the second.
    { a: [4, 3, 1, 1], b: [2, 3, 1, 1] },
  ],
  [
    'a flattened picture: each channel is as many inputs as it has pixels',
    { ...image, outputs: { y: 'float32[1,5]' }, initializers: { a: noise([8, 3, 1, 1]), w: noise([5, 512]) }, nodes: ['h = Conv(x, a)', 'f = Flatten(h)', ['y = Gemm(f, w)', { transB: 1 }]] },
    { a: [4, 3, 1, 1], w: [5, 256] },
  ],
  [
    'shuffled channels',
    {
      ...image,
      outputs: { y: 'float32[1,2,8,8]' },
      initializers: { a: noise([8, 3, 1, 1]), apart: tensor('int64', [5], [1n, 2n, 4n, 8n, 8n]), back: tensor('int64', [4], [1n, 8n, 8n, 8n]), c: noise([2, 8, 1, 1]) },
      nodes: ['h = Conv(x, a)', 's = Reshape(h, apart)', ['t = Transpose(s)', { perm: [0, 2, 1, 3, 4] }], 'u = Reshape(t, back)', 'y = Conv(u, c)'],
    },
    { a: [4, 3, 1, 1], c: [2, 4, 1, 1] },
  ],
  [
    'squeeze and excite',
    {
      ...image,
      outputs: { y: 'float32[1,2,8,8]' },
      initializers: { a: noise([8, 3, 1, 1]), d: noise([4, 8, 1, 1]), e: noise([8, 4, 1, 1]), c: noise([2, 8, 1, 1]) },
      nodes: ['h = Conv(x, a)', 'p = GlobalAveragePool(h)', 'q = Conv(p, d)', 'r = Relu(q)', 'g = Conv(r, e)', 'k = Sigmoid(g)', 'm = Mul(h, k)', 'y = Conv(m, c)'],
    },
    { a: [4, 3, 1, 1], d: [2, 4, 1, 1], e: [4, 2, 1, 1], c: [2, 4, 1, 1] },
  ],
  [
    'blocks of depth becoming space',
    { ...image, outputs: { y: 'float32[1,2,16,16]' }, initializers: { a: noise([16, 3, 1, 1]), c: noise([2, 4, 1, 1]) }, nodes: ['h = Conv(x, a)', ['u = DepthToSpace(h)', { blocksize: 2 }], 'y = Conv(u, c)'] },
    { a: [8, 3, 1, 1], c: [2, 2, 1, 1] },
  ],
]

describe('prune-channels', () => {
  it.each(FORMS)('cuts %s', async (_, spec, expected) => {
    const data = testData({ x: [1, 3, 8, 8] })
    const { document } = await runPass(buildModel(spec), pruneChannels, half, data)
    for (const [name, dims] of Object.entries(expected)) expect([name, dimsOf(document, name)]).toEqual([name, dims])
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
    const [output] = Object.values(spec.outputs ?? {})
    expect((await outputsOf(document, data)).length).toBe(3 * (output?.match(/\d+(?=[,\]])/g) ?? []).map(Number).reduce((a, b) => a * b, 1))
  })

  it('takes whole heads of attention, and leaves the normalized width as it is', async () => {
    const model = buildModel(attention())
    const data = testData({ x: [1, 6, 16] })
    const { document, diagnostics } = await runPass(model, pruneChannels, half, data)
    // Two of four heads of four: queries, keys and values lose 8 of 16 columns, and so do the rows of what joins them.
    expect(['q', 'k', 'v', 'o'].map((name) => dimsOf(document, name))).toEqual([[16, 8], [16, 8], [16, 8], [8, 16]])
    expect(['up', 'down', 'g'].map((name) => dimsOf(document, name))).toEqual([[16, 16], [16, 16], [16]])
    expect(diagnostics.filter(({ code }) => code === 'channels-locked').length).toBeGreaterThan(0)
    expect((await outputsOf(document, data)).length).toBe(3 * 6 * 16)
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('computes the same where only channels that give nothing go', async () => {
    const spec = FORMS[1]?.[1]
    if (!spec) throw new Error('no form')
    const dead = (shape: TensorSpec, axis: 0 | 1): TensorSpec => ({ ...shape, values: shape.values.map((value, at) => (indexAlong(shape.dims, at, axis) >= 4 ? 0 : value)) })
    const { a, b } = { a: noise([8, 3, 1, 1]), b: noise([8, 8, 1, 1]) }
    const model = buildModel({ ...spec, initializers: { ...spec.initializers, a: dead(a, 0), b: dead(b, 0) } })
    const data = testData({ x: [1, 3, 8, 8] })
    const before = await outputsOf(model, data)
    const { document } = await runPass(model, pruneChannels, { ...half, importance: 'l1' }, data)
    expect(dimsOf(document, 'a')).toEqual([4, 3, 1, 1])
    expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(1e-6)
  })

  it('makes up for what went, from samples alone', async () => {
    const spec = redundant()
    const before = await outputsOf(buildModel(spec), real())
    const errors: number[] = []
    for (const recovery of ['none', 'refit']) {
      const { document } = await runPass(buildModel(spec), pruneChannels, { ...half, recovery }, real(64))
      errors.push(relativeError(before, await outputsOf(document, real())))
    }
    // Eight channels are mixtures of four: half of them can go without loss once the next layer is fitted.
    expect(errors[0]).toBeGreaterThan(0.1)
    expect(errors[1]).toBeLessThan(0.02)
  })

  it('saves at least the multiply–accumulates that it was asked for', async () => {
    const { diagnostics } = await runPass(buildModel(FORMS[1]?.[1] as ModelSpec), pruneChannels, { ...half, target: 'macs', amount: 0.4 }, testData({ x: [1, 3, 8, 8] }))
    const [share] = diagnostics.flatMap(({ code, message }) => (code === 'channels-pruned' ? [Number(/^[\d.]+/.exec(message)?.[0])] : []))
    expect(share).toBeGreaterThanOrEqual(40)
  })

  it('chooses layers by measured time, and still saves what it was asked for', async () => {
    const spec: ModelSpec = { ...image, outputs: { y: 'float32[1,4,8,8]' }, initializers: { a: noise([32, 3, 3, 3]), b: noise([64, 32, 1, 1]), c: noise([4, 64, 1, 1]) }, nodes: [['h = Conv(x, a)', { pads: [1, 1, 1, 1] }], 'g = Conv(h, b)', 'y = Conv(g, c)'] }
    const { document, diagnostics } = await runPass(buildModel(spec), pruneChannels, { target: 'macs', distribution: 'latency', amount: 0.4 }, real(4))
    expect(diagnostics.map(({ code }) => code)).toContain('plans-timed')
    const [share] = diagnostics.flatMap(({ code, message }) => (code === 'channels-pruned' ? [Number(/^[\d.]+/.exec(message)?.[0])] : []))
    expect(share).toBeGreaterThanOrEqual(40)
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('leaves layers that are excluded, and says which and why', async () => {
    const [, spec] = FORMS[0] ?? []
    if (!spec) throw new Error('no form')
    const model = buildModel({ ...spec, nodes: [['h = Conv(x, a, ab)', {}, 'first'], 'r = Relu(h)', 'y = Conv(r, b)'] })
    const { transaction, diagnostics } = await runPass(model, pruneChannels, { ...half, excludeNodes: ['first'] }, testData({ x: [1, 3, 8, 8] }))
    expect(transaction.changes).toEqual([])
    expect(diagnostics).toMatchObject([{ code: 'nothing-to-prune', hint: expect.stringContaining("Conv 'first' is protected") as string }])
  })

  it('names layers within If that keep their channels, and cuts those around it', async () => {
    const branch = (name: string) => ({ outputs: { [`${name}_y`]: null }, initializers: { [`${name}_w`]: noise([4, 3, 1, 1]) }, nodes: [[`${name}_y = Conv(x, ${name}_w)`, {}, name] as const] })
    const model = buildModel({
      inputs: { ...image.inputs, c: 'bool[]' },
      outputs: { y: 'float32[1,4,8,8]' },
      initializers: { a: noise([8, 3, 1, 1]), b: noise([4, 8, 1, 1]) },
      nodes: ['h = Conv(x, a)', 'g = Conv(h, b)', ['i = If(c)', { then_branch: branch('first'), else_branch: branch('second') }], 'y = Add(g, i)'],
    })
    const { document, diagnostics } = await runPass(model, pruneChannels, half)
    expect(diagnostics.map(({ message }) => message)).toContainEqual(expect.stringMatching(/within If, Loop or Scan keep their channels \(2: first, second\)/))
    expect([dimsOf(document, 'a'), dimsOf(document, 'b')]).toEqual([[4, 3, 1, 1], [4, 4, 1, 1]])
  })

  it.each([
    ['an operator it does not know', ['h = Conv(x, a)', 'r = test.Mystery(h)', 'y = Conv(r, b)'], /Mystery/],
    ['an output of the model', ['y = Conv(x, a)'], /output of the model/],
    ['a softmax over the channels', ['h = Conv(x, a)', ['r = Softmax(h)', { axis: 1 }], 'y = Conv(r, b)'], /Softmax/],
  ] as const)('declines %s', async (_, nodes, why) => {
    const model = buildModel({ ...image, opsets: { test: 1 }, outputs: { y: 'float32[1,?,8,8]' }, initializers: { a: noise([8, 3, 1, 1]), b: noise([4, 8, 1, 1]) }, nodes: [...nodes] })
    const { transaction, diagnostics } = await runPass(model, pruneChannels, half)
    expect(transaction.changes).toEqual([])
    expect(diagnostics[0]?.hint).toMatch(why)
  })

  it('cuts again when run again, because the amount is a part of what it is given', async () => {
    const [, spec] = FORMS[0] ?? []
    if (!spec) throw new Error('no form')
    const { document } = await runPass(buildModel(spec), pruneChannels, half)
    expect(dimsOf((await runPass(document, pruneChannels, half)).document, 'a')).toEqual([2, 3, 1, 1])
  })

  it('can be undone to the byte', async () => {
    for (const [, spec] of FORMS) {
      const document = new ModelDocument(buildModel(spec))
      const before = snapshot(document)
      const { transaction } = await runPass(document, pruneChannels, half, testData({ x: [1, 3, 8, 8] }))
      expect(transaction.changes.length).toBeGreaterThan(0)
      document.undo(transaction)
      expect(snapshot(document)).toEqual(before)
    }
  })

  it('rounds to blocks of eight, and keeps a group of a narrow grouped convolution whole', async () => {
    const spec: ModelSpec = { ...image, outputs: { y: 'float32[1,2,8,8]' }, initializers: { a: noise([44, 3, 1, 1]), d: noise([44, 2, 1, 1]), c: noise([2, 44, 1, 1]) }, nodes: ['h = Conv(x, a)', ['g = Conv(h, d)', { group: 22 }, 'grouped'], 'y = Conv(g, c)'] }
    const { document } = await runPass(buildModel(spec), pruneChannels, { ...half, amount: 0.3, roundTo: 8 }, testData({ x: [1, 3, 8, 8] }))
    expect(dimsOf(document, 'd')).toEqual([32, 2, 1, 1])
    expect(document.model.graph.nodes.find(({ name }) => name === 'grouped')?.attributes).toMatchObject([{ name: 'group', value: 16n }])
  })
})

function indexAlong(dims: readonly number[], at: number, axis: 0 | 1): number {
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  return Math.floor(at / inner) % (dims[axis] ?? 1)
}

/** One pre-normalized transformer block with four heads. */
function attention(): ModelSpec {
  const heads = tensor('int64', [4], [0n, 0n, 4n, 4n])
  return {
    inputs: { x: 'float32[1,6,16]' },
    outputs: { y: 'float32[1,6,16]' },
    initializers: { g: filledTensor('float32', [16], 1), z: filledTensor('float32', [16], 0), q: noise([16, 16]), k: noise([16, 16], 2), v: noise([16, 16], 3), o: noise([16, 16], 4), heads, joined: tensor('int64', [3], [0n, 0n, 16n]), up: noise([16, 32], 5), down: noise([32, 16], 6) },
    nodes: [
      ['n = LayerNormalization(x, g, z)', { axis: -1 }],
      ...['q', 'k', 'v'].flatMap((name): ModelSpec['nodes'] => [`${name}m = MatMul(n, ${name})`, `${name}s = Reshape(${name}m, heads)`, [`${name}h = Transpose(${name}s)`, { perm: [0, 2, name === 'k' ? 3 : 1, name === 'k' ? 1 : 3] }]]),
      's = MatMul(qh, kh)',
      ['p = Softmax(s)', { axis: -1 }],
      'c = MatMul(p, vh)',
      ['t = Transpose(c)', { perm: [0, 2, 1, 3] }],
      'j = Reshape(t, joined)',
      'a = MatMul(j, o)',
      'r = Add(x, a)',
      ['m = LayerNormalization(r, g, z)', { axis: -1 }],
      'u = MatMul(m, up)',
      'f = Relu(u)',
      'd = MatMul(f, down)',
      'y = Add(r, d)',
    ],
  }
}

/** Two convolutions with eight channels between, of which any four give the others. */
function redundant(): ModelSpec {
  const basis = noise([4, 3, 3, 3])
  const mix = noise([8, 4], 5).values.map(Number)
  const rows = Array.from({ length: 8 * 27 }, (_, at) => {
    const [output, inner] = [Math.floor(at / 27), at % 27]
    return [0, 1, 2, 3].reduce((sum, part) => sum + (mix[output * 4 + part] as number) * Number(basis.values[part * 27 + inner]), 0)
  })
  return {
    ...image,
    outputs: { y: 'float32[1,4,8,8]' },
    initializers: { a: tensor('float32', [8, 3, 3, 3], rows), b: noise([4, 8, 3, 3], 11) },
    nodes: [['h = Conv(x, a)', { pads: [1, 1, 1, 1] }], ['y = Conv(h, b)', { pads: [1, 1, 1, 1] }]],
  }
}
