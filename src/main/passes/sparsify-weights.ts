import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { z } from 'zod'
import type { Edit, ModelDocument } from '#shared/onnx/document'
import type { Node } from '#shared/onnx/records'
import { bytesOf } from '#shared/onnx/tensor-data'
import { type MatrixProducts, openMatrixProducts } from '../runtime/linear-algebra'
import { type LinearLayer, linearLayer, weightMatrix, weightTensor } from './factorize/linear-layer'
import { type PatchMoments, patchMoments } from './factorize/patch-moments'
import { type Candidates, definePass, type PassContext } from './pass'
import { layerSparsity, maskOf, type MaskOptions, type Pattern, scoreWeights, type ScoredLayer, SCOPES } from './sparsify/choose-sparsity'
import { outputLoss } from './sparsify/output-loss'
import { sparseGpt } from './sparsify/sparse-gpt'
import { storeSparse } from './sparsify/store-sparse'
import { floatValues } from './weight-store'
import { factorInput } from './weight-only/gptq'

/** The factor of wider inputs takes minutes in JavaScript; such layers go by their scores. */
const MAX_FACTORED_COLUMNS = 2304
const PATTERNS: Readonly<Record<string, Pattern>> = { '2:4': { kept: 2, outOf: 4 }, '1:4': { kept: 1, outOf: 4 } }

const options = z.strictObject({
  method: z
    .enum(['auto', 'magnitude', 'wanda', 'sparsegpt'])
    .default('auto')
    .describe('Which weights go. magnitude: the smallest. wanda: the smallest times the size of their input. sparsegpt: by what the others can make up for, which they then do. auto: sparsegpt with calibration data, magnitude with made-up data.'),
  sparsity: z.number().min(0.05).max(0.95).default(0.5).describe('Share of the weights that become zero.'),
  scope: z
    .enum(SCOPES)
    .default('sensitivity')
    .describe('channel, layer: the same share in each output channel or layer. global: the least of all layers together. sensitivity: together, by what each contributes to the output of its layer.'),
  pattern: z.enum(['none', '2:4', '1:4']).default('none').describe('Keep 2 or 1 of each 4 neighbouring weights, as some accelerators compute; in place of share and scope.'),
  storage: z.enum(['dense', 'auto']).default('dense').describe('auto: weights that are smaller as sparse tensors (from about 70 % zeros) are stored so; onnxruntime reads them, few other runtimes do.'),
  damping: z.number().min(0.0001).max(1).default(0.01).describe("sparsegpt: added to the diagonal of the inputs' squares, as a part of its mean."),
  calibrationSamples: z.number().int().min(1).max(100_000).default(128).describe('wanda, sparsegpt: at most so many calibration samples are looked at.'),
  excludeNodes: z.array(z.string()).default([]).describe('Leave the nodes of these names as they are.'),
  minElements: z.number().int().min(0).default(1024).describe('Weights with fewer elements stay as they are.'),
})
type Options = z.output<typeof options>

export const sparsifyWeights = definePass({
  name: 'sparsify-weights',
  title: 'Sparsify weights',
  description: 'Sets weights of Conv, Gemm and MatMul to zero. The model compresses better (gzip, app packages) and runs no faster on a CPU: kernels multiply by zeros as by other numbers.',
  calibration: 'optional',
  options,
  async run(edit, chosen, context) {
    const layers = findLayers(edit, chosen, context)
    if (layers.length === 0) {
      return context.report({ severity: 'info', code: 'nothing-to-do', message: 'No Conv, Gemm or MatMul has enough constant float32 weights of its own.' })
    }
    const method = chosen.method === 'auto' ? (context.calibration && !context.calibration.synthetic ? 'sparsegpt' : 'magnitude') : chosen.method
    const products = await openMatrixProducts(context.runner)
    try {
      await sparsify(edit, layers, { method, chosen, context, products })
    } finally {
      await products.close()
    }
    if (chosen.storage === 'auto') {
      const saved = storeSparse(edit, edit.main, layers.map(({ weight }) => weight.name))
      if (saved > 0) context.report({ severity: 'info', code: 'sparse-storage', message: `Sparse storage saves ${bytesText(saved)} of the file.`, hint: 'onnxruntime reads it; check other runtimes before you ship it.' })
    }
  },
  candidates(document, chosen): Candidates {
    const { layers, kept } = sortLayers(document, chosen)
    return { candidates: layers.map(({ node }) => ({ layers: [node], nodes: [node] })), kept }
  },
})

function findLayers(edit: Edit, chosen: Options, context: PassContext): LinearLayer[] {
  const { layers, kept } = sortLayers(edit.document, chosen)
  for (const { node, reason } of kept) {
    context.reportLayer?.({ nodeId: node.id, nodeName: node.name, opType: node.opType, isChanged: false, note: reason, figures: {} })
    context.report({ severity: 'info', code: 'layer-kept', message: `${node.opType} '${node.name}' stays as it is: ${reason}.`, nodeId: node.id, nodeName: node.name })
  }
  return layers
}

