import { describe, expect, it } from 'vitest'
import { buildModel, type ModelSpec, tensor, type TensorSpec } from '#shared/onnx/testing/build-model'
import type { CalibrationData } from '../pass'
import { pruneChannels } from '../prune-channels'
import { outputsOf, relativeError, runPass, testData } from '../testing/run-pass'

const half = { target: 'channels', distribution: 'even', amount: 0.5, roundTo: 1, importance: 'l1' } as const
const real = (count = 16): CalibrationData => ({ ...testData({ x: [1, 3, 8, 8] }, count), synthetic: false })
const image = { inputs: { x: 'float32[1,3,8,8]' } } as const

function noise(count: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: count }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31 - 1)
}

/** Filters [outputs, inputs, size, size], of which each row of `mix` is a mixture of a few. */
function mixtures(mix: readonly (readonly number[])[], { inputs, size, seed }: { inputs: number; size: number; seed: number }): TensorSpec {
  const width = inputs * size * size
  const basis = noise((mix[0]?.length ?? 0) * width, seed)
  return tensor('float32', [mix.length, inputs, size, size], mix.flatMap((row) => Array.from({ length: width }, (_, at) => row.reduce((sum, factor, part) => sum + factor * (basis[part * width + at] as number), 0))))
}

const identity = (count: number, scale = 1) => Array.from({ length: count }, (_, row) => Array.from({ length: count }, (_each, at) => (at === row ? scale : 0)))
const mixed = Array.from({ length: 4 }, (_, row) => noise(4, row + 3).map((value) => value / 4))

/** Two 3×3 convolutions, the second with padding, on eight channels. */
function pair(first: TensorSpec, nodes: ModelSpec['nodes']): ModelSpec {
  return { ...image, outputs: { y: 'float32[1,4,8,8]' }, initializers: { a: first, b: mixtures(identity(4), { inputs: 8, size: 3, seed: 11 }), flat: mixtures(identity(8), { inputs: 8, size: 1, seed: 5 }) }, nodes }
}
const padded = { pads: [1, 1, 1, 1] }
const plain: ModelSpec['nodes'] = [['h = Conv(x, a)', padded], ['y = Conv(h, b)', padded]]
const rectified: ModelSpec['nodes'] = [['h = Conv(x, a)', padded], 'r = Relu(h)', ['y = Conv(r, b)', padded]]

async function errorOf(spec: ModelSpec, recovery: 'none' | 'merge', data: CalibrationData | null): Promise<number> {
  const before = await outputsOf(buildModel(spec), real())
  const { document } = await runPass(buildModel(spec), pruneChannels, { ...half, recovery }, data)
  expect(document.model.graph.initializers.find(({ name }) => name === 'a')?.dims[0]).toBe(4)
  return relativeError(before, await outputsOf(document, real()))
}

describe('merging channels', () => {
  it('expresses channels by mixtures of those that stay, found from samples', async () => {
    const spec = pair(mixtures([...identity(4), ...mixed], { inputs: 3, size: 3, seed: 2 }), plain)
    expect(await errorOf(spec, 'none', real(32))).toBeGreaterThan(0.1)
    expect(await errorOf(spec, 'merge', real(32))).toBeLessThan(0.01)
  })

  it('does so where a layer loses outputs as well as inputs', async () => {
    const dead = (spec: TensorSpec): TensorSpec => ({ ...spec, values: spec.values.map((value, at) => (at < spec.values.length / 2 ? value : 0)) })
    const spec = pair(mixtures([...identity(4), ...mixed], { inputs: 3, size: 3, seed: 2 }), [['h = Conv(x, a)', padded], 'g = Conv(h, flat)', ['y = Conv(g, b)', padded]])
    const chained = { ...spec, initializers: { ...spec.initializers, flat: dead(mixtures(identity(8), { inputs: 8, size: 1, seed: 5 })) } }
    expect(await errorOf(chained, 'none', real(32))).toBeGreaterThan(0.1)
    expect(await errorOf(chained, 'merge', real(32))).toBeLessThan(0.01)
  })

  it.each([
    ['without data', null],
    ['where inputs are random', testData({ x: [1, 3, 8, 8] })],
  ])('takes the most similar channel, scaled, %s', async (_, data) => {
    const spec = pair(mixtures([...identity(4), ...identity(4, 0.5)], { inputs: 3, size: 3, seed: 2 }), rectified)
    expect(await errorOf(spec, 'none', data)).toBeGreaterThan(0.1)
    expect(await errorOf(spec, 'merge', data)).toBeLessThan(1e-5)
  })

  it('leaves channels out that nothing which stays is like', async () => {
    const opposite = pair(mixtures([...identity(4), ...identity(4, -0.5)], { inputs: 3, size: 3, seed: 2 }), rectified)
    expect(await errorOf(opposite, 'merge', null)).toBeCloseTo(await errorOf(opposite, 'none', null), 6)
  })
})
