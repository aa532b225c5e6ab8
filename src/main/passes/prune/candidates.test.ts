import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, tensor } from '#shared/onnx/testing/build-model'
import { openModelFile } from '../../runtime/model-file'
import { ownSamples, snapshot } from '../testing/run-pass'
import { pruneCandidates } from './candidates'
import { previewPruning } from './preview'

const open = (sample: string) => new ModelDocument(openModelFile(join(ownSamples, sample)).model)

describe('what a pass may touch', () => {
  it('is every layer with weights enough for making it sparse, with its share of the model, and the model stays as it is', () => {
    const document = open('digits/resnet-wide.onnx')
    const before = snapshot(document).text
    const found = pruneCandidates(document, 'sparsify-weights', {})
    const layers = found.candidates.flatMap(({ layers }) => layers.map(({ opType }) => opType))
    expect(new Set(layers)).toEqual(new Set(['Conv', 'Gemm']))
    expect(found.candidates.reduce((sum, { parameters }) => sum + parameters, 0) / found.parameters).toBeGreaterThan(0.9)
    expect(found.candidates.reduce((sum, { macs }) => sum + (macs ?? NaN), 0)).toBeLessThanOrEqual(found.macs ?? NaN)
    expect(snapshot(document).text).toBe(before)
  })

  it('leaves out what is excluded, and tells of layers that stay for another reason', () => {
    const document = open('digits/mobilenet.onnx')
    const all = pruneCandidates(document, 'factorize-layers', { minElements: 1 })
    expect(all.kept.map(({ reason }) => reason)).toContain('it is a grouped convolution, whose groups are small matrices already')
    const [first] = all.candidates[0]?.layers ?? []
    const fewer = pruneCandidates(document, 'factorize-layers', { minElements: 1, excludeNodes: [first?.nodeName] })
    expect(fewer.candidates).toHaveLength(all.candidates.length - 1)
  })

  it('is a block as a whole for leaving blocks out: its layers, and the nodes between them', () => {
    const [block] = pruneCandidates(open('digits/resnet-wide.onnx'), 'remove-blocks', {}).candidates
    expect(block?.layers.length).toBeGreaterThan(1)
    expect(block?.nodes).toEqual(expect.arrayContaining(block?.layers.map(({ nodeId }) => nodeId) ?? []))
    expect(block?.nodes.length).toBeGreaterThan(block?.layers.length ?? Infinity)
  })

  it('cannot be told of passes that thin out nothing, nor for options that are none', () => {
    const document = open('digits/resnet-wide.onnx')
    expect(() => pruneCandidates(document, 'fold-constants', {})).toThrow(/beforehand/)
    expect(() => pruneCandidates(document, 'sparsify-weights', { sparsity: 7 })).toThrow(/sparsify-weights/)
  })
})

it('cuts only channels, heads or hidden units where only those are asked for', () => {
  const weights = (dims: readonly number[]) => tensor('float32', dims, Array.from({ length: dims[0] ?? 0 }, () => Array.from({ length: dims[1] ?? 0 }, (_, at) => at)).flat())
  const document = new ModelDocument(
    buildModel({
      inputs: { x: 'float32[1,6,16]' },
      outputs: { y: 'float32[1,6,16]' },
      opsets: { '': 17, 'com.microsoft': 1 },
      initializers: { q: weights([16, 16]), k: weights([16, 16]), v: weights([16, 16]), o: weights([16, 16]), up: weights([16, 64]), down: weights([64, 16]) },
      nodes: ['a = MatMul(x, q)', 'b = MatMul(x, k)', 'c = MatMul(x, v)', ['d = com.microsoft.MultiHeadAttention(a, b, c)', { num_heads: 4 }], 'e = MatMul(d, o)', 'f = MatMul(e, up)', 'g = Relu(f)', 'y = MatMul(g, down)'],
    }),
  )
  const cut = (kind: string) => {
    const { groups } = previewPruning(document, { cut: [kind], target: 'channels', amount: 0.5, roundTo: 1 }, null)
    return groups.filter(({ channels, left }) => left < channels).map(({ channels, unit }) => [channels, unit])
  }
  expect(cut('heads')).toEqual([[16, 4]])
  expect(cut('hidden-units')).toContainEqual([64, 1])
  expect(cut('hidden-units')).not.toContainEqual([16, 4])
  expect(cut('channels')).toEqual([])
})
