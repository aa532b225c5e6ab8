import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { openVariants, variantId, type VariantStore } from './variants'

let folder: string
let damages: string[]
let store: VariantStore

const source = 'ab'.repeat(32)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-variants-'))
  damages = []
  store = openVariants(join(folder, 'variants'), (reason) => damages.push(reason))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function report(options: { recipe?: string; pass?: string; data?: string; sha256?: string } = {}): OptimizeReport {
  const { recipe = 'int8', pass = 'quantize-dynamic', data = 'synthetic', sha256 = source } = options
  return {
    tool: 'edgefit 0.1.0',
    source: { path: '/models/m.onnx', sha256, sizeBytes: 100 },
    result: { path: '/elsewhere/model.onnx', sha256: 'cd'.repeat(32), sizeBytes: 25 },
    sizeRatio: 0.25,
    recipe: { name: recipe, description: '', passes: [{ pass, options: {} }] },
    data,
    passes: [],
    outputError: [],
    outputErrorConditions: '',
    kernels: null,
    latency: null,
    phone: null,
    diagnostics: [],
    durationMs: 1,
    peakMemoryBytes: 1,
  }
}

function stage(content: string): string {
  const staged = mkdtempSync(join(folder, 'staged-'))
  writeFileSync(join(staged, 'model.onnx'), content)
  return staged
}

test('the place of a variant depends on source, passes and data, not on the name of the recipe', () => {
  expect(variantId(report())).toBe(variantId(report({ recipe: 'another name' })))
  const ids = [report(), report({ pass: 'quantize-static' }), report({ data: 'images.npz' }), report({ sha256: 'ef'.repeat(32) })].map(variantId)
  expect(new Set(ids).size).toBe(4)
})

test('what was stored is listed, with the path where it lies now', () => {
  const added = store.add({ name: 'int8', report: report(), stagedFolder: stage('model') })
  expect(store.list(source)).toEqual([added])
  expect(added.report.result.path).toBe(added.modelPath)
  expect(readFileSync(added.modelPath, 'utf8')).toBe('model')
  renameSync(join(folder, 'variants'), join(folder, 'moved'))
  const [moved] = openVariants(join(folder, 'moved'), () => undefined).list(source)
  expect(moved?.modelPath).toBe(join(folder, 'moved', source, added.id, 'model.onnx'))
})

test('the same job again replaces its variant, with its external data', () => {
  const staged = stage('first')
  writeFileSync(join(staged, 'model.onnx.data'), 'weights')
  const first = store.add({ name: 'int8', report: report(), stagedFolder: staged })
  expect(store.files(first).map((path) => path.slice(dirname(path).length + 1))).toEqual(['model.onnx', 'model.onnx.data'])
  const second = store.add({ name: 'int8', report: report(), stagedFolder: stage('second') })
  expect(store.list(source)).toEqual([second])
  expect(readdirSync(dirname(second.modelPath)).toSorted()).toEqual(['model.onnx', 'variant.json'])
})

test.each([
  ['its description is no JSON', (entry: string) => writeFileSync(join(entry, 'variant.json'), '{ half')],
  ['its description lacks fields', (entry: string) => writeFileSync(join(entry, 'variant.json'), '{}')],
  ['its description is gone', (entry: string) => rmSync(join(entry, 'variant.json'))],
  ['its model is gone', (entry: string) => rmSync(join(entry, 'model.onnx'))],
])('an entry is left out and told of where %s; the others stay', (_, damage) => {
  const damaged = store.add({ name: 'a', report: report(), stagedFolder: stage('a') })
  const whole = store.add({ name: 'b', report: report({ data: 'images.npz' }), stagedFolder: stage('b') })
  damage(dirname(damaged.modelPath))
  expect(store.list(source)).toEqual([whole])
  expect(damages).toEqual([expect.stringContaining(damaged.id)])
  expect(() => store.find(source, damaged.id)).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
})

test('strange files and folders in the store are not taken for variants', () => {
  const added = store.add({ name: 'int8', report: report(), stagedFolder: stage('model') })
  mkdirSync(join(folder, 'variants', source, 'not-an-id'))
  writeFileSync(join(folder, 'variants', source, '0123456789abcdef'), 'a file')
  expect(store.list(source)).toEqual([added])
  expect(damages).toEqual([])
})

test.each([['../../../etc', 'passwd'], [source, '../../../etc'], [source, ''], ['', ''], [source, '.']])('no name leads out of the store: %j, %j', (sha256, id) => {
  writeFileSync(join(folder, 'variant.json'), '{}')
  store.add({ name: 'int8', report: report(), stagedFolder: stage('model') })
  expect(() => store.find(sha256, id)).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
  expect(() => store.remove(sha256, id)).toThrow(expect.objectContaining({ code: 'not-found' }) as Error)
  expect(store.list(source)).toHaveLength(1)
})

test('a path belongs to a variant only where it is the model of one', () => {
  const added = store.add({ name: 'int8', report: report(), stagedFolder: stage('model') })
  expect(store.at(added.modelPath)).toEqual(added)
  for (const path of ['/etc/passwd', join(dirname(added.modelPath), 'variant.json'), join(folder, 'variants'), `${added.modelPath}/../variant.json`]) expect(store.at(path), path).toBeNull()
})
