import { describe, expect, it } from 'vitest'
import { checkModel } from '#shared/onnx/check/check-model'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, type ModelSpec, tensor, type TensorSpec } from '#shared/onnx/testing/build-model'
import { removeBlocks } from './remove-blocks'
import { outputsOf, relativeError, runPass, snapshot, testData } from './testing/run-pass'

function weights(dims: readonly number[], seed: number, size = 1): TensorSpec {
  let state = seed
  const count = dims.reduce((product, dim) => product * dim, 1)
  return tensor('float32', dims, Array.from({ length: count }, () => (size * (((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31) - 1)) / Math.sqrt(dims[1] ?? 1)))
}

const samples = (count = 24) => ({ ...testData({ x: [1, 6, 8] }, count), synthetic: false })

/** Feed-forward sublayers one after the other, of which the second adds little. */
function stack(sizes: readonly number[]): ModelSpec {
  const names = sizes.map((_, at) => String.fromCharCode(97 + at))
  return {
    inputs: { x: 'float32[1,6,8]' },
    outputs: { y: 'float32[1,6,4]' },
    initializers: Object.fromEntries([...names.flatMap((name, at) => [[`${name}u`, weights([8, 16], at + 1)], [`${name}d`, weights([16, 8], at + 11, sizes[at])]]), ['w', weights([8, 4], 31)]]) as Record<string, TensorSpec>,
    nodes: [
      ...names.flatMap((name, at): ModelSpec['nodes'] => {
        const input = at === 0 ? 'x' : `${names[at - 1] ?? ''}s`
        return [[`${name}h = MatMul(${input}, ${name}u)`, {}, `${name}.up`], `${name}r = Relu(${name}h)`, [`${name}o = MatMul(${name}r, ${name}d)`, {}, `${name}.down`], `${name}s = Add(${name}o, ${input})`]
      }),
      `y = MatMul(${names.at(-1) ?? ''}s, w)`,
    ],
  }
}

function names({ model }: ModelDocument): string[] {
  return model.graph.nodes.map(({ name }) => name).filter((name) => name !== '')
}

describe('remove-blocks', () => {
  it('leaves out the sublayer that the outputs notice least, and nothing else', async () => {
    const { document, diagnostics } = await runPass(buildModel(stack([1, 0.02, 1])), removeBlocks, { recovery: 'none' }, samples())
    expect(names(document)).toEqual(['a.up', 'a.down', 'c.up', 'c.down'])
    expect(document.model.graph.initializers.map(({ name }) => name)).toEqual(['au', 'ad', 'cu', 'cd', 'w'])
    expect(diagnostics).toMatchObject([{ code: 'block-removed' }])
    expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(relativeError(await outputsOf(buildModel(stack([1, 0.02, 1])), samples()), await outputsOf(document, samples()))).toBeLessThan(0.1)
  })

  it('tells beforehand of each block by its own layers, and not by those before it', () => {
    const found = removeBlocks.candidates?.(new ModelDocument(buildModel(stack([1, 1, 1]))), removeBlocks.options.parse({}))
    expect(found?.candidates.map(({ layers }) => layers.map(({ name }) => name).sort())).toEqual([
      ['a.down', 'a.up'],
      ['b.down', 'b.up'],
      ['c.down', 'c.up'],
    ])
  })

  it('fits what comes after, where that helps', async () => {
    const before = await outputsOf(buildModel(stack([1, 0.4, 1])), samples())
    const errors: number[] = []
    for (const recovery of ['none', 'refit']) {
      const { document } = await runPass(buildModel(stack([1, 0.4, 1])), removeBlocks, { recovery, maxError: 1 }, samples())
      errors.push(relativeError(before, await outputsOf(document, samples())))
    }
    expect(errors[1]).toBeLessThan(0.8 * (errors[0] ?? 0))
  })

  it.each([
    ['a model without residual sums', { ...stack([1]), nodes: ['h = MatMul(x, au)', 'r = Relu(h)', 'o = MatMul(r, ad)', 'y = MatMul(o, w)'] } satisfies ModelSpec, {}, 'no-blocks'],
    ['a block that the outputs need', stack([1]), { maxError: 0.001 }, 'blocks-needed'],
    ['blocks with layers that are excluded', stack([0.02]), { excludeNodes: ['a.down'] }, 'no-blocks'],
  ])('declines %s', async (_, spec, options, code) => {
    const { transaction, diagnostics } = await runPass(buildModel(spec), removeBlocks, options, samples(4))
    expect(transaction.changes).toEqual([])
    expect(diagnostics).toMatchObject([{ code }])
  })

  it('can be undone to the byte', async () => {
    const document = new ModelDocument(buildModel(stack([1, 0.02, 1])))
    const before = snapshot(document)
    const { transaction } = await runPass(document, removeBlocks, { atMost: 2, maxError: 1 }, samples())
    expect(transaction.changes.length).toBeGreaterThan(0)
    document.undo(transaction)
    expect(snapshot(document)).toEqual(before)
  })
})
