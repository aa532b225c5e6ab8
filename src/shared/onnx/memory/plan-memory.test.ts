import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { ModelDocument } from '../document'
import { buildModel, type ModelSpec } from '../testing/build-model'
import { packBuffers } from './pack-buffers'
import { planMemory } from './plan-memory'

const plan = (spec: ModelSpec, dims: Record<string, number> = {}) => planMemory(new ModelDocument(buildModel(spec)), { dims })
const chain: ModelSpec = {
  inputs: { x: 'float32[N,10]' },
  outputs: { y: null },
  initializers: { flat: { dtype: 'int64', dims: [1], values: [-1] } },
  nodes: ['a = Relu(x)', 'b = Exp(a)', 'c = Add(b, a)', 'd = Reshape(c, flat)', 'y = Neg(d)'],
}

describe('planMemory', () => {
  it('keeps a value from its node to its last reader, inputs and outputs throughout', () => {
    const { steps, peakBytes, peakStep, inputBytes, sumBytes, weightBytes } = plan(chain, { N: 2 })
    // 80 bytes a value: x, then a; a and b; a, b and c; c alone, which Reshape only looks at; c and y.
    expect(steps.map(({ liveBytes }) => liveBytes)).toEqual([160, 240, 320, 160, 240])
    expect({ peakBytes, peakStep, inputBytes, sumBytes, weightBytes }).toEqual({ peakBytes: 320, peakStep: 2, inputBytes: 80, sumBytes: 320, weightBytes: 8 })
  })

  it('gives values that are not needed together one place', () => {
    const { buffers, reuseBytes } = plan(chain, { N: 2 })
    const at = (name: string) => buffers.find((buffer) => buffer.name === name)?.offset
    expect(buffers.map(({ name, firstStep, lastStep }) => [name, firstStep, lastStep])).toEqual([['a', 0, 2], ['b', 1, 2], ['c', 2, 4], ['y', 4, 4]])
    expect(new Set([at('a'), at('b'), at('c')]).size).toBe(3)
    expect(reuseBytes).toBeLessThan(320 + 64)
  })

  it('names what has no known size', () => {
    expect(plan(chain)).toMatchObject({ peakBytes: 0, peakStep: 0, unknown: ['x', 'a', 'b', 'c', 'y'] })
  })

  it('adds what the larger branch of an If needs', () => {
    const branch = (...nodes: string[]) => ({ nodes, outputs: { [`${nodes.at(-1)?.[0] ?? ''}`]: 'float32[1,10]' } })
    const spec: ModelSpec = { inputs: { q: 'bool[]', x: 'float32[1,10]' }, outputs: { y: 'float32[1,10]' }, nodes: [['y = If(q)', { then_branch: branch('a = Relu(x)', 'b = Exp(a)', 'c = Add(a, b)'), else_branch: branch('e = Neg(x)') }]] }
    expect(plan(spec).peakBytes).toBe(41 + 40 + 120)
  })
})

it('packs so that nothing overlaps in time and place', () => {
  const buffer = fc.record({ sizeBytes: fc.nat(1000), firstStep: fc.nat(20), length: fc.nat(8) })
  fc.assert(
    fc.property(fc.array(buffer, { maxLength: 30 }), (given) => {
      const { placed, totalBytes } = packBuffers(given.map(({ sizeBytes, firstStep, length }, at) => ({ name: String(at), sizeBytes, firstStep, lastStep: firstStep + length })))
      for (const [at, a] of placed.entries()) {
        expect(a.offset + a.sizeBytes).toBeLessThanOrEqual(totalBytes)
        for (const b of placed.slice(at + 1)) {
          const together = a.firstStep <= b.lastStep && b.firstStep <= a.lastStep && a.sizeBytes > 0 && b.sizeBytes > 0
          expect(together && a.offset < b.offset + b.sizeBytes && b.offset < a.offset + a.sizeBytes).toBe(false)
        }
      }
    }),
    { seed: 7, numRuns: 200 },
  )
})
