/** Blockwise weights to the bit as onnxruntime's Python tools make them (tests/bench/peers/ort_weight_only_fixtures.py). */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import { buildModel } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../../runtime/model-file'
import { quantizeWeights } from '../quantize-weights'
import { runPass, sharedModels } from '../testing/run-pass'
import { dequantizeBlocks, quantizeBlocks, transposeMatrix } from './block-weights'
import { kQuant } from './k-quant'

const shape = z.tuple([z.number(), z.number()])
const digests = z.object({ codes: z.string(), scales: z.string(), zeroPoints: z.string().nullable() })
const bits = z.union([z.literal(2), z.literal(4), z.literal(8)])
const setting = z.object({ bits, blockSize: z.number(), symmetric: z.boolean() })
const { cases, kQuant: kQuantErrors, models } = z
  .object({
    cases: z.array(setting.extend({ shape, form: z.string(), ...digests.shape })),
    kQuant: z.array(z.object({ shape, bits, blockSize: z.number(), error: z.number() })),
    models: z.array(setting.extend({ model: z.string(), weights: z.record(z.string(), digests) })),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/ort-weight-only.json'), 'utf8')))

/** The matrix that the script makes, in float32 arithmetic. */
function matrix([rows, columns]: readonly [number, number]): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) => Math.fround(Math.fround(((at * 7919 + 13) % 1009) / 504) - 1) * 2 ** ((at % 7) - 3))
}

function product(dims: readonly [number, number]): Model {
  return buildModel({
    opset: 21,
    inputs: { x: `float32[1,${dims[0]}]` },
    outputs: { y: `float32[1,${dims[1]}]` },
    initializers: { w: rawTensor('w', 'float32', dims, bytesOf(matrix(dims))) },
    nodes: ['y = MatMul(x, w)'],
  })
}

function digest(tensor: Tensor | null): string | null {
  return tensor && createHash('sha256').update(tensorBytes(tensor)).digest('hex')
}

function stored({ model, initializer }: { model: Model; initializer: (name: string) => Tensor | null }, name: string): Record<string, string | null> {
  const of = (suffix: string) => digest(initializer(`${name}.${suffix}`))
  if (!model.graph.initializers.some((tensor) => tensor.name === `${name}.q`)) return { missing: name }
  return { codes: of('q'), scales: of('scale'), zeroPoints: of('zp') }
}

const lookUp = (document: ModelDocument) => ({ model: document.model, initializer: (name: string) => document.initializer(document.model.graph, name) })

describe('rounding to nearest', () => {
  // Weights with rows shorter than a block stay float in ours.
  it.each(cases.filter(({ shape, blockSize }) => blockSize <= shape[0]))('$form of $shape, $bits bits, blocks of $blockSize, symmetric $symmetric: codes, scales and zero points of the reference', async (expected) => {
    const { document } = await runPass(product(expected.shape), quantizeWeights, { ...setting.parse(expected), form: expected.form, method: 'rtn', minElements: 0 })
    expect(stored(lookUp(document), 'w')).toEqual(digests.parse(expected))
  })

  it.skipIf(!existsSync(sharedModels)).each(models)('$model, symmetric $symmetric: every weight as the reference', async ({ model, weights, ...expected }) => {
    const file = openModelFile(join(sharedModels, model))
    try {
      const { document } = await runPass(file.model, quantizeWeights, { ...setting.parse(expected), method: 'rtn', minElements: 0, opTypes: ['MatMul'] })
      const names = Object.keys(weights).filter((name) => document.initializer(document.model.graph, `${name}.q`))
      expect(names.length).toBeGreaterThan(0)
      expect(Object.fromEntries(names.map((name) => [name, stored(lookUp(document), name)]))).toEqual(Object.fromEntries(names.map((name) => [name, weights[name]])))
    } finally {
      file.close()
    }
  })
})

it.each(kQuantErrors)('k-quant of $shape, $bits bits, blocks of $blockSize: no more squared error than the reference leaves', ({ shape: dims, error, ...expected }) => {
  const [columns, rows] = dims
  const values = transposeMatrix(matrix(dims), columns, rows)
  const format = { ...expected, symmetric: false }
  const real = dequantizeBlocks(quantizeBlocks({ values, rows, columns }, format, kQuant(format)))
  const own = values.reduce((sum, value, at) => sum + (value - (real[at] ?? 0)) ** 2, 0)
  expect(own / error).toBeLessThan(1.02)
})
