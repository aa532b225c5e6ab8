/** 4-bit and half-precision recipes on a generated transformer, from file to file. `npm run bench -- weight-only` has the full size. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { bytesOf } from '#shared/onnx/tensor-data'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { optimizeModel } from '../src/main/passes/optimize-model'
import { saveModelFile } from '../src/main/runtime/model-file'
import { npzBytes } from '../src/main/runtime/testing/write-npz'
import { buildTransformer, tokenSamples, type TransformerSize } from './fixtures/transformer'

const SIZE: TransformerSize = { layers: 2, width: 256, inner: 512, heads: 4, vocabulary: 1024 }
const folder = mkdtempSync(join(tmpdir(), 'edgefit-weight-only-'))
const inputPath = join(folder, 'transformer.onnx')
const dataPath = join(folder, 'tokens.npz')

beforeAll(async () => {
  await saveModelFile(buildTransformer(SIZE), inputPath)
  const tokens: bigint[] = []
  for await (const feeds of tokenSamples({ vocabulary: SIZE.vocabulary, samples: 24, length: 32, seed: 7 }).samples()) {
    const bytes = feeds.get('tokens')?.bytes ?? new Uint8Array()
    tokens.push(...new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8))
  }
  writeFileSync(dataPath, npzBytes({ tokens: { descriptor: '<i8', dims: [24, 32], data: bytesOf(BigInt64Array.from(tokens)) } }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function optimize(name: string): Promise<OptimizeReport> {
  const recipe = builtInRecipes.find((known) => known.name === name)
  if (!recipe) throw new Error(`internal: there is no recipe '${name}'`)
  return optimizeModel(
    { inputPath, outputPath: join(folder, `${name}.onnx`), recipe, data: { kind: 'path', path: dataPath }, measureLatency: false },
    { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined },
  )
}

describe('a transformer', () => {
  it('takes a sixth of the room in 4 bits, and GPTQ has less error than searched scales', async () => {
    const [plain, accurate] = [await optimize('int4-weights'), await optimize('int4-weights-accurate')]
    for (const { sizeRatio, kernels, diagnostics, passes } of [plain, accurate]) {
      expect(sizeRatio).toBeLessThan(0.18)
      expect(kernels?.opCounts).toMatchObject({ MatMulNBits: 13, GatherBlockQuantized: 1 })
      expect([...diagnostics, ...passes.flatMap((pass) => pass.diagnostics)].filter(({ severity }) => severity !== 'info')).toEqual([])
    }
    expect((accurate.outputError[0]?.sqnrDb ?? 0) - (plain.outputError[0]?.sqnrDb ?? Infinity)).toBeGreaterThan(1)
  })

  it.each(['float16', 'float16-storage'])('takes half the room as %s, with outputs equal to 55 dB', async (name) => {
    const { sizeRatio, outputError } = await optimize(name)
    expect(sizeRatio).toBeLessThan(0.51)
    expect(outputError[0]?.sqnrDb ?? 0).toBeGreaterThan(55)
  })
})
