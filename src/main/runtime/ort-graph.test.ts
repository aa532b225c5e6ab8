import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildModel, filledTensor } from '#shared/onnx/testing/build-model'
import { openModelFile, saveModelFile } from './model-file'
import { writeOrtGraph } from './ort-graph'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-ort-graph-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const context = { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined }

it('writes what onnxruntime made of the model, with its own operators counted by domain', async () => {
  const modelPath = join(folder, 'model.onnx')
  const outputPath = join(folder, 'graph.onnx')
  await saveModelFile(
    buildModel({ inputs: { x: 'float32[1,2,5,5]' }, outputs: { y: null }, initializers: { w: filledTensor('float32', [3, 2, 3, 3], 0.5, -0.25) }, nodes: ['c = Conv(x, w)', 'r = Relu(c)', 'i = Identity(r)', 'y = Sqrt(i)'] }),
    modelPath,
  )
  const result = await writeOrtGraph({ modelPath, outputPath, optimization: 'extended', ...context })
  expect(result).toMatchObject({ path: outputPath, nodesBefore: 4, nodesAfter: 2, opCounts: { 'com.microsoft.FusedConv': 1, Sqrt: 1 } })
  const graph = openModelFile(outputPath)
  try {
    expect(graph.model.graph.nodes.map(({ opType }) => opType)).toEqual(['FusedConv', 'Sqrt'])
  } finally {
    graph.close()
  }
})

it('says why there is none of a model that onnxruntime refuses, and leaves no file', async () => {
  const modelPath = join(folder, 'refused.onnx')
  const outputPath = join(folder, 'none.onnx')
  await saveModelFile(buildModel({ opsets: { strange: 1 }, inputs: { x: 'float32[1]' }, outputs: { y: null }, nodes: ['y = strange.Op(x)'] }), modelPath)
  await expect(writeOrtGraph({ modelPath, outputPath, optimization: 'extended', ...context })).rejects.toMatchObject({ code: 'runtime-rejected' })
  expect(existsSync(outputPath)).toBe(false)
})
