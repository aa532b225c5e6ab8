import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { Recipe } from '#shared/recipe'
import { buildModel, type ModelSpec, tensor } from '#shared/onnx/testing/build-model'
import { saveModelFile } from '../runtime/model-file'
import { previewRecipe } from './preview-recipe'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-preview-'))
const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-preview-scratch-'))
afterAll(() => [folder, scratchFolder].forEach((each) => rmSync(each, { recursive: true, force: true })))

const context = { scratchFolder, signal: new AbortController().signal, progress: () => undefined }
const spec: ModelSpec = {
  inputs: { x: 'float32[N,3,4]' },
  outputs: { y: null },
  initializers: { zero: tensor('int64', [1], [0]), last: tensor('int64', [1], [12]) },
  nodes: ['s = Shape(x)', ['n = Gather(s, zero)', { axis: 0 }], ['t = Concat(n, last)', { axis: 0 }], 'r = Reshape(x, t)', 'y = Relu(r)'],
}

it('tells what each pass did, and nodes and memory before and after, with the sizes given', async () => {
  const modelPath = join(folder, 'model.onnx')
  await saveModelFile(buildModel(spec), modelPath)
  const recipe = Recipe.parse([{ pass: 'simplify-shapes', options: { dims: { N: 5 } } }, { pass: 'eliminate-dead-nodes' }])
  const preview = await previewRecipe({ modelPath, recipe, data: { kind: 'synthetic', samples: 2 }, dims: {} }, context)
  expect(preview).toMatchObject({ nodesBefore: 5, nodesAfter: 2, recipe, memoryBefore: { unknown: [], inputBytes: 240 }, memoryAfter: { unknown: [], peakBytes: 480 } })
  expect(preview.passes.map(({ pass, nodesAfter, opChanges }) => [pass, nodesAfter, opChanges])).toEqual([
    ['simplify-shapes', 2, { Concat: -1, Gather: -1, Shape: -1 }],
    ['eliminate-dead-nodes', 2, {}],
  ])
  expect(readdirSync(folder)).toEqual(['model.onnx'])
})
