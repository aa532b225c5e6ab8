/** Calibrating with what evaluation reads: pictures, sounds, texts, tables. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import { ImagePreprocessing, PREPROCESSING_KEY } from '#shared/evaluation/preprocessing'
import type { Model } from '#shared/onnx/records'
import { buildModel } from '#shared/onnx/testing/build-model'
import { Recipe } from '#shared/recipe'
import { optimizeModel } from '../../passes/optimize-model'
import { ownSamples } from '../../passes/testing/run-pass'
import { openCalibrationData, type DataOptions } from '../calibration-data'
import { openNpzArrays } from '../data-array'
import { openModelFile } from '../model-file'

const root = mkdtempSync(join(tmpdir(), 'edgefit-prepared-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function read(path: string, model: Model, options: DataOptions = {}, card?: ImagePreprocessing): Promise<{ values: Record<string, number[]>[]; diagnostics: Diagnostic[]; description: string }> {
  const diagnostics: Diagnostic[] = []
  const data = await openCalibrationData({ kind: 'path', path, ...(card && { card }) }, model, { ...options, report: (found) => void diagnostics.push(found) })
  const values: Record<string, number[]>[] = []
  for await (const feeds of data.samples()) values.push(Object.fromEntries([...feeds].map(([name, { bytes }]) => [name, [...new Float32Array(bytes.slice().buffer)]])))
  return { values, diagnostics, description: data.description }
}

/** Grey pictures of one value each. */
async function pictures(name: string, shades: readonly number[]): Promise<string> {
  const folder = join(root, name)
  mkdirSync(folder)
  for (const [at, shade] of shades.entries()) await sharp({ create: { width: 2, height: 2, channels: 3, background: { r: shade, g: shade, b: shade } } }).png().toFile(join(folder, `${at}.png`))
  return folder
}

const pictureModel = (metadata: Model['metadata'] = []): Model => ({ ...buildModel({ inputs: { x: 'float32[1,3,2,2]' }, outputs: { y: 'float32[1,3,2,2]' }, nodes: ['y = Relu(x)'] }), metadata })
const card = ImagePreprocessing.parse({ kind: 'image', input: 'x', width: 2, height: 2, scale: 1, mean: [51], std: [2] })

describe('pictures', () => {
  it('are fed as 0…1 by a guess, and it is told so', async () => {
    const { values, diagnostics, description } = await read(await pictures('guess', [0, 51, 255]), pictureModel())
    expect(values.map(({ x }) => x?.[0])).toEqual([0, Math.fround(0.2), 1])
    expect(diagnostics).toMatchObject([{ severity: 'info', code: 'guessed-preprocessing', message: expect.stringContaining('x/255') as string }])
    expect(description).toContain('3 pictures of guess')
  })

  it('are fed by the card of the model, and rather by one that was given', async () => {
    const folder = await pictures('cards', [51, 255])
    const carrying = pictureModel([{ key: PREPROCESSING_KEY, value: JSON.stringify(card) }])
    expect(await read(folder, carrying)).toMatchObject({ values: [{ x: Array(12).fill(0) as number[] }, { x: Array(12).fill(102) as number[] }], diagnostics: [] })
    expect((await read(folder, carrying, {}, { ...card, std: [4] })).values[1]?.['x']?.[0]).toBe(51)
  })

  it('that cannot be read are left out and named, and without any other the data is refused', async () => {
    const folder = await pictures('broken', [51])
    writeFileSync(join(folder, 'broken.jpg'), 'no picture')
    const { values, diagnostics } = await read(folder, pictureModel())
    expect([values.length, diagnostics.map(({ code }) => code)]).toEqual([1, ['guessed-preprocessing', 'samples-left-out']])
    expect(diagnostics[1]?.message).toContain('1 of 2 samples were left out: \'broken.jpg\'')
    rmSync(join(folder, '0.png'))
    await expect(read(folder, pictureModel())).rejects.toMatchObject({ code: 'invalid-data', message: expect.stringContaining('None of the 1 samples') as string })
  })

  it('quantize the digits sample to the very bytes that the same pixels in an array do', async () => {
    const calibration = join(ownSamples, 'digits/calibration.npz')
    const folder = join(root, 'digits')
    mkdirSync(folder)
    const array = (await openNpzArrays(calibration)).find(({ name }) => name === 'image')
    let at = 0
    for await (const { bytes } of array?.read(3 * 48 * 48, 16) ?? []) {
      const planes = Buffer.from(bytes)
      const pixels = Buffer.from(Array.from({ length: planes.length }, (_, index) => planes[(index % 3) * 48 * 48 + Math.floor(index / 3)] ?? 0))
      await sharp(pixels, { raw: { width: 48, height: 48, channels: 3 } }).png().toFile(join(folder, `${String(at++).padStart(3, '0')}.png`))
    }
    const recipe = Recipe.parse([{ pass: 'fold-batch-normalization' }, { pass: 'quantize-static', options: { calibrationSamples: 16 } }])
    const quantize = (path: string, outputPath: string) =>
      optimizeModel({ inputPath: join(ownSamples, 'digits/mobilenet.onnx'), outputPath, recipe, data: { kind: 'path', path }, measureLatency: false }, { scratchFolder: root, signal: new AbortController().signal, progress: () => undefined })
    const [fromArray, fromPictures] = [await quantize(calibration, join(root, 'array.onnx')), await quantize(folder, join(root, 'pictures.onnx'))]
    expect(at).toBe(16)
    expect(fromPictures.result.sha256).toBe(fromArray.result.sha256)
  })
})

it('rows of a table are fed without their label', async () => {
  const path = join(root, 'rows.csv')
  writeFileSync(path, 'a,b,label\n1,2,7\n3,4,8\n')
  const model = buildModel({ inputs: { x: 'float32[1,2]' }, outputs: { y: 'float32[1,2]' }, nodes: ['y = Relu(x)'] })
  expect((await read(path, model)).values).toEqual([{ x: [1, 2] }, { x: [3, 4] }])
})

it('texts are fed as tokens, with the tokenizer beside the model', async () => {
  const folder = join(ownSamples, 'intent')
  const path = join(root, 'texts.jsonl')
  writeFileSync(path, '{"text": "turn the lights off"}\n{"text": "what time is it"}\n')
  const file = openModelFile(join(folder, 'student.onnx'))
  try {
    const data = await openCalibrationData({ kind: 'path', path }, file.model, { modelPath: file.path })
    const ids: bigint[][] = []
    for await (const feeds of data.samples()) ids.push([...new BigInt64Array((feeds.get('input_ids')?.bytes ?? new Uint8Array()).slice().buffer)])
    expect(ids.map(({ length }) => length)).toEqual([24, 24])
    expect(ids[0]).not.toEqual(ids[1])
    expect(ids[0]?.filter((id) => id > 0n).length).toBeGreaterThan(4)
  } finally {
    file.close()
  }
})
