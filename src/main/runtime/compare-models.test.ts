import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ProfileOptions } from '#shared/ipc/jobs'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { builtInRecipes } from '../passes/built-in-recipes'
import { optimizeModel } from '../passes/optimize-model'
import { compareModels } from './compare-models'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-compare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** onnxruntime fails on it with integer kernels that do not saturate. */
const shared: ModelSpec = {
  inputs: { x: 'float32[1,4,8,8]' },
  outputs: { y: null },
  initializers: { w: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3), b: filledTensor('float32', [4], 0.1, -0.2) },
  nodes: [['c = Conv(x, w, b)', { pads: [1, 1, 1, 1] }, 'one'], 'r = Relu(c)', ['y = Conv(r, w, b)', { pads: [1, 1, 1, 1] }, 'two']],
}

it('compares a quantized model of which two nodes share a weight', async () => {
  const [a, b] = [join(folder, 'a.onnx'), join(folder, 'b.onnx')]
  writeFileSync(a, joinPieces(encodeModel(buildModel(shared))))
  const recipe = builtInRecipes.find(({ name }) => name === 'int8-static')
  if (!recipe) throw new Error('no recipe')
  const data = { kind: 'synthetic', samples: 2 } as const
  await optimizeModel({ inputPath: a, outputPath: b, recipe, data }, { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined })
  const result = await compareModels({ a, b, options: ProfileOptions.parse({ runs: 2, warmup: 1 }), data, scratchFolder: folder })
  expect(result.diagnostics).toEqual([])
  expect(result.outputError[0]?.sqnrDb).toBeGreaterThan(20)
  expect(result.latencyRatio).not.toBeNull()
})
