import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import type { PruneCurve } from '#shared/prune'
import { openModelFile } from '../../runtime/model-file'
import { ownSamples, snapshot } from '../testing/run-pass'
import { previewPruning } from './preview'

const even = { target: 'macs', distribution: 'even', amount: 0.5 }

function resnet(): ModelDocument {
  return new ModelDocument(openModelFile(join(ownSamples, 'digits/resnet-wide.onnx')).model)
}

it('shows which layers change together and what that saves, and leaves the model alone', () => {
  const document = resnet()
  const before = snapshot(document).text
  const preview = previewPruning(document, even, null)
  const stem = preview.groups.find(({ layers }) => layers.some(({ nodeName }) => nodeName === '/f/f.0/Conv'))
  expect(stem?.layers.map(({ nodeName }) => nodeName)).toEqual(['/f/f.0/Conv', '/f/f.4/c2/Conv'])
  expect(stem).toMatchObject({ channels: 44, unit: 1, locked: null })
  expect((stem?.left ?? 1) % 8).toBe(0)
  // The residual sum and what is between carry these channels too.
  const sum = document.model.graph.nodes.find(({ name }) => name === '/f/f.4/Add')
  expect(stem?.nodes).toContain(sum?.id)
  expect(preview.macs && preview.macs.after / preview.macs.before).toBeLessThanOrEqual(0.5)
  expect(preview.groups.filter(({ locked }) => locked).map(({ locked }) => locked?.code)).toEqual(['model-output'])
  expect(preview.exact).toBe(true)
  expect(snapshot(document).text).toBe(before)
})

it('takes no more than rounding makes it: each group that could be given back is', () => {
  const preview = previewPruning(resnet(), { ...even, amount: 0.2 }, null)
  expect(preview.macs && preview.macs.after / preview.macs.before).toBeGreaterThan(0.75)
})

it('follows curves where they are known: what costs nothing goes first', () => {
  const document = resnet()
  const preview = (curves: PruneCurve[] | null) => previewPruning(document, { ...even, distribution: 'sensitivity', amount: 0.1 }, curves)
  expect(preview(null).exact).toBe(false)
  const free = preview(null).groups.filter(({ locked }) => !locked)
  const curves = free.map(({ layers, channels }): PruneCurve => {
    const isCheap = layers[0]?.nodeName === '/f/f.8/c1/Conv'
    return { layers: layers.map(({ nodeId, nodeName }) => ({ nodeId, nodeName })), channels, points: [{ channels, error: 0 }, { channels: 8, error: isCheap ? 0.001 : 1 }] }
  })
  const found = preview(curves)
  expect(found.exact).toBe(true)
  const cut = found.groups.filter(({ channels, left }) => left < channels)
  expect(cut.map(({ layers }) => layers[0]?.nodeName)).toContain('/f/f.8/c1/Conv')
  expect(found.groups.find(({ layers }) => layers[0]?.nodeName === '/f/f.8/c1/Conv')?.left).toBeLessThan(100)
})

it('names an option that the pass does not have as it should be', () => {
  expect(() => previewPruning(resnet(), { amount: 7 }, null)).toThrow(/prune-channels/)
})
