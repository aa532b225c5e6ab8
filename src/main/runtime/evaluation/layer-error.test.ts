import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, filledTensor, type ModelSpec } from '#shared/onnx/testing/build-model'
import { builtInRecipes } from '../../passes/built-in-recipes'
import { optimizeModel } from '../../passes/optimize-model'
import { createOrtRunner } from '../ort-runner'
import { bytes, npzBytes } from '../testing/write-npz'
import { measureLayerError } from './layer-error'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-layer-error-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const runner = createOrtRunner({ scratchFolder: folder })

/** `scale` multiplies the second layer's weights. */
const chain = (scale: number): ModelSpec => ({
  inputs: { x: 'float32[1,4,8,8]' },
  outputs: { y: null },
  initializers: {
    w1: filledTensor('float32', [4, 4, 3, 3], 0.5, -0.25, 0.125, 0.1, -0.3),
    w2: filledTensor('float32', [4, 4, 3, 3], ...[0.4, -0.2, 0.3, 0.15, -0.1].map((value) => value * scale)),
    w3: filledTensor('float32', [4, 4, 3, 3], 0.2, 0.1, -0.3),
  },
  nodes: [['a = Conv(x, w1)', { pads: [1, 1, 1, 1] }, 'first'], 'r = Relu(a)', ['b = Conv(r, w2)', { pads: [1, 1, 1, 1] }, 'second'], ['y = Conv(b, w3)', { pads: [1, 1, 1, 1] }, 'third']],
})

function write(name: string, spec: ModelSpec): string {
  const path = join(folder, name)
  writeFileSync(path, joinPieces(encodeModel(buildModel(spec))))
  return path
}

const dataPath = join(folder, 'data.npz')
writeFileSync(dataPath, npzBytes({ x: { descriptor: '<f4', dims: [2, 4, 8, 8], data: bytes(Float32Array.from({ length: 512 }, (_, at) => Math.sin(at))) } }))

it('names the first layer that goes wrong, and what comes before it is equal', async () => {
  const [sourcePath, variantPath] = [write('source.onnx', chain(1)), write('variant.onnx', chain(0.5))]
  const { layers, firstBad, samples } = await measureLayerError({ sourcePath, variantPath, dataPath, card: null, samples: 8, runner })
  expect(samples).toBe(2)
  expect(layers.map(({ sourceNode, sqnrDb }) => [sourceNode.name || sourceNode.opType, Math.round(sqnrDb)])).toEqual([
    ['first', 200],
    ['Relu', 200],
    // Half the signal is error: 10·log10(4).
    ['second', 6],
    ['third', 6],
  ])
  expect(firstBad).toBe(2)
})

it('compares what is behind pairs and folded activations of a quantized variant', async () => {
  const sourcePath = write('float.onnx', chain(1))
  const variantPath = join(folder, 'int8.onnx')
  const recipe = builtInRecipes.find(({ name }) => name === 'int8-static')
  if (!recipe) throw new Error('no recipe')
  await optimizeModel({ inputPath: sourcePath, outputPath: variantPath, recipe, data: { kind: 'path', path: dataPath } }, { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined })
  const { layers, firstBad } = await measureLayerError({ sourcePath, variantPath, dataPath, card: null, samples: 8, runner })
  expect(layers.map(({ sourceNode }) => sourceNode.name)).toEqual(expect.arrayContaining(['first', 'second', 'third']))
  // A Conv whose Relu was folded into its range is compared behind the Relu, or it would be far off.
  for (const { sqnrDb } of layers) expect(sqnrDb).toBeGreaterThan(20)
  expect(firstBad).toBeNull()
})

it('refuses models that have nothing in common', async () => {
  const sourcePath = write('a.onnx', chain(1))
  const variantPath = write('b.onnx', { inputs: { x: 'int64[1]' }, outputs: { y: 'int64[1]' }, nodes: ['y = Identity(x)'] })
  await expect(measureLayerError({ sourcePath, variantPath, dataPath, card: null, samples: 1, runner })).rejects.toMatchObject({ code: 'invalid-data' })
})
