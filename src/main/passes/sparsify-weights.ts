import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { z } from 'zod'
import type { Edit } from '#shared/onnx/document'
import { bytesOf } from '#shared/onnx/tensor-data'
import { type MatrixProducts, openMatrixProducts } from '../runtime/linear-algebra'
import { type LinearLayer, linearLayer, weightMatrix, weightTensor } from './factorize/linear-layer'
import { collectPatchMoments, type PatchMoments } from './factorize/patch-moments'
import { definePass, type PassContext } from './pass'
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
      const moments = method === 'magnitude' ? new Map<number, PatchMoments>() : await lookAtInputs(edit, layers, { method, chosen, context, products })
      await sparsify(edit, layers, { method, chosen, context, products, moments })
    } finally {
      await products.close()
    }
    if (chosen.storage === 'auto') {
      const saved = storeSparse(edit, edit.main, layers.map(({ weight }) => weight.name))
      if (saved > 0) context.report({ severity: 'info', code: 'sparse-storage', message: `Sparse storage saves ${bytesText(saved)} of the file.`, hint: 'onnxruntime reads it; check other runtimes before you ship it.' })
    }
  },
})

function findLayers(edit: Edit, { excludeNodes, minElements }: Options, context: PassContext): LinearLayer[] {
  return edit.main.nodes.flatMap((node) => {
    if (excludeNodes.includes(node.name)) return []
    const layer = linearLayer(edit.document, edit.main, node, minElements)
    if (!('reason' in layer)) return [layer]
    if (layer.note) {
      context.reportLayer?.({ nodeId: node.id, nodeName: node.name, opType: node.opType, isChanged: false, note: layer.reason, figures: {} })
      context.report({ severity: 'info', code: 'layer-kept', message: `${node.opType} '${node.name}' stays as it is: ${layer.reason}.`, nodeId: node.id, nodeName: node.name })
    }
    return []
  })
}

interface Needs {
  readonly method: 'magnitude' | 'wanda' | 'sparsegpt'
  readonly chosen: Options
  readonly context: PassContext
  readonly products: MatrixProducts
}

function lookAtInputs(edit: Edit, layers: readonly LinearLayer[], { method, chosen, context, products }: Needs): Promise<Map<number, PatchMoments>> {
  const plain = layers.filter(({ groups }) => groups === 1)
  return collectPatchMoments(edit, plain, { context, products, maxSamples: chosen.calibrationSamples, maxProductColumns: method === 'sparsegpt' ? MAX_FACTORED_COLUMNS : 0 })
}

async function sparsify(edit: Edit, layers: readonly LinearLayer[], needs: Needs & { readonly moments: ReadonlyMap<number, PatchMoments> }): Promise<void> {
  const { chosen, context, moments } = needs
  const scored = layers.map((layer): ScoredLayer => ({ layer, scores: scoreWeights(weightMatrix(layer), moments.get(layer.node.id)?.squares ?? null) }))
  const pattern = PATTERNS[chosen.pattern] ?? null
  const shares = pattern ? layers.map(() => 1 - pattern.kept / pattern.outOf) : layerSparsity(scored, chosen.scope, chosen.sparsity)
  const sizes = { before: 0, after: 0 }
  let [zeros, elements] = [0, 0]
  for (const [at, entry] of scored.entries()) {
    context.signal.throwIfAborted()
    const { layer } = entry
    context.progress('sparsifying', at / layers.length, layer.node.name)
    const before = weightMatrix(layer)
    const found = moments.get(layer.node.id) ?? null
    const mask: MaskOptions = { sparsity: shares[at] ?? 0, byRow: chosen.scope === 'channel', pattern }
    const { values, note } = await newWeights(before, entry, { mask, moments: found, needs })
    const tensor = weightTensor(layer, values)
    const count = values.reduce((total, value) => (value === 0 ? total + 1 : total), 0)
    sizes.before += await packedBytes(floatValues(layer.weight))
    sizes.after += await packedBytes(floatValues(tensor))
    zeros += count
    elements += values.length
    edit.setInitializer(edit.main, tensor)
    const loss = found ? await outputLoss(before, values, { moments: found, rows: layer.rows, products: needs.products }) : null
    context.reportLayer?.({ nodeId: layer.node.id, nodeName: layer.node.name, opType: layer.node.opType, isChanged: true, note, figures: { sparsity: count / values.length, ...(loss !== null && { relativeError: loss }) } })
  }
  context.report({
    severity: 'info',
    code: 'sparse-weights',
    message: `${((zeros / elements) * 100).toFixed(1)} % of the weights of ${layers.length} layers are zero. Packed with gzip these weights take ${bytesText(sizes.after)}, before ${bytesText(sizes.before)}.`,
    hint: 'On a CPU the model runs no faster for it. To gain speed, prune channels.',
  })
}

interface Choice {
  readonly mask: MaskOptions
  readonly moments: PatchMoments | null
  readonly needs: Needs
}

async function newWeights(weights: Float32Array, entry: ScoredLayer, { mask, moments, needs: { method, chosen, products } }: Choice): Promise<{ values: Float32Array; note: string }> {
  const { columns } = entry.layer
  if (method === 'sparsegpt' && moments?.products) {
    const input = await factorInput({ columns, squares: moments.products }, { damping: chosen.damping, actOrder: false, products })
    if (input) return { values: await sparseGpt(weights, entry.layer, { ...mask, factor: input.factor, products }), note: 'sparsegpt' }
  }
  const kept = maskOf(entry, mask)
  return { values: weights.map((weight, at) => (kept[at] === 1 ? weight : 0)), note: moments ? 'wanda' : 'magnitude' }
}

async function packedBytes(values: Float32Array): Promise<number> {
  return (await promisify(gzip)(bytesOf(values))).length
}

function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
