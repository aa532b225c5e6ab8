import { z } from 'zod'
import type { Diagnostic } from '#shared/diagnostic'
import type { Edit } from '#shared/onnx/document'
import type { Node } from '#shared/onnx/records'
import { isInFunction, opsetVersion } from './constants'
import { openMatrixProducts } from '../runtime/linear-algebra'
import { definePass, type PassContext } from './pass'
import { quantizeByGptq, scaleByAwq } from './weight-only/activation-aware'
import { type BlockFormat, type BlockWeights, quantizeBlocks } from './weight-only/block-weights'
import { halfQuadratic } from './weight-only/half-quadratic'
import { kQuant } from './weight-only/k-quant'
import { isEqual, isTurnedCopy } from './tied-weights'
import { roundToNearest } from './weight-only/round-to-nearest'
import { matrixOf, weightKey, type WeightTarget, weightTarget } from './weight-only/weight-targets'
import { BlockWeightWriter } from './weight-only/write-block-weights'

/** DequantizeLinear got blocks and 4-bit types with opset 21, 2-bit types with 25. */
const BLOCKED_OPSET = 21
const TWO_BIT_OPSET = 25

const opTypes = ['MatMul', 'Gemm', 'Gather'] as const

const options = z
  .strictObject({
    method: z
      .enum(['rtn', 'k-quant', 'hqq', 'awq', 'gptq'])
      .default('k-quant')
      .describe(
        'How codes are chosen. rtn: to the nearest, as onnxruntime does. k-quant: scales searched for the least weighted error. hqq: real zero points, robust to outliers. awq, gptq: by what calibration data shows of the inputs; slower, more exact.',
      ),
    bits: z.union([z.literal(2), z.literal(4), z.literal(8)]).default(4).describe('Bits of a weight.'),
    blockSize: z
      .union([z.literal(16), z.literal(32), z.literal(64), z.literal(128), z.literal(256)])
      .default(32)
      .describe('Weights that share a scale. Larger blocks: a smaller file, less exact.'),
    symmetric: z.boolean().default(false).describe('No zero points: a little smaller and faster, less exact.'),
    form: z
      .enum(['MatMulNBits', 'QDQ'])
      .default('MatMulNBits')
      .describe("MatMulNBits: onnxruntime's own operator, any opset. QDQ: standard operators for products, for other runtimes too; the model must have opset 21 (25 for 2 bits). Tables become GatherBlockQuantized in both."),
    integerProducts: z.boolean().default(false).describe('MatMulNBits may quantize activations to 8 bits at run time: faster on most processors, less exact.'),
    opTypes: z.array(z.enum(opTypes)).default([...opTypes]).describe('Kinds of nodes to quantize. Gather: tables of embeddings.'),
    damping: z.number().min(0.0001).max(1).default(0.01).describe('gptq: added to the diagonal of the inputs\' squares, as a part of its mean.'),
    actOrder: z.boolean().default(false).describe('gptq: columns with the strongest inputs first.'),
    calibrationSamples: z.number().int().min(1).max(100_000).default(128).describe('awq, gptq: at most so many calibration samples are looked at.'),
    nodes: z.array(z.string()).default([]).describe('Quantize only the nodes of these names; empty: all.'),
    excludeNodes: z.array(z.string()).default([]).describe('Leave the nodes of these names as they are.'),
    minElements: z.number().int().min(0).default(4096).describe('Weights with fewer elements stay float.'),
  })
  .refine(({ method, symmetric }) => !symmetric || (method !== 'k-quant' && method !== 'hqq'), { path: ['symmetric'], message: 'k-quant and hqq need zero points' })
  .refine(({ method, form }) => method !== 'hqq' || form === 'MatMulNBits', { path: ['form'], message: 'the real zero points of hqq need MatMulNBits' })
  .refine(({ method, bits }) => method !== 'hqq' || bits !== 8, { path: ['bits'], message: 'onnxruntime computes the real zero points of hqq in 4 and 2 bits only' })

type Options = z.output<typeof options>

export const quantizeWeights = definePass({
  name: 'quantize-weights',
  title: 'Quantize weights in blocks',
  description: 'Stores the weights of MatMul, Gemm and embeddings in 8, 4 or 2 bits with a scale for each block; activations stay float. Suits transformers and whatever is too large.',
  calibration: 'optional',
  quantizes: true,
  options,
  async run(edit, chosen, context) {
    const targets = findTargets(edit, chosen, (diagnostic) => context.report(diagnostic))
    if (targets.length === 0) return
    const neededOpset = chosen.bits === 2 ? TWO_BIT_OPSET : BLOCKED_OPSET
    if (chosen.form === 'QDQ' && opsetVersion(edit.model) < neededOpset) {
      return context.report({
        severity: 'warning',
        code: 'opset-too-old',
        message: `The QDQ form needs opset ${neededOpset}; the model has ${opsetVersion(edit.model)}. Nothing was quantized.`,
        hint: `Choose the form MatMulNBits, or export the model again with opset ${neededOpset}.`,
      })
    }
    const writer = new BlockWeightWriter(edit, chosen)
    const isAware = chosen.method === 'awq' || chosen.method === 'gptq'
    const quantized = isAware ? await lookAtInputs(edit, targets, chosen, context) : new Map<string, BlockWeights>()
    const current = chosen.method === 'awq' ? findTargets(edit, chosen) : targets
    const shared = sharedProducts(edit, current, chosen)
    const asTable = new Set([...shared.values()].map(({ weight }) => weight))
    for (const [done, target] of current.entries()) {
      context.signal.throwIfAborted()
      context.progress('quantizing', done / current.length, target.node.name)
      const product = shared.get(target)
      const key = weightKey(product ?? target)
      let weights = quantized.get(key)
      if (!weights) quantized.set(key, (weights = quantize(product ?? target, chosen)))
      if (product) writer.writeShared(target, product, weights)
      else writer.write(target, weights, { asTable: asTable.has(target.weight) })
    }
    removeUnread(edit, current)
  },
})

