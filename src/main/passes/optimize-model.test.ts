import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { OptimizeReport } from '#shared/ipc/jobs'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { buildModel, filledTensor } from '#shared/onnx/testing/build-model'
import { Recipe } from '#shared/recipe'
import { npzBytes } from '../runtime/testing/write-npz'
import { builtInRecipes } from './built-in-recipes'
import { optimizeModel } from './optimize-model'
import { ownSamples } from './testing/run-pass'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-optimize-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const inputPath = join(folder, 'source.onnx')
const source = joinPieces(
  encodeModel(
    buildModel({
      inputs: { x: 'float32[N,64]' },
      outputs: { y: 'float32[N,64]' },
      initializers: { w: filledTensor('float32', [64, 64], 0.5, -0.25, 0.125), v: filledTensor('float32', [64, 64], 0.5, -0.25, 0.1) },
      nodes: ['m = MatMul(x, w)', 'r = Relu(m)', 'y = MatMul(r, v)'],
    }),
  ),
)
writeFileSync(inputPath, source)

const context = (changed: object = {}) => ({ scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined, ...changed })
const recipeNamed = (name: string) => {
  const recipe = builtInRecipes.find((known) => known.name === name)
  if (!recipe) throw new Error(`no recipe ${name}`)
  return recipe
}
const synthetic = { kind: 'synthetic', samples: 4 } as const
const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

describe.each(['int8-dynamic', 'int8-static'])('%s', (name) => {
  it('writes a smaller model and reports everything about it', async () => {
    const outputPath = join(folder, `${name}.onnx`)
    const report = OptimizeReport.parse(await optimizeModel({ inputPath, outputPath, recipe: recipeNamed(name), data: synthetic }, context()))
    expect(report.source).toMatchObject({ sha256: hash(inputPath), sizeBytes: source.length })
    expect(report.result).toMatchObject({ path: outputPath, sha256: hash(outputPath), sizeBytes: readFileSync(outputPath).length })
    expect(report.sizeRatio).toBeLessThan(0.4)
    expect(report.recipe.passes[0]?.options).toHaveProperty('maxBytes')
    expect(report.passes.map(({ pass }) => pass)).toEqual(recipeNamed(name).passes.map(({ pass }) => pass))
    expect(report.outputError).toHaveLength(1)
    expect(report.outputError[0]?.sqnrDb).toBeGreaterThan(25)
    expect(report.outputErrorConditions).toContain('exactIntegers')
    expect(report.kernels?.integerKernels).toBe(2)
    expect(report.diagnostics.some(({ code }) => code === 'synthetic-calibration')).toBe(name === 'int8-static')
  })

  it('gives the same bytes for the same inputs', async () => {
    const paths = ['a', 'b'].map((letter) => join(folder, `${name}-${letter}.onnx`))
    for (const outputPath of paths) await optimizeModel({ inputPath, outputPath, recipe: recipeNamed(name), data: synthetic }, context())
    const [first = '', second = ''] = paths
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true)
  })
})

it.each(['calibrating', 'saving'])('leaves no file where it is cancelled while %s, and an older file as it was', async (last) => {
  const outputPath = join(folder, 'cancelled.onnx')
  const olderPath = join(folder, 'older.onnx')
  writeFileSync(olderPath, 'older')
  for (const path of [outputPath, olderPath]) {
    const controller = new AbortController()
    const progress = (phase: string) => phase === last && controller.abort()
    await expect(optimizeModel({ inputPath, outputPath: path, recipe: recipeNamed('int8-static'), data: synthetic }, context({ signal: controller.signal, progress }))).rejects.toThrow()
  }
  expect(existsSync(outputPath)).toBe(false)
  expect(readFileSync(olderPath, 'utf8')).toBe('older')
  expect(readdirSync(folder).filter((name) => /tmp|optimized|result-/.test(name))).toEqual([])
})

