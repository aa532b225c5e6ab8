import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DistributionResult } from '#shared/measurement'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../../runtime/model-file'
import { ownSamples } from '../testing/run-pass'
import { analyzeDistribution } from './analyze-distribution'

const modelPath = join(ownSamples, 'digits/resnet.onnx')
const data = { kind: 'path', path: join(ownSamples, 'digits/calibration.npz') } as const
let scratchFolder = ''
beforeAll(() => void (scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-distribution-'))))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))

async function distributionOf(value: string, options: Record<string, unknown> = {}) {
  const found = await analyzeDistribution({ modelPath, data, value, options, samples: 8, bins: 64 }, { scratchFolder, signal: new AbortController().signal, progress: () => undefined })
  expect(DistributionResult.parse(found)).toEqual(found)
  return found
}

/** What the second convolution of the sample reads and gives. */
function names(): { weight: string; output: string } {
  const file = openModelFile(modelPath)
  try {
    const conv = file.model.graph.nodes.filter(({ opType }) => opType === 'Conv')[1]
    return { weight: conv?.inputs[1] ?? '', output: conv?.outputs[0] ?? '' }
  } finally {
    file.close()
  }
}

const total = ({ counts, zeros }: { counts: readonly number[]; zeros: number }) => counts.reduce((sum, count) => sum + count, zeros)

describe('the distribution of', () => {
  it('an activation counts every element, and has a range by each method, none better at least squares than mse', async () => {
    const found = await distributionOf(names().output)
    expect(found).toMatchObject({ kind: 'activation', quantizedType: 'uint8', chosen: 'min-max', quantized: null })
    expect(total(found.histogram)).toBe(found.histogram.elements)
    expect(found.histogram.counts).toHaveLength(64)
    expect(found.ranges.map(({ method }) => method)).toEqual(['min-max', 'moving-average', 'percentile', 'mse', 'entropy'])
    const [extremes] = found.ranges
    expect(extremes).toMatchObject({ min: found.histogram.min, max: found.histogram.max, clippedShare: 0 })
    const best = Math.max(...found.ranges.map(({ sqnrDb }) => sqnrDb))
    expect(found.ranges.find(({ method }) => method === 'mse')?.sqnrDb).toBe(best)
  })

  it('an activation with bounds of its own shows what these cut off', async () => {
    const { output } = names()
    const found = await distributionOf(output, { tensorOverrides: { [output]: { max: 0.5 } } })
    expect(found.chosen).toBe('override')
    const chosen = found.ranges.at(-1)
    expect(chosen).toMatchObject({ method: 'override', max: 0.5 })
    expect(chosen?.clippedShare).toBeGreaterThan(0)
  })

  it('a weight is shown before and after', async () => {
    const found = await distributionOf(names().weight)
    expect(found).toMatchObject({ kind: 'weight', quantizedType: 'int8', chosen: null, ranges: [] })
    expect(total(found.quantized ?? { counts: [], zeros: 0 })).toBe(found.histogram.elements)
    expect(found.weightSqnrDb).toBeGreaterThan(30)
  })

  it('the input is that of the data', async () => {
    const found = await distributionOf('image')
    expect(found.histogram).toMatchObject({ min: 0, max: 1 })
  })

  it('a value within Scan is that of the same layers outside', async () => {
    const m = filledTensor('float32', [8, 8], 0.5, -0.25, 0.125, 0.1, -0.3)
    const save = (name: string, nodes: ModelSpec['nodes']) => {
      const path = join(scratchFolder, name)
      writeFileSync(path, joinPieces(encodeModel(buildModel({ inputs: { x: 'float32[5,2,8]' }, outputs: { y: 'float32[5,2,8]' }, initializers: { m }, nodes }))))
      return path
    }
    const layers = (input: string) => [`d = MatMul(${input}, m)`, 't = Relu(d)']
    const paths = {
      outside: save('outside.onnx', [...layers('x'), 'y = Neg(t)']),
      inside: save('inside.onnx', [['y = Scan(x)', { num_scan_inputs: 1, body: { inputs: { e: 'float32[2,8]' }, outputs: { n: 'float32[2,8]' }, nodes: [...layers('e'), 'n = Neg(t)'] } }]]),
    }
    const look = (path: string, value: string) =>
      analyzeDistribution({ modelPath: path, data: { kind: 'synthetic', samples: 3 }, value, options: { exactRanges: true }, samples: 3, bins: 64 }, { scratchFolder, signal: new AbortController().signal, progress: () => undefined })
    for (const value of ['d', 't']) {
      const { path: _outside, ...expected } = await look(paths.outside, value)
      const { path: _inside, ...found } = await look(paths.inside, value)
      expect(found).toEqual(expected)
    }
    expect((await look(paths.inside, 't')).histogram).toMatchObject({ elements: 240, min: 0 })
  })

  it('nothing is said of values that there are not', async () => {
    await expect(distributionOf('nowhere')).rejects.toThrow(expect.objectContaining({ code: 'not-found' }))
    await expect(distributionOf('image', { perchannel: true })).rejects.toThrow(expect.objectContaining({ code: 'invalid-recipe' }))
  })
})