/** For each table that a product shares, the first such product: both read the codes of the product. Empty where no operator reads both ways. */
function sharedProducts(edit: Edit, targets: readonly WeightTarget[], { form, bits, blockSize }: Options): Map<WeightTarget, WeightTarget> {
  // Gather has no kernel for ONNX's own 2-bit types.
  if (form === 'QDQ' && bits === 2) return new Map()
  const owner = ({ graph, weight }: WeightTarget) => edit.document.definition(graph, weight.name)?.graph
  const isShared = (table: WeightTarget, product: WeightTarget) =>
    product.kind === 'product' && owner(product) === owner(table) && (product.rowsFirst ? product.weight === table.weight || isEqual(product.weight, table.weight) : isTurnedCopy(product.weight, table.weight))
  // MatMulNBits fills rows up to whole blocks.
  const tables = targets.filter(({ kind, columns }) => kind === 'table' && (form === 'QDQ' || columns % blockSize === 0))
  return new Map(
    tables.flatMap((table): [WeightTarget, WeightTarget][] => {
      const product = targets.find((target) => isShared(table, target))
      return product ? [[table, product]] : []
    }),
  )
}

/** Weights that are quantized already, by key. */
async function lookAtInputs(edit: Edit, targets: readonly WeightTarget[], chosen: Options, context: PassContext): Promise<Map<string, BlockWeights>> {
  const { bits, blockSize, symmetric, damping, actOrder, calibrationSamples: maxSamples } = chosen
  if (context.calibration?.synthetic) {
    context.report({
      severity: 'warning',
      code: 'synthetic-calibration',
      message: `'${chosen.method}' looked at random inputs: the weights will fit real ones less well.`,
      hint: 'Give calibration data: a folder, an .npz or .npy file, or test_data_set folders.',
    })
  }
  const format: BlockFormat = { bits, blockSize, symmetric }
  const products = await openMatrixProducts(context.runner)
  try {
    const options = { format, context, products, maxSamples }
    if (chosen.method === 'gptq') return await quantizeByGptq(edit, targets, { ...options, damping, actOrder, grid: symmetric ? roundToNearest(format) : kQuant(format) })
    await scaleByAwq(edit, targets, options)
    return new Map()
  } finally {
    await products.close()
  }
}

function quantize(target: WeightTarget, { method, bits, blockSize, symmetric, form }: Options): BlockWeights {
  const format: BlockFormat = { bits, blockSize, symmetric }
  const matrix = matrixOf(target)
  if (method === 'rtn' || symmetric) return quantizeBlocks(matrix, format, roundToNearest(format, { signedHalves: form === 'QDQ' }))
  // Tables have whole zero points only.
  if (method === 'hqq' && target.kind === 'product') return quantizeBlocks(matrix, format, halfQuadratic(format), { realZeroPoints: true })
  return quantizeBlocks(matrix, format, kQuant(format))
}

function findTargets(edit: Edit, chosen: Options, report: (diagnostic: Diagnostic) => void = () => undefined): WeightTarget[] {
  const isChosen = (node: Node) =>
    opTypes.some((opType) => opType === node.opType && chosen.opTypes.includes(opType)) &&
    (chosen.nodes.length === 0 || chosen.nodes.includes(node.name)) &&
    !chosen.excludeNodes.includes(node.name)
  return edit.document
    .graphs()
    .filter((graph) => !isInFunction(edit.document, graph))
    .flatMap((graph) =>
      graph.nodes.filter(isChosen).flatMap((node) => {
        const found = weightTarget(edit.document, graph, node, chosen)
        if (!('reason' in found)) return [found]
        if (found.note) report(leftFloat(node, found.reason))
        return []
      }),
    )
}

function removeUnread(edit: Edit, targets: readonly WeightTarget[]): void {
  for (const { graph, weight } of targets) {
    const found = edit.document.definition(graph, weight.name)
    if (found && edit.document.uses(found.graph, weight.name).length === 0) edit.removeInitializer(found.graph, weight.name)
  }
}

function leftFloat(node: Node, reason: string): Diagnostic {
  return { severity: 'warning', code: 'left-float', message: `${node.opType} '${node.name}' stays float: ${reason}.`, nodeId: node.id, nodeName: node.name }
}