it('says that nothing was quantized where it was so before, and nothing of ranges', async () => {
  const [first, second] = ['once.onnx', 'twice.onnx'].map((name) => join(folder, name)) as [string, string]
  await optimizeModel({ inputPath, outputPath: first, recipe: recipeNamed('int8-static'), data: synthetic }, context())
  const { diagnostics } = await optimizeModel({ inputPath: first, outputPath: second, recipe: recipeNamed('int8-static'), data: synthetic }, context())
  expect(diagnostics.map(({ code }) => code)).toContain('nothing-quantized')
  expect(diagnostics.map(({ code }) => code)).not.toContain('synthetic-calibration')
})

it('warns of ranges from a single sample, naming the input', async () => {
  const path = join(folder, 'one.npz')
  writeFileSync(path, npzBytes({ x: { descriptor: '<f4', dims: [1, 64], data: new Uint8Array(256) } }))
  const { diagnostics } = await optimizeModel({ inputPath, outputPath: join(folder, 'one.onnx'), recipe: recipeNamed('int8-static'), data: { kind: 'path', path } }, context())
  expect(diagnostics).toContainEqual(expect.objectContaining({ severity: 'warning', code: 'one-sample', message: expect.stringContaining("'x'") as string }))
})

it('names the layers to leave float where an output is lost', async () => {
  const modelPath = join(folder, 'outlier.onnx')
  // One column is a thousand times as large as the others, and multiplied by zero.
  const weights = Array.from({ length: 64 * 16 }, (_, at) => (at < 16 ? 0 : ((at * 7) % 11) / 11 - 0.5))
  const model = buildModel({ inputs: { x: 'float32[1,64]' }, outputs: { y: 'float32[1,16]' }, initializers: { w: { dtype: 'float32', dims: [64, 16], values: weights } }, nodes: [['y = MatMul(x, w)', {}, 'product']] })
  writeFileSync(modelPath, joinPieces(encodeModel(model)))
  const path = join(folder, 'outlier.npz')
  const samples = Float32Array.from({ length: 4 * 64 }, (_, at) => (at % 64 === 0 ? 1000 : Math.sin(at)))
  writeFileSync(path, npzBytes({ x: { descriptor: '<f4', dims: [4, 64], data: new Uint8Array(samples.buffer) } }))
  const { diagnostics } = await optimizeModel({ inputPath: modelPath, outputPath: join(folder, 'outlier-int8.onnx'), recipe: recipeNamed('int8-static'), data: { kind: 'path', path }, measureLatency: false }, context())
  expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'large-output-error', hint: expect.stringContaining("Most is lost at 'product'") as string }))
})

it('refuses a wrong recipe before it reads anything', async () => {
  const recipe = Recipe.parse([{ pass: 'quantise-static' }])
  await expect(optimizeModel({ inputPath: join(folder, 'absent.onnx'), outputPath: join(folder, 'x.onnx'), recipe, data: synthetic }, context())).rejects.toMatchObject({ code: 'invalid-recipe' })
})

it('tells progress that never goes back', async () => {
  const fractions: number[] = []
  const progress = (_: string, fraction: number | null) => void (fraction !== null && fractions.push(fraction))
  await optimizeModel({ inputPath, outputPath: join(folder, 'progress.onnx'), recipe: recipeNamed('int8-static'), data: synthetic }, context({ progress }))
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  expect(fractions.at(-1)).toBeLessThanOrEqual(1)
})

describe('on the samples, static int8 with their calibration images', () => {
  it.each([
    ['resnet.onnx', 13, 0.27],
    ['mobilenet.onnx', 32, 0.32],
  ])('%s: every Conv runs on integers, and outputs keep 30 dB', async (name, convolutions, ratio) => {
    const report = await optimizeModel(
      {
        inputPath: join(ownSamples, 'digits', name),
        outputPath: join(folder, name),
        recipe: recipeNamed('int8-static'),
        data: { kind: 'path', path: join(ownSamples, 'digits/calibration.npz') },
      },
      context(),
    )
    expect(report.kernels?.opCounts).toMatchObject({ QLinearConv: convolutions })
    expect(report.diagnostics.filter(({ code }) => code === 'not-fused')).toEqual([])
    expect(report.outputError[0]?.sqnrDb).toBeGreaterThan(30)
    expect(report.sizeRatio).toBeLessThan(ratio)
  })
})