function sortLayers(document: ModelDocument, { excludeNodes, minElements }: Options): { layers: LinearLayer[]; kept: { node: Node; reason: string }[] } {
  const { graph } = document.model
  const layers: LinearLayer[] = []
  const kept: { node: Node; reason: string }[] = []
  for (const node of graph.nodes) {
    if (excludeNodes.includes(node.name)) continue
    const layer = linearLayer(document, graph, node, minElements)
    if (!('reason' in layer)) layers.push(layer)
    else if (layer.note) kept.push({ node, reason: layer.reason })
  }
  return { layers, kept }
}

interface Needs {
  readonly method: 'magnitude' | 'wanda' | 'sparsegpt'
  readonly chosen: Options
  readonly context: PassContext
  readonly products: MatrixProducts
}

async function sparsify(edit: Edit, layers: readonly LinearLayer[], needs: Needs): Promise<void> {
  const { method, chosen, context } = needs
  const plain = layers.filter(({ groups }) => groups === 1)
  const options = { context, products: needs.products, maxSamples: chosen.calibrationSamples }
  const squares = new Map<number, Float64Array>()
  if (method !== 'magnitude') {
    for await (const round of patchMoments(edit, plain, { ...options, maxProductColumns: 0 })) for (const [id, found] of round) squares.set(id, found.squares)
  }
  const scored = layers.map((layer): ScoredLayer => ({ layer, scores: scoreWeights(weightMatrix(layer), squares.get(layer.node.id) ?? null) }))
  const pattern = PATTERNS[chosen.pattern] ?? null
  const shares = pattern ? layers.map(() => 1 - pattern.kept / pattern.outOf) : layerSparsity(scored, chosen.scope, chosen.sparsity)
  const work = new SparsifyWork(edit, needs)
  const masks = new Map(scored.map((entry, at): [number, MaskedLayer] => [entry.layer.node.id, { ...entry, mask: { sparsity: shares[at] ?? 0, byRow: chosen.scope === 'channel', pattern } }]))
  if (method === 'sparsegpt') {
    const fitting = plain.filter(({ node, columns }) => squares.has(node.id) && columns <= MAX_FACTORED_COLUMNS)
    for await (const round of patchMoments(edit, fitting, { ...options, maxProductColumns: MAX_FACTORED_COLUMNS })) {
      for (const [id, moments] of round) {
        const entry = masks.get(id)
        if (entry && (await work.refit(entry, moments))) masks.delete(id)
      }
    }
  }
  for (const entry of masks.values()) await work.drop(entry, squares.has(entry.layer.node.id) ? 'wanda' : 'magnitude')
  work.report(layers.length)
}

interface MaskedLayer extends ScoredLayer {
  readonly mask: MaskOptions
}

/** Writes new weights layer by layer, and counts. */
class SparsifyWork {
  #packedBefore = 0
  #packedAfter = 0
  #zeros = 0
  #elements = 0

  constructor(
    readonly edit: Edit,
    readonly needs: Needs,
  ) {}

  /** By SparseGPT; false where the inputs do not allow it. */
  async refit({ layer, mask }: MaskedLayer, moments: PatchMoments): Promise<boolean> {
    const { chosen, products } = this.needs
    if (!moments.products) return false
    const input = await factorInput({ columns: layer.columns, squares: moments.products }, { damping: chosen.damping, actOrder: false, products })
    if (!input) return false
    const before = weightMatrix(layer)
    const values = await sparseGpt(before, layer, { ...mask, factor: input.factor, products })
    await this.#write(layer, values, 'sparsegpt', await outputLoss(before, values, { moments, rows: layer.rows, products }))
    return true
  }

  async drop(entry: MaskedLayer, note: string): Promise<void> {
    const kept = maskOf(entry, entry.mask)
    await this.#write(entry.layer, weightMatrix(entry.layer).map((weight, at) => (kept[at] === 1 ? weight : 0)), note, null)
  }

  async #write(layer: LinearLayer, values: Float32Array, note: string, loss: number | null): Promise<void> {
    const { context } = this.needs
    context.signal.throwIfAborted()
    context.progress('sparsifying', null, layer.node.name)
    const tensor = weightTensor(layer, values)
    const zeros = values.reduce((count, value) => (value === 0 ? count + 1 : count), 0)
    this.#zeros += zeros
    this.#elements += values.length
    this.#packedBefore += await packedBytes(floatValues(layer.weight))
    this.#packedAfter += await packedBytes(floatValues(tensor))
    this.edit.setInitializer(layer.graph, tensor)
    const { id: nodeId, name: nodeName, opType } = layer.node
    context.reportLayer?.({ nodeId, nodeName, opType, isChanged: true, note, figures: { sparsity: zeros / values.length, ...(loss !== null && { relativeError: loss }) } })
  }

  report(layers: number): void {
    this.needs.context.report({
      severity: 'info',
      code: 'sparse-weights',
      message: `${((this.#zeros / this.#elements) * 100).toFixed(1)} % of the weights of ${layers} ${layers === 1 ? 'layer' : 'layers'} are zero. Packed with gzip these weights take ${bytesText(this.#packedAfter)}, before ${bytesText(this.#packedBefore)}.`,
      hint: 'On a CPU the model runs no faster for it. To gain speed, prune channels.',
    })
  }
}

async function packedBytes(values: Float32Array): Promise<number> {
  return (await promisify(gzip)(bytesOf(values))).length
}

function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
